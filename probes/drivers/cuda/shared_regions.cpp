#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <string_view>

#include "probes/drivers/cuda/regions.hpp"

namespace plumbline::probes::cuda {

namespace {

constexpr std::size_t kHandle = CU_IPC_HANDLE_SIZE;  // a fabric handle has the same size
using Handle = std::array<unsigned char, kHandle>;
static_assert(sizeof(CUipcMemHandle) == kHandle && sizeof(CUmemFabricHandle) == kHandle);

/// What the words say: "ipc <size> <handle in hexadecimal> <uuid>".
struct Words {
  ShareKind kind = ShareKind::ipc;
  std::uint64_t size = 0;
  Handle handle{};
  std::string uuid;
};

std::string write_words(const Words& words) {
  constexpr const char* digits = "0123456789abcdef";
  std::string text = words.kind == ShareKind::ipc ? "ipc " : "fabric ";
  text += std::to_string(words.size) + " ";
  for (const unsigned char byte : words.handle) {
    text += digits[byte >> 4U];
    text += digits[byte & 15U];
  }
  return text + " " + words.uuid;
}

std::optional<unsigned> digit(char letter) {
  if (letter >= '0' && letter <= '9') return static_cast<unsigned>(letter - '0');
  if (letter >= 'a' && letter <= 'f') return static_cast<unsigned>(letter - 'a') + 10;
  return std::nullopt;
}

bool read_handle(std::string_view text, Handle& handle) {
  if (text.size() != 2 * kHandle) return false;
  for (std::size_t i = 0; i < kHandle; ++i) {
    const auto high = digit(text[2 * i]);
    const auto low = digit(text[2 * i + 1]);
    if (!high || !low) return false;
    handle[i] = static_cast<unsigned char>(*high << 4U | *low);
  }
  return true;
}

std::string_view next_word(std::string_view& text) {
  const auto end = std::min(text.find(' '), text.size());
  const auto word = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return word;
}

Result<Words> read_words(std::string_view text) {
  Words words;
  const auto kind = next_word(text);
  const auto size = next_word(text);
  const auto handle = next_word(text);
  words.uuid = std::string(text);
  const auto bytes = parse_size(size);
  const bool good = (kind == "ipc" || kind == "fabric") && bytes && bytes->count > 0 &&
                    bytes->count % 16 == 0 && read_handle(handle, words.handle) &&
                    !words.uuid.empty() && words.uuid.size() <= 64;
  if (!good) return fail(ErrorCode::invalid_input, "what the other end shared is not understood");
  words.kind = kind == "ipc" ? ShareKind::ipc : ShareKind::fabric;
  words.size = bytes->count;
  return words;
}

class OpenedIpc final : public CudaRegion {
 public:
  OpenedIpc(Device& runner, const Words& words)
      : CudaRegion({words.uuid, std::nullopt}, Bytes{words.size}) {
    home_ = &runner;
  }
  ~OpenedIpc() override {
    if (address_ == 0 || !home_->enter()) return;
    static_cast<void>(home_->driver().call.ipc_close_mem_handle(address_));
  }
  Status open(const Handle& given) {
    if (auto entered = home_->enter(); !entered) return entered;
    CUipcMemHandle handle{};
    std::memcpy(&handle, given.data(), kHandle);
    Driver& driver = home_->driver();
    return driver.check(
        driver.call.ipc_open_mem_handle(&address_, handle, CU_IPC_MEM_LAZY_ENABLE_PEER_ACCESS),
        "opening the other process's memory by CUDA IPC");
  }
};

/// Memory by handles of the virtual memory calls, made or imported, mapped for one device.
class MappedRegion final : public CudaRegion {
 public:
  MappedRegion(Device& device, std::string uuid, Bytes size)
      : CudaRegion({std::move(uuid), std::nullopt}, size) {
    home_ = &device;
  }
  ~MappedRegion() override {
    if (!home_->enter()) return;
    const Functions& call = home_->driver().call;
    if (mapped_) static_cast<void>(call.mem_unmap(reserved_, length_));
    if (reserved_ != 0) static_cast<void>(call.mem_address_free(reserved_, length_));
    if (held_) static_cast<void>(call.mem_release(handle_));
  }

  Status create(std::string& words) {
    if (auto fits = measure_length(); !fits) return fits;
    Driver& driver = home_->driver();
    const CUmemAllocationProp wanted = properties();
    auto done = driver.check(driver.call.mem_create(&handle_, length_, &wanted, 0),
                             "taking memory with a fabric handle");
    if (!done) return done;
    held_ = true;
    Words said{ShareKind::fabric, size().count, {}, home_->unit().uuid};
    CUmemFabricHandle exported{};
    done = driver.check(driver.call.mem_export(&exported, handle_, CU_MEM_HANDLE_TYPE_FABRIC, 0),
                        "exporting a fabric handle");
    if (!done) return done;
    std::memcpy(said.handle.data(), &exported, kHandle);
    words = write_words(said);
    return map();
  }

  Status import(const Handle& given) {
    if (auto fits = measure_length(); !fits) return fits;
    Driver& driver = home_->driver();
    CUmemFabricHandle handle{};
    std::memcpy(&handle, given.data(), kHandle);
    auto done = driver.check(driver.call.mem_import(&handle_, &handle, CU_MEM_HANDLE_TYPE_FABRIC),
                             "importing the other process's fabric handle");
    if (!done) return done;
    held_ = true;
    return map();
  }

 private:
  CUmemAllocationProp properties() const {
    CUmemAllocationProp wanted{};
    wanted.type = CU_MEM_ALLOCATION_TYPE_PINNED;
    wanted.requestedHandleTypes = CU_MEM_HANDLE_TYPE_FABRIC;
    wanted.location.type = CU_MEM_LOCATION_TYPE_DEVICE;
    wanted.location.id = home_->handle();
    return wanted;
  }

  Status measure_length() {
    if (auto entered = home_->enter(); !entered) return entered;
    if (home_->attribute(CU_DEVICE_ATTRIBUTE_HANDLE_TYPE_FABRIC_SUPPORTED) == 0) {
      return fail(ErrorCode::unavailable,
                  home_->unit().uuid + " has no fabric handles (no multi-node NVLink)");
    }
    Driver& driver = home_->driver();
    const CUmemAllocationProp wanted = properties();
    std::size_t step = 0;
    auto done = driver.check(driver.call.mem_get_allocation_granularity(
                                 &step, &wanted, CU_MEM_ALLOC_GRANULARITY_RECOMMENDED),
                             "asking the granularity of fabric memory");
    if (!done) return done;
    if (step == 0) return fail(ErrorCode::internal, "the driver says a granularity of 0");
    length_ = (size().count + step - 1) / step * step;
    return {};
  }

  Status map() {
    Driver& driver = home_->driver();
    auto done = driver.check(driver.call.mem_address_reserve(&reserved_, length_, 0, 0, 0),
                             "reserving addresses");
    if (!done) return done;
    done = driver.check(driver.call.mem_map(reserved_, length_, 0, handle_, 0), "mapping memory");
    if (!done) return done;
    mapped_ = true;
    CUmemAccessDesc access{};
    access.location.type = CU_MEM_LOCATION_TYPE_DEVICE;
    access.location.id = home_->handle();
    access.flags = CU_MEM_ACCESS_FLAGS_PROT_READWRITE;
    done = driver.check(driver.call.mem_set_access(reserved_, length_, &access, 1),
                        "opening memory for " + home_->unit().uuid);
    if (done) address_ = reserved_;
    return done;
  }

  CUmemGenericAllocationHandle handle_ = 0;
  CUdeviceptr reserved_ = 0;
  std::size_t length_ = 0;
  bool held_ = false;
  bool mapped_ = false;
};

}  // namespace

Region shared_region(Device& device, Bytes size, ShareKind kind, std::string& words) {
  if (kind == ShareKind::fabric) {
    auto region = std::make_unique<MappedRegion>(device, device.unit().uuid, size);
    if (auto created = region->create(words); !created) return tl::unexpected(created.error());
    return region;
  }
  // The handle is that of a whole allocation, and small ones share one of 2 MiB.
  constexpr std::uint64_t whole = 2U << 20U;
  const Bytes rounded{(size.count + whole - 1) / whole * whole};
  auto region = device_region(device, rounded);
  if (!region) return region;
  CUipcMemHandle handle{};
  Driver& driver = device.driver();
  const auto done = driver.check(driver.call.ipc_get_mem_handle(&handle, (*region)->address()),
                                 "sharing memory by CUDA IPC");
  if (!done) return tl::unexpected(done.error());
  Words said{ShareKind::ipc, rounded.count, {}, device.unit().uuid};
  std::memcpy(said.handle.data(), &handle, kHandle);
  words = write_words(said);
  return region;
}

Region opened_region(Device& runner, const std::string& text) {
  const auto words = read_words(text);
  if (!words) return tl::unexpected(words.error());
  if (words->kind == ShareKind::ipc) {
    auto region = std::make_unique<OpenedIpc>(runner, *words);
    if (auto opened = region->open(words->handle); !opened) return tl::unexpected(opened.error());
    return region;
  }
  auto region = std::make_unique<MappedRegion>(runner, words->uuid, Bytes{words->size});
  if (auto opened = region->import(words->handle); !opened) return tl::unexpected(opened.error());
  return region;
}

}  // namespace plumbline::probes::cuda
