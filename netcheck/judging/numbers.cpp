#include "netcheck/judging/numbers.hpp"

#include <utility>

#include "netcheck/lookup.hpp"

namespace plumbline::netcheck {
namespace {

JudgedOutcome judge_one(const Facts& facts, const Judged& judged, const Outcome& outcome) {
  JudgedOutcome result{&outcome, {}, false};
  const Measured* measured = outcome.measured();
  const bool pair = is_judged_goodput(outcome, judged.size);
  const bool group = outcome.probe == "all_reduce";
  result.required = pair || group;
  if (measured == nullptr) return result;
  if (pair) {
    result.number = judge_number(*measured, expect_pair(facts, judged.racks, outcome));
  } else if (group) {
    const auto nodes = group_nodes(facts, outcome);
    result.number = judge_number(*measured, expect_group(facts, judged.racks, outcome, nodes));
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
  }
  return judged;
}

std::vector<std::string> group_nodes(const Facts& facts, const Outcome& outcome) {
  const std::string group = parameter(outcome, "group");
  std::vector<std::string> nodes;
  for (const NodeFacts& node : facts.nodes) {
    if (nic_on(facts, node.node, outcome.from.rail) == nullptr) continue;
    if (group == "all" || labelled_rack(facts, node.node) == group) nodes.push_back(node.node);
  }
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
