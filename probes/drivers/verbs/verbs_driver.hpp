#pragma once

#include <memory>

#include "core/result.hpp"
#include "probes/gpu/rdma_memory.hpp"
#include "probes/pair/rdma_path.hpp"

namespace plumbline::probes {

/// RDMA by libibverbs, from memory of the host, or of GPUs that `gpus` opens when a work asks for
/// one. In a build without verbs: the error `unavailable` that says so.
Result<std::unique_ptr<RdmaDriver>> verbs_driver(std::shared_ptr<GpuMemoryDesk> gpus);

}  // namespace plumbline::probes
