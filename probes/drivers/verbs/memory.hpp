#pragma once

#include <optional>
#include <span>

#include "probes/drivers/verbs/handles.hpp"
#include "probes/gpu/rdma_memory.hpp"

namespace plumbline::probes {

/// Where memory is to lie: on a NUMA node of the host, on a GPU, or wherever it falls.
struct MemoryPlace {
  std::optional<int> numa;
  GpuMemories* gpus = nullptr;  ///< borrowed; null: host memory
  std::string gpu;              ///< its PCI address
};

/// Memory that a device may read and write, and so may the other end: of the host, or of a GPU,
/// which the host sees through a copy of its own.
class RegisteredMemory {
 public:
  /// `size` bytes at a place. A GPU's are registered by dma-buf, else with a peer memory module
  /// (nvidia_peermem); the error (unavailable) says why neither could be.
  static Result<RegisteredMemory> make(ibv_pd* domain, std::size_t size, const MemoryPlace& place);
  /// As the host sees them: of a GPU its copy.
  std::span<std::byte> bytes() const { return bytes_; }
  /// Brings the copy to the GPU, and what is there into the copy; nothing for host memory.
  Status give() const;
  Status take() const;
  /// "", "dma-buf of GPU 0000:1b:00.0", "GPU 0000:1b:00.0 by nvidia_peermem".
  const std::string& words() const { return words_; }
  /// Where byte `at` is, for work requests and for the other end.
  std::uint64_t address(std::size_t at = 0) const;
  std::uint32_t local_key() const { return region_->lkey; }
  std::uint32_t remote_key() const { return region_->rkey; }

 private:
  std::shared_ptr<void> owner_;
  std::span<std::byte> bytes_;
  std::unique_ptr<GpuMemory> gpu_;
  std::string words_;
  Handle<ibv_mr> region_;  ///< goes first
};

}  // namespace plumbline::probes
