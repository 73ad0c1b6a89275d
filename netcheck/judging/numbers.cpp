#include "netcheck/judging/numbers.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

#include "netcheck/controls/placed_paths.hpp"
#include "netcheck/expectations/gpu_groups.hpp"
#include "netcheck/expectations/gpu_paths.hpp"
#include "netcheck/groups/domains.hpp"
#include "netcheck/groups/group_scene.hpp"
#include "netcheck/judging/second_expectation.hpp"
#include "netcheck/lookup.hpp"

namespace plumbline::netcheck {
namespace {

/// A copy of a node's GPUs against their links. Without an expectation it is no required number:
/// what nothing is known of cannot be doubted.
void judge_copy(const Facts& facts, JudgedOutcome& result) {
  const Outcome& outcome = *result.outcome;
  const NodeFacts* node = facts_of(facts, outcome.from.node);
  Expected expected{{}, {}, "the node told nothing of itself"};
  if (node != nullptr && node->topology) expected = expect_gpu_copy(*node->topology, outcome);
  result.compared = true;
  result.required = outcome.measured() == nullptr || expected.expectation.has_value();
  if (outcome.measured() == nullptr) return;
  result.number = judge_number(*outcome.measured(), std::move(expected));
}

JudgedOutcome judge_one(const Facts& facts, const Judged& judged, const Outcome& outcome) {
  JudgedOutcome result{&outcome, {}, false, false};
  const Measured* measured = outcome.measured();
  const bool pair = is_judged_goodput(outcome, judged.size);
  const bool bandwidth = measured == nullptr || measured->unit == Unit::bytes_per_second;
  const bool gpus = is_gpu_collective(outcome) && bandwidth;
  const bool group = is_collective(outcome) && bandwidth && !outcome.from.rail.empty();
  const bool placed = outcome.probe == kPlacedGoodput;
  result.required = pair || placed || gpus || (group && !is_group_test(outcome));
  result.compared = pair || is_collective(outcome);
  if (measured == nullptr) return result;
  if (pair) {
    result.number = judge_number(*measured, expect_pair(facts, judged.racks, outcome));
  } else if (placed) {
    result.number = judge_number(*measured, expect_placed(facts, judged.racks, outcome));
  } else if (group) {
    const auto nodes = group_nodes(facts, outcome);
    result.number = judge_number(*measured, expect_group(facts, judged.racks, outcome, nodes));
  } else if (gpus) {
    const auto nodes = group_nodes(facts, outcome);
    result.number = judge_number(*measured, expect_gpu_group(facts, outcome, nodes));
  } else if (is_collective(outcome)) {
    result.number.why = bandwidth ? "no rate is known for collectives inside a node"
                                  : "small sizes are told by latency, which only peers judge";
  } else {
    result.number.why = outcome.probe == "pair_goodput"
                            ? "only the largest message size is held against the path's rate"
                            : "nothing is declared or known to hold it against";
  }
  return result;
}

}  // namespace

Judged judge_numbers(const Facts& facts) {
  Judged judged;
  judged.facts = &facts;
  judged.truth = label_truth(facts);
  judged.racks = effective_racks(facts, judged.truth);
  const auto outcomes = latest_outcomes(facts);
  judged.size = judged_size(outcomes);
  for (const Outcome* outcome : outcomes) {
    judged.outcomes.push_back(judge_one(facts, judged, *outcome));
    if (outcome->probe == "gpu_copy" && is_judged_copy(outcomes, *outcome)) {
      judge_copy(facts, judged.outcomes.back());
    }
  }
  add_peers(judged);
  return judged;
}

std::vector<std::string> group_nodes(const Facts& facts, const Outcome& outcome) {
  const std::string group = parameter(outcome, "group");
  const std::string listed = "+" + group + "+";
  const bool pods = scope_of(outcome) == Scope::placed;
  std::vector<std::pair<std::string, std::string>> found;
  for (const NodeFacts& node : facts.nodes) {
    const std::string rack = labelled_rack(facts, node.node).value_or("");
    const bool named = listed.find("+" + node.node + "+") != std::string::npos;
    const bool gpus = outcome.from.rail.empty() && gpu_count(node) > 0;
    const bool there = named || gpus || nic_on(facts, node.node, outcome.from.rail) != nullptr;
    const bool domain = gpus && nvlink_domain(node, 0) == group;
    if (!there || (pods && gang_pod_on(facts, node.node) == nullptr)) continue;
    if (group == "all" || rack == group || named || domain) found.emplace_back(rack, node.node);
  }
  std::sort(found.begin(), found.end());
  std::vector<std::string> nodes;
  for (const auto& [rack, node] : found)
    nodes.push_back(node);
  return nodes;
}

std::optional<std::string> lost_carrier(const Outcome& outcome) {
  const Failed* failed = outcome.failed();
  if (failed == nullptr || failed->error.code != ErrorCode::no_carrier) return std::nullopt;
  if (failed->blamed.empty()) return std::nullopt;
  return failed->blamed;
}

bool path_failed(const Facts& facts, const Outcome& outcome) {
  const Failed* failed = outcome.failed();
  if (failed == nullptr) return false;
  if (!failed->blamed.empty() && !lost_carrier(outcome)) return false;
  for (const std::string& node : {outcome.from.node, outcome.to.node}) {
    const NodeFacts* told = facts_of(facts, node);
    if (told == nullptr || !told->topology) return false;
  }
  const ErrorCode code = failed->error.code;
  return code == ErrorCode::unavailable || code == ErrorCode::no_carrier ||
         code == ErrorCode::deadline_exceeded || code == ErrorCode::data_corrupt;
}

}  // namespace plumbline::netcheck
