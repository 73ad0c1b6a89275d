#pragma once

#include <string>
#include <vector>

#include "core/model/workloads.hpp"
#include "netcheck/facts.hpp"

namespace plumbline::netcheck {

/// What a control was made as, and how long it was watched.
struct ControlAsk {
  std::string name;      ///< positive | negative | oversized
  std::string workload;  ///< whose pods they are
  int members = 0;
  std::string asks;     ///< in words: "rdma/hca: 3"
  Seconds watched;      ///< since it was made
  Seconds needed;       ///< how long it must have been watched; of a positive one: its patience
  bool queued = false;  ///< a queue may keep its pods from being made at all
};

/// Positive: every member must have been bound, by a scheduler, each to a node, and run. Pure.
Control judge_positive(const ControlAsk& ask, const std::vector<PlacedPod>& pods);

/// Negative and oversized: no member may ever have been bound, and each must wait as Unschedulable
/// for the time that was needed. Pure.
Control judge_negative(const ControlAsk& ask, const std::vector<PlacedPod>& pods);

/// One finding a control: `match` when it behaved; `vacuous` when not, since the stage could not
/// have seen a fault then; `unclaimed` when it does not apply. Pure.
std::vector<Finding> control_findings(const Facts& facts);

}  // namespace plumbline::netcheck
