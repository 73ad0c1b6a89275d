#pragma once

#include <memory>
#include <string>

#include "probes/gpu/rdma_memory.hpp"

namespace plumbline::probes {

/// The GPUs that the CUDA driver gives to this process, as memory for RDMA: by dma-buf where the
/// device can export one (cuMemGetHandleForAddressRange, CUDA 11.7; NVIDIA's open kernel modules).
/// `library` is another libcuda than the machine's own, for tests. Errors as open_cuda_machine().
Result<std::unique_ptr<GpuMemories>> cuda_memories(const std::string& library = {});

}  // namespace plumbline::probes
