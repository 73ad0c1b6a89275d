#include "collectives/mpi/gpu_memory.hpp"

#include <algorithm>

namespace plumbline::collectives {
namespace {

constexpr auto kAtOnce = std::chrono::seconds(20);
constexpr std::size_t kAlign = 512;

std::size_t aligned(std::size_t bytes) { return (bytes + kAlign - 1) / kAlign * kAlign; }

std::uint64_t address_of(const std::byte* memory) {
  return reinterpret_cast<std::uintptr_t>(memory);
}

}  // namespace

Result<std::unique_ptr<GpuMemory>> GpuMemory::open(const std::string& driver, int ordinal) {
  auto device = Device::open(driver, ordinal);
  if (!device) return tl::unexpected(device.error());
  return std::unique_ptr<GpuMemory>(new GpuMemory(std::move(*device)));
}

GpuMemory::~GpuMemory() {
  if (memory_ != nullptr) device_->call().mem_free(address_of(memory_));
}

Status GpuMemory::reserve(std::size_t bytes) {
  if (bytes <= size_) return {};
  if (memory_ != nullptr) device_->call().mem_free(address_of(memory_));
  memory_ = nullptr;
  size_ = 0;
  std::uint64_t address = 0;
  auto made = device_->check(device_->call().mem_alloc(&address, bytes), "cuMemAlloc");
  if (!made) return made;
  memory_ = reinterpret_cast<std::byte*>(static_cast<std::uintptr_t>(address));
  size_ = bytes;
  return {};
}

Status GpuMemory::copy_to(std::byte* into, std::span<const std::byte> from) const {
  if (from.empty()) return {};
  return device_->check(device_->call().copy_to(address_of(into), from.data(), from.size()),
                        "cuMemcpyHtoD");
}

std::byte* GpuMemory::at(int run) const {
  return memory_ + input_ + step_ * static_cast<std::size_t>(run);
}

Status GpuMemory::fill(HostBuffers& buffers) {
  input_ = aligned(buffers.input().size());
  step_ = buffers.runs() > 0 ? aligned(buffers.whole(0).size()) : 0;
  const std::size_t bytes = input_ + step_ * static_cast<std::size_t>(buffers.runs());
  auto done = reserve(std::max(bytes, kAlign));
  if (done) done = copy_to(memory_, buffers.input());
  for (int run = 0; done && run < buffers.runs(); ++run)
    done = copy_to(at(run), buffers.whole(run));
  return done;
}

Status GpuMemory::fetch(HostBuffers& buffers) const {
  for (int run = 0; run < buffers.runs(); ++run) {
    const std::span<std::byte> whole = buffers.whole(run);
    if (whole.empty()) continue;
    auto back = device_->check(
        device_->call().copy_from(whole.data(), address_of(at(run)), whole.size()), "cuMemcpyDtoH");
    if (!back) return back;
  }
  return {};
}

std::span<std::byte> GpuMemory::input(const HostBuffers& buffers) const {
  return {memory_, buffers.input().size()};
}

std::span<std::byte> GpuMemory::of_run(int run, HostBuffers& buffers,
                                       std::span<std::byte> part) const {
  if (part.empty()) return {at(run), 0};
  return {at(run) + (part.data() - buffers.whole(run).data()), part.size()};
}

Status GpuMemory::copy(std::span<std::byte> into, std::span<const std::byte> from) const {
  if (from.empty()) return {};
  auto done =
      device_->check(device_->call().copy_within(address_of(into.data()), address_of(from.data()),
                                                 from.size(), device_->stream()),
                     "cuMemcpyDtoDAsync");
  if (!done) return done;
  return device_->finish([] { return Status(); }, Deadline::after(kAtOnce));
}

}  // namespace plumbline::collectives
