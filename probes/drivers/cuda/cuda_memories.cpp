#include "probes/drivers/cuda/cuda_memories.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>

#include "probes/drivers/cuda/functions.hpp"

namespace plumbline::probes {
namespace {

using cuda::Functions;
using cuda::Library;

/// What is exported is whole pages of the GPU, 2 MiB at most.
constexpr std::size_t kPage = 2U << 20U;

/// The primary context of a device, held as long as anything lies in it.
class Context {
 public:
  static Result<std::shared_ptr<Context>> hold(const Functions& call, CUdevice device) {
    auto held = std::make_shared<Context>(call, device);
    auto made = cuda::check(call, call.primary_ctx_retain(&held->context_, device),
                            "making a context on a GPU");
    if (!made) return tl::unexpected(made.error());
    held->retained_ = true;
    if (auto entered = held->enter(); !entered) return tl::unexpected(entered.error());
    made = cuda::check(call, call.stream_create(&held->stream_, CU_STREAM_NON_BLOCKING),
                       "making a stream on a GPU");
    if (!made) return tl::unexpected(made.error());
    return held;
  }
  Context(const Functions& call, CUdevice device) : call_(call), device_(device) {}
  ~Context() {
    if (stream_ != nullptr && enter()) static_cast<void>(call_.stream_destroy(stream_));
    if (retained_) static_cast<void>(call_.primary_ctx_release(device_));
  }
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  const Functions& call() const { return call_; }
  CUdevice device() const { return device_; }
  CUstream stream() const { return stream_; }
  /// Makes it this thread's.
  Status enter() const {
    return cuda::check(call_, call_.ctx_set_current(context_), "entering a GPU's context");
  }

 private:
  const Functions& call_;
  CUdevice device_;
  CUcontext context_ = nullptr;
  CUstream stream_ = nullptr;
  bool retained_ = false;
};

class CudaMemory final : public GpuMemory {
 public:
  CudaMemory(std::shared_ptr<const Library> library, std::shared_ptr<Context> context,
             std::size_t size)
      : library_(std::move(library)),
        context_(std::move(context)),
        size_((size + kPage - 1) / kPage * kPage) {}
  ~CudaMemory() override {
    if (buffer_ >= 0) close(buffer_);
    if (address_ != 0 && context_->enter()) static_cast<void>(library_->call.mem_free(address_));
  }
  CudaMemory(const CudaMemory&) = delete;
  CudaMemory& operator=(const CudaMemory&) = delete;

  Status allocate() {
    if (auto entered = context_->enter(); !entered) return entered;
    const Functions& call = library_->call;
    auto taken = cuda::check(call, call.mem_alloc(&address_, size_),
                             "taking " + format_size(Bytes{size_}) + " of a GPU");
    if (!taken || call.pointer_set_attribute == nullptr) return taken;
    // Copies to and from it are in order with what an RDMA device does (GPUDirect RDMA, 2.8).
    unsigned int yes = 1;
    return cuda::check(call,
                       call.pointer_set_attribute(&yes, CU_POINTER_ATTRIBUTE_SYNC_MEMOPS, address_),
                       "ordering copies of a GPU's memory");
  }

  std::uint64_t address() const override { return address_; }
  std::size_t size() const override { return size_; }

  Result<int> dma_buf() override {
    if (buffer_ >= 0) return buffer_;
    const Functions& call = library_->call;
    if (call.mem_get_handle_for_address_range == nullptr)
      return fail(ErrorCode::unavailable, "this NVIDIA driver exports no dma-buf");
    int able = 0;
    static_cast<void>(call.device_get_attribute(&able, CU_DEVICE_ATTRIBUTE_DMA_BUF_SUPPORTED,
                                                context_->device()));
    if (able == 0)
      return fail(
          ErrorCode::unavailable,
          "the GPU exports no dma-buf (CU_DEVICE_ATTRIBUTE_DMA_BUF_SUPPORTED is 0: it needs "
          "NVIDIA's open kernel modules)");
    if (auto entered = context_->enter(); !entered) return tl::unexpected(entered.error());
    int made = -1;
    auto exported = cuda::check(call,
                                call.mem_get_handle_for_address_range(
                                    &made, address_, size_, CU_MEM_RANGE_HANDLE_TYPE_DMA_BUF_FD, 0),
                                "exporting a GPU's memory as dma-buf");
    if (!exported) return tl::unexpected(exported.error());
    buffer_ = made;
    return buffer_;
  }

  Status give(std::span<const std::byte> bytes) override {
    return copy(address_, host(bytes.data()), std::min(bytes.size(), size_));
  }
  Status take(std::span<std::byte> bytes) override {
    return copy(host(bytes.data()), address_, std::min(bytes.size(), size_));
  }

 private:
  /// Unified addressing: a host's address is one of the device's, too.
  static CUdeviceptr host(const std::byte* bytes) {
    return reinterpret_cast<std::uintptr_t>(bytes);
  }
  Status copy(CUdeviceptr to, CUdeviceptr from, std::size_t size) {
    if (auto entered = context_->enter(); !entered) return entered;
    const Functions& call = library_->call;
    auto queued = cuda::check(call, call.memcpy_async(to, from, size, context_->stream()),
                              "copying to or from a GPU's memory");
    if (!queued) return queued;
    return cuda::check(call, call.stream_synchronize(context_->stream()),
                       "copying to or from a GPU's memory");
  }

  std::shared_ptr<const Library> library_;
  std::shared_ptr<Context> context_;
  std::size_t size_;
  CUdeviceptr address_ = 0;
  int buffer_ = -1;
};

class CudaMemories final : public GpuMemories {
 public:
  explicit CudaMemories(Library library) : library_(std::make_shared<const Library>(library)) {}

  Status find() {
    const Functions& call = library_->call;
    int count = 0;
    auto told = cuda::check(call, call.device_get_count(&count), "counting the GPUs");
    for (int ordinal = 0; told && ordinal < count; ++ordinal) {
      CUdevice device = 0;
      std::array<char, 32> text{};
      told = cuda::check(call, call.device_get(&device, ordinal), "looking for a GPU");
      if (!told) break;
      told = cuda::check(
          call, call.device_get_pci_bus_id(text.data(), static_cast<int>(text.size()), device),
          "asking where a GPU is");
      std::string address = text.data();
      std::ranges::transform(address, address.begin(), [](char letter) {
        return letter >= 'A' && letter <= 'F' ? static_cast<char>(letter + ('a' - 'A')) : letter;
      });
      devices_.emplace_back(std::move(address), device);
    }
    if (told && devices_.empty())
      return fail(ErrorCode::unavailable, "no GPU is given to this process");
    return told;
  }

  std::string library() const override {
    return "CUDA driver API " + cuda::version_text(library_->version);
  }
  std::vector<std::string> gpus() const override {
    std::vector<std::string> all;
    for (const auto& [address, device] : devices_)
      all.push_back(address);
    return all;
  }

  Result<std::unique_ptr<GpuMemory>> allocate(const std::string& pci_address, Bytes size) override {
    for (const auto& [address, device] : devices_) {
      if (address != pci_address) continue;
      auto context = Context::hold(library_->call, device);
      if (!context) return tl::unexpected(context.error());
      auto memory = std::make_unique<CudaMemory>(library_, std::move(*context),
                                                 static_cast<std::size_t>(size.count));
      if (auto taken = memory->allocate(); !taken) return tl::unexpected(taken.error());
      return memory;
    }
    return fail(ErrorCode::not_found, "no GPU " + pci_address + " is given to this process");
  }

 private:
  std::shared_ptr<const Library> library_;
  std::vector<std::pair<std::string, CUdevice>> devices_;
};

}  // namespace

Result<std::unique_ptr<GpuMemories>> cuda_memories(const std::string& library) {
  auto loaded = cuda::load_library(library);
  if (!loaded) return tl::unexpected(loaded.error());
  auto memories = std::make_unique<CudaMemories>(*loaded);
  if (auto found = memories->find(); !found) return tl::unexpected(found.error());
  return memories;
}

}  // namespace plumbline::probes
