#pragma once

#include <array>
#include <functional>
#include <string>
#include <vector>

#include "agent/stage/fleet.hpp"
#include "core/log.hpp"
#include "core/model/measurement.hpp"
#include "core/protocol/request.hpp"
#include "netcheck/facts.hpp"

namespace plumbline::agent {

/// A pair of GPUs of two agents.
struct GpuPairPlan {
  std::array<std::string, 2> nodes;
  std::vector<std::string> gpus;  ///< two UUIDs, in the order of the nodes
  std::string share;              ///< ipc | fabric; empty: by whether both are on one machine
  Budget budget;
};

/// Measures "gpu_pair" one way, then the other. A GPU that somebody holds is left alone: its number
/// is skipped, with the holder.
std::vector<Outcome> measure_gpu_pair(const Fleet& fleet, const netcheck::Facts& facts,
                                      const GpuPairPlan& plan, const std::function<bool()>& stop,
                                      Log& log);

}  // namespace plumbline::agent
