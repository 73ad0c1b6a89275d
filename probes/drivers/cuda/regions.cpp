#include "probes/drivers/cuda/regions.hpp"

#include <cstring>

#include "probes/drivers/host/machine.hpp"

namespace plumbline::probes::cuda {

namespace {

GpuPlace place_of(const Device& device) { return {device.unit().uuid, std::nullopt}; }

class DeviceRegion final : public CudaRegion {
 public:
  DeviceRegion(Device& device, Bytes size) : CudaRegion(place_of(device), size) { home_ = &device; }
  ~DeviceRegion() override {
    if (address_ == 0 || !home_->enter()) return;
    static_cast<void>(home_->driver().call.mem_free(address_));
  }
  Status take() {
    if (auto entered = home_->enter(); !entered) return entered;
    Driver& driver = home_->driver();
    return driver.check(driver.call.mem_alloc(&address_, size().count),
                        "taking " + format_size(size()) + " of " + home_->unit().uuid);
  }
};

class HostRegion final : public CudaRegion {
 public:
  HostRegion(Device& any, int numa, PlacedMemory memory)
      : CudaRegion({{}, numa}, Bytes{memory.size()}), any_(any), memory_(std::move(memory)) {}
  ~HostRegion() override {
    if (!pinned_) return;
    // Memory that a device may still write must not be given back: better lost than reused.
    if (!any_.enter() || any_.driver().call.mem_host_unregister(memory_.data()) != CUDA_SUCCESS)
      static_cast<void>(new PlacedMemory(std::move(memory_)));
  }
  Status pin() {
    if (auto entered = any_.enter(); !entered) return entered;
    Driver& driver = any_.driver();
    // Touched first: pages come to be on the node that the memory is bound to.
    std::memset(memory_.data(), 0, memory_.size());
    const unsigned flags = CU_MEMHOSTREGISTER_PORTABLE | CU_MEMHOSTREGISTER_DEVICEMAP;
    auto done = driver.check(driver.call.mem_host_register(memory_.data(), memory_.size(), flags),
                             "pinning " + format_size(size()) + " of the host's memory");
    if (!done) return done;
    pinned_ = true;
    return driver.check(driver.call.mem_host_get_device_pointer(&address_, memory_.data(), 0),
                        "mapping the host's memory");
  }
  void* host_address() const override { return memory_.data(); }

 private:
  Device& any_;
  PlacedMemory memory_;
  bool pinned_ = false;
};

}  // namespace

Region device_region(Device& device, Bytes size) {
  auto region = std::make_unique<DeviceRegion>(device, size);
  if (auto taken = region->take(); !taken) return tl::unexpected(taken.error());
  return region;
}

Region host_region(Device& any, const Machine& machine, int numa, Bytes size) {
  auto memory = machine.allocate(numa, size.count);
  if (!memory) return tl::unexpected(memory.error());
  auto region = std::make_unique<HostRegion>(any, numa, std::move(*memory));
  if (auto pinned = region->pin(); !pinned) return tl::unexpected(pinned.error());
  return region;
}

}  // namespace plumbline::probes::cuda
