#pragma once

#include <functional>
#include <memory>
#include <string>

#include "probes/gpu/gpu_access.hpp"
#include "probes/probe.hpp"

namespace plumbline::probes {

/// Opens the GPUs; tests give fakes.
using GpuOpener = std::function<Result<GpuAccess>(const Request&)>;

/// "gpu_copy", "gpu_latency" or "gpu_together": the rows of the table of cases that carry that
/// name, over the GPUs of this process; over one of them when ends[0].device is its UUID. A GPU
/// that somebody holds is not touched: its numbers are skipped. A copy that does not end within its
/// number's time ends this process (status 70), after the failed outcome and those it keeps from
/// being measured are given.
std::unique_ptr<Probe> gpu_probe(const std::string& name, GpuOpener open);

}  // namespace plumbline::probes
