#pragma once

#include <memory>
#include <string>

#include "probes/gpu/rdma_memory.hpp"

namespace plumbline::probes {

/// Described GPUs ("fake:FILE", docs/gpu.md) as memory for RDMA: host memory that only copies
/// reach, and no dma-buf, so that an RDMA device registers it as it does with a peer memory module.
Result<std::unique_ptr<GpuMemories>> fake_memories(const std::string& drivers);

}  // namespace plumbline::probes
