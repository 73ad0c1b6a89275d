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
/// that somebody holds is not touched: its numbers are skipped; so are those of the option "held"
/// (lines "UUID=why"). A copy that does not end within its number's time, and a process that comes
/// to a GPU while it is measured, end this process at once, after the failed outcome and those that
/// are not measured any more are given. Rows that nobody named hold no ways without peer access;
/// with the option "if_any" a probe with nothing to measure says nothing.
std::unique_ptr<Probe> gpu_probe(const std::string& name, GpuOpener open);

}  // namespace plumbline::probes
