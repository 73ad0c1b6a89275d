#pragma once

#include <vector>

#include "netcheck/judging/numbers.hpp"

namespace plumbline::netcheck {

/// Rule "agent": one unobservable finding for each node whose agent or probe kept the stage from
/// measuring: it told nothing of itself, or a measurement failed and its end is blamed.
std::vector<Finding> agent_findings(const Judged& judged);

}  // namespace plumbline::netcheck
