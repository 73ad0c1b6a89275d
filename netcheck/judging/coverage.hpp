#pragma once

#include <string>
#include <vector>

#include "core/model/report.hpp"
#include "netcheck/judging/numbers.hpp"

namespace plumbline::netcheck {

/// What share of the stage file's nodes, rails and pairs was measured. A node counts when a goodput
/// with it was; a rail when any pair on it was; a pair of nodes on a rail when every judged goodput
/// between them was, both directions at least. No pairs at all is a share of 0.
Coverage coverage_of(const Judged& judged);

/// How many outcomes of one probe were measured.
struct ProbeCount {
  std::string probe;
  std::size_t measured = 0;
  std::size_t all = 0;
  std::string first_problem;  ///< reason of the first that was not, with its ends
};

/// The outcomes counted by probe, in the order of first appearance.
std::vector<ProbeCount> count_by_probe(const Judged& judged);

/// The ends for people: "node-1 -> node-3 on rail-a", "node-1", "rail-a".
std::string ends_of(const Outcome& outcome);

/// "skipped: reason", "failed: message"; empty when measured.
std::string problem_of(const Outcome& outcome);

}  // namespace plumbline::netcheck
