#pragma once

#include <memory>
#include <string>

#include "core/result.hpp"
#include "probes/gpu/gpu_machine.hpp"

namespace plumbline::probes {

/// The GPUs that the CUDA driver gives to this process. `library` is another libcuda than the
/// machine's own, for tests. No context is made before a GPU is used. Errors (unavailable) are
/// reasons to skip: no NVIDIA driver, one that is too old, no GPU, built without the CUDA toolkit.
Result<std::unique_ptr<GpuMachine>> open_cuda_machine(const std::string& library = {});

/// Why this program has no CUDA driver room at all; empty when it has.
std::string cuda_left_out();

}  // namespace plumbline::probes
