#pragma once

#include <memory>
#include <string>

#include "core/files.hpp"
#include "core/protocol/request.hpp"
#include "core/result.hpp"
#include "probes/gpu/gpu_machine.hpp"

namespace plumbline::probes {

/// What a GPU probe works with.
struct GpuAccess {
  std::unique_ptr<GpuMachine> machine;
  std::unique_ptr<GpuInstruments> instruments;  ///< absent where NVML is; then `blind` says why
  std::string blind;
};

/// Opens the GPUs of this process: those of the request's option "drivers" ("fake:FILE"), else the
/// CUDA driver's and NVML's. The error (unavailable) says why there are none, beginning "no NVIDIA
/// driver" where that is why; it is a reason to skip, not a failure.
Result<GpuAccess> open_gpus(const Request& request);

}  // namespace plumbline::probes
