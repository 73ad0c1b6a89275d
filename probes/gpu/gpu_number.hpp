#pragma once

#include <cstdint>
#include <vector>

#include "core/statistics/sampling.hpp"
#include "probes/gpu/cases.hpp"
#include "probes/probe.hpp"

namespace plumbline::probes {

/// What measuring one case came to.
struct GpuRecord {
  std::vector<Batch> batches;
  std::vector<double> streams;  ///< each stream's own bytes over its own time, all batches together
  std::vector<Bytes> moved;     ///< what each stream moved in all, calibration included
  std::uint32_t repeats = 0;    ///< copies behind one hold, of the first stream
};

/// Measures a copy: takes memory, finds how many copies last a window, then batches until core's
/// rule says stop. Each batch has its own seed, a poisoned destination and fresh streams and
/// events; each byte that was timed is compared on a device, and one wrong byte is data_corrupt.
/// `number` tells its seeds from those of other cases. A copy that does not end is
/// deadline_exceeded.
Result<GpuRecord> measure_gpu_copy(const Task& task, GpuMachine& machine, const GpuCase& one,
                                   std::uint64_t number);

/// Measures half round trips of a flag.
Result<GpuRecord> measure_gpu_latency(const Task& task, GpuMachine& machine, const GpuCase& one);

}  // namespace plumbline::probes
