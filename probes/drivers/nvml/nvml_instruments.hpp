#pragma once

#include <memory>
#include <string>

#include "core/result.hpp"
#include "probes/gpu/gpu_machine.hpp"

namespace plumbline::probes {

/// NVML as the instruments beside the GPUs. unavailable, beginning "no NVIDIA driver", when there
/// is none. Calls cannot be interrupted: a deadline that has passed only keeps one from beginning.
Result<std::unique_ptr<GpuInstruments>> nvml_instruments(
    const std::string& file = "libnvidia-ml.so.1");

}  // namespace plumbline::probes
