#include <set>
#include <tuple>

#include "netcheck/judging/numbers.hpp"
#include "netcheck/lookup.hpp"
#include "netcheck/plan.hpp"

namespace plumbline::netcheck {
namespace {

bool is_suspect(const Facts& facts, const JudgedOutcome& judged) {
  if (!judged.required || judged.outcome->probe != "pair_goodput") return false;
  if (judged.outcome->failed() != nullptr) return path_failed(facts, *judged.outcome);
  return judged.number.verdict == NumberVerdict::degraded ||
         judged.number.verdict == NumberVerdict::inconclusive;
}

/// The pair as plan() has it: ends in the stage file's order.
PlannedPair planned_order(const Facts& facts, const Outcome& outcome) {
  for (const NodeFacts& node : facts.nodes) {
    if (node.node == outcome.from.node) return {outcome.from, outcome.to, {}};
    if (node.node == outcome.to.node) return {outcome.to, outcome.from, {}};
  }
  return {outcome.from, outcome.to, {}};
}

}  // namespace

std::vector<Round> suspects(const Facts& facts) {
  const Judged judged = judge_numbers(facts);
  std::vector<Round> rounds;
  std::set<std::tuple<Endpoint, Endpoint>> seen;
  for (const JudgedOutcome& outcome : judged.outcomes) {
    if (!is_suspect(facts, outcome)) continue;
    PlannedPair pair = planned_order(facts, *outcome.outcome);
    if (!seen.insert({pair.from, pair.to}).second) continue;
    const auto path = path_between(judged.racks, pair.from.rail, pair.from.node, pair.to.node);
    if (path) {
      for (const Component& component : *path)
        pair.hops.push_back(component.name());
    }
    rounds.push_back(Round{{pair}});
  }
  return rounds;
}

}  // namespace plumbline::netcheck
