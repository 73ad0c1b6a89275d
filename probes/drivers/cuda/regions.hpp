#pragma once

#include <memory>
#include <string>

#include "probes/drivers/cuda/device.hpp"
#include "probes/gpu/gpu_machine.hpp"

namespace plumbline::probes {
class Machine;
}

namespace plumbline::probes::cuda {

/// A region with the address by which devices reach it.
class CudaRegion : public GpuRegion {
 public:
  CudaRegion(GpuPlace place, Bytes size) : place_(std::move(place)), size_(size) {}
  const GpuPlace& place() const override { return place_; }
  Bytes size() const override { return size_; }
  /// Unified addressing: the same for every device and for the copy calls.
  CUdeviceptr address() const { return address_; }
  /// The device whose context it was allocated or opened in; absent for host memory.
  Device* home() const { return home_; }
  /// Where the host itself reads and writes it; only for host memory.
  virtual void* host_address() const { return nullptr; }

 protected:
  CUdeviceptr address_ = 0;
  Device* home_ = nullptr;

 private:
  GpuPlace place_;
  Bytes size_;
};

using Region = Result<std::unique_ptr<CudaRegion>>;

/// Memory of a device (cuMemAlloc).
Region device_region(Device& device, Bytes size);

/// Pinned memory of a NUMA node, for every device of `any`'s process. The region holds the
/// machine's memory until it is unpinned.
Region host_region(Device& any, const Machine& machine, int numa, Bytes size);

/// Memory of a device that another process can open by `words`.
Region shared_region(Device& device, Bytes size, ShareKind kind, std::string& words);

/// What another process shared, as seen from `runner`. Bad words are invalid_input.
Region opened_region(Device& runner, const std::string& words);

}  // namespace plumbline::probes::cuda
