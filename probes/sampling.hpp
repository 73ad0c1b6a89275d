#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "core/statistics/sampling.hpp"
#include "probes/probe.hpp"

namespace plumbline::probes {

/// Measures one batch; its number makes its seed.
using BatchMaker = std::function<Result<Batch>(std::uint64_t batch)>;

/// Batches until core's rule says stop, or the task's time is over. The first error ends it.
Result<std::vector<Batch>> sample(const Task& task, const BatchMaker& make);

/// One node-local number as a whole outcome: measured, or failed with the error.
Outcome finish(const Task& task, Outcome outcome, const Result<Measured>& result, Moment started);

}  // namespace plumbline::probes
