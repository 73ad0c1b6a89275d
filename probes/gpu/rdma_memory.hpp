#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/result.hpp"
#include "core/units.hpp"

namespace plumbline::probes {

/// Memory of a GPU that an RDMA device is to read and write, given back with the object. The host
/// reaches it by copies only. Thread-safe against other memory, used by one thread.
class GpuMemory {
 public:
  virtual ~GpuMemory() = default;
  /// Where it begins, in the GPU's address space.
  virtual std::uint64_t address() const = 0;
  virtual std::size_t size() const = 0;
  /// A dma-buf of all of it, which stays this object's; the error says why there is none.
  virtual Result<int> dma_buf() = 0;
  /// Copies from the front of `bytes` to the front of the memory, and back. What an RDMA device
  /// wrote before a completion was seen is seen by take().
  virtual Status give(std::span<const std::byte> bytes) = 0;
  virtual Status take(std::span<std::byte> bytes) = 0;
};

/// The GPUs of this process as a place for RDMA to read and write. Thread-safe.
class GpuMemories {
 public:
  virtual ~GpuMemories() = default;
  /// "CUDA driver API 13.0", "fake".
  virtual std::string library() const = 0;
  /// PCI addresses of the GPUs.
  virtual std::vector<std::string> gpus() const = 0;
  /// At least `size` bytes of a GPU. The error is a reason to skip, or that somebody else is on it.
  virtual Result<std::unique_ptr<GpuMemory>> allocate(const std::string& pci_address,
                                                      Bytes size) = 0;
};

/// Opens the GPUs: of `drivers` ("fake:FILE") where that is not empty. The error says why there are
/// none. What is open stays open: the same object again.
class GpuMemoryDesk {
 public:
  virtual ~GpuMemoryDesk() = default;
  virtual Result<std::shared_ptr<GpuMemories>> open(const std::string& drivers) = 0;
};

/// The desk of this program: described GPUs, else the CUDA driver's, each of which is looked at by
/// NVML before its first byte is taken: one that somebody uses, or whose users nobody can tell, is
/// left alone.
std::shared_ptr<GpuMemoryDesk> gpu_memory_desk();

}  // namespace plumbline::probes
