#pragma once

#include <memory>
#include <string>

#include "core/result.hpp"
#include "probes/gpu/gpu_machine.hpp"

namespace plumbline::probes {

/// A described machine's GPUs and the instruments beside them, which see what the GPUs copy.
struct FakeGpus {
  std::unique_ptr<GpuMachine> machine;
  std::unique_ptr<GpuInstruments> instruments;
};

/// Opens a description (docs/gpu.md). Copies take no time and hold no bytes: a region knows which
/// pattern lies where, times are computed from the described rates, shared by what runs together. A
/// hanging pair blocks copy() for ever, as a driver can.
Result<FakeGpus> open_fake_gpus(const std::string& file);

}  // namespace plumbline::probes
