#include "collectives/nccl/link.hpp"

#include <thread>

namespace plumbline::collectives {
namespace {

constexpr std::size_t kWindowAlignment = NCCL_WIN_REQUIRED_ALIGNMENT;

}  // namespace

NcclLink::~NcclLink() {
  if (handle_ == nullptr) return;
  if (broken_) {
    library_.call.abort(handle_);
  } else {
    library_.call.destroy(handle_);
  }
}

Status NcclLink::join(const ncclUniqueId& id, int rank, int size, Deadline deadline) {
  ncclConfig_t config = NCCL_CONFIG_INITIALIZER;
  config.blocking = 0;
  const ncclResult_t begun = library_.call.init_rank(&handle_, size, id, rank, &config);
  return check(begun, "ncclCommInitRankConfig", deadline);
}

Status NcclLink::check(ncclResult_t result, const std::string& doing, Deadline deadline) {
  while (result == ncclInProgress && handle_ != nullptr) {
    if (library_.call.async_error(handle_, &result) != ncclSuccess) result = ncclInternalError;
    if (result != ncclInProgress) break;
    if (deadline.passed()) {
      broken_ = true;
      return fail(ErrorCode::deadline_exceeded, doing + " was not done in time");
    }
    std::this_thread::yield();
  }
  if (result == ncclSuccess) return {};
  broken_ = true;
  const char* const detail = handle_ != nullptr ? library_.call.last_error(handle_) : nullptr;
  return fail(ErrorCode::unavailable,
              doing + ": " + library_.call.error_string(result) +
                  (detail != nullptr && *detail != '\0' ? std::string(" (") + detail + ")" : ""));
}

Status NcclLink::fault() const {
  ncclResult_t result = ncclSuccess;
  if (library_.call.async_error(handle_, &result) != ncclSuccess) result = ncclInternalError;
  if (result == ncclSuccess || result == ncclInProgress) return {};
  return fail(ErrorCode::unavailable,
              std::string("NCCL failed meanwhile: ") + library_.call.error_string(result));
}

NcclMemory::~NcclMemory() { release(); }

void NcclMemory::release() {
  if (data_ == nullptr) return;
  if (handle_ != nullptr) link_.call().deregister_buffer(link_.handle(), handle_);
  if (window_ != nullptr) link_.call().deregister_window(link_.handle(), window_);
  if (by_nccl_) {
    link_.call().mem_free(data_);
  } else {
    link_.device().call().mem_free(reinterpret_cast<std::uintptr_t>(data_));
  }
  data_ = nullptr;
  handle_ = nullptr;
  window_ = nullptr;
  size_ = 0;
}

Status NcclMemory::reserve(std::size_t bytes, Deadline deadline) {
  if (bytes <= size_) return {};
  release();
  const std::size_t whole = (bytes + kWindowAlignment - 1) / kWindowAlignment * kWindowAlignment;
  by_nccl_ = link_.call().mem_alloc != nullptr;
  if (by_nccl_) {
    void* memory = nullptr;
    auto made = link_.check(link_.call().mem_alloc(&memory, whole), "ncclMemAlloc", deadline);
    if (!made) return made;
    data_ = static_cast<std::byte*>(memory);
  } else {
    std::uint64_t address = 0;
    auto made =
        link_.device().check(link_.device().call().mem_alloc(&address, whole), "cuMemAlloc");
    if (!made) return made;
    data_ = reinterpret_cast<std::byte*>(static_cast<std::uintptr_t>(address));
  }
  size_ = whole;
  return enter_register(deadline);
}

Status NcclMemory::enter_register(Deadline deadline) {
  const NcclFunctions& call = link_.call();
  if (registered_ == 1 && call.register_buffer != nullptr)
    return link_.check(call.register_buffer(link_.handle(), data_, size_, &handle_),
                       "ncclCommRegister", deadline);
  if (registered_ == 2 && call.register_window != nullptr)
    return link_.check(
        call.register_window(link_.handle(), data_, size_, &window_, NCCL_WIN_COLL_SYMMETRIC),
        "ncclCommWindowRegister", deadline);
  return {};
}

std::string NcclMemory::words() const {
  std::string text = by_nccl_ ? "ncclMemAlloc" : "cuMemAlloc";
  if (handle_ != nullptr) text += ", registered locally";
  if (window_ != nullptr) text += ", registered symmetrically";
  if (registered_ > 0 && handle_ == nullptr && window_ == nullptr)
    text += ", not registered: this NCCL cannot";
  return text;
}

}  // namespace plumbline::collectives
