#pragma once

#include <memory>
#include <span>
#include <string>

#include "collectives/host_buffers.hpp"
#include "collectives/nccl/device.hpp"

namespace plumbline::collectives {

/// The buffers of one batch in a GPU's memory, at the same offsets as in the host's. One thread.
class GpuMemory {
 public:
  /// Opens GPU number `ordinal` by the driver's library (empty: the system's). Unavailable, with a
  /// reason to skip, without a driver or that GPU.
  static Result<std::unique_ptr<GpuMemory>> open(const std::string& driver, int ordinal);
  ~GpuMemory();
  GpuMemory(const GpuMemory&) = delete;
  GpuMemory& operator=(const GpuMemory&) = delete;

  /// Copies what HostBuffers::prepare() made: the input, and every run's buffer.
  Status fill(HostBuffers& buffers);
  /// Copies every run's buffer back, to be verified there.
  Status fetch(HostBuffers& buffers) const;
  /// Where a part of the input, or of a run's buffer, lies on the GPU.
  std::span<std::byte> input(const HostBuffers& buffers) const;
  std::span<std::byte> of_run(int run, HostBuffers& buffers, std::span<std::byte> part) const;
  /// Copies inside the GPU's memory and waits for it.
  Status copy(std::span<std::byte> into, std::span<const std::byte> from) const;
  /// "[0000:07:00] NVIDIA H100".
  const std::string& name() const { return device_->name(); }

 private:
  explicit GpuMemory(std::unique_ptr<Device> device) : device_(std::move(device)) {}
  std::byte* at(int run) const;
  Status reserve(std::size_t bytes);
  Status copy_to(std::byte* into, std::span<const std::byte> from) const;

  std::unique_ptr<Device> device_;
  std::byte* memory_ = nullptr;
  std::size_t size_ = 0;
  std::size_t input_ = 0;  ///< bytes before the first run's buffer
  std::size_t step_ = 0;   ///< from one run's buffer to the next
};

}  // namespace plumbline::collectives
