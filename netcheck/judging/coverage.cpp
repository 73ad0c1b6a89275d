#include "netcheck/judging/coverage.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "netcheck/groups/group_scene.hpp"
#include "netcheck/lookup.hpp"

namespace plumbline::netcheck {
namespace {

double share(std::size_t part, std::size_t whole) {
  return whole == 0 ? 0.0 : static_cast<double>(part) / static_cast<double>(whole);
}

/// What was measured of one pair of nodes on one rail.
struct PairState {
  std::set<std::string> directions;  ///< nodes that sent one way
  bool complete = true;              ///< nothing that was judged is missing
};

}  // namespace

std::string ends_of(const Outcome& outcome) {
  std::string text = outcome.from.node;
  if (outcome.to.node != outcome.from.node) text += " -> " + outcome.to.node;
  if (!outcome.from.rail.empty()) text += (text.empty() ? "" : " on ") + outcome.from.rail;
  return text;
}

Coverage coverage_of(const Judged& judged) {
  const Facts& facts = *judged.facts;
  std::map<std::pair<std::string, std::set<std::string>>, PairState> pairs;
  std::set<std::string> nodes;
  std::set<std::string> rails;
  for (const JudgedOutcome& entry : judged.outcomes) {
    const Outcome& outcome = *entry.outcome;
    if (!facts.asked.pairs && outcome.measured() != nullptr && is_collective(outcome)) {
      const auto members = group_nodes(facts, outcome);
      nodes.insert(members.begin(), members.end());
      if (!outcome.from.rail.empty()) rails.insert(outcome.from.rail);
    }
    if (!is_judged_goodput(outcome, judged.size)) continue;
    PairState& pair = pairs[{outcome.from.rail, {outcome.from.node, outcome.to.node}}];
    if (outcome.measured() == nullptr) {
      pair.complete = false;
      continue;
    }
    nodes.insert({outcome.from.node, outcome.to.node});
    rails.insert(outcome.from.rail);
    if (parameter(outcome, "direction") == "one_way") pair.directions.insert(outcome.from.node);
  }
  const auto whole = std::count_if(pairs.begin(), pairs.end(), [](const auto& pair) {
    return pair.second.complete && pair.second.directions.size() == 2;
  });
  const std::size_t count = facts.nodes.size();
  const std::size_t all_rails = facts.fabric.rails.size();
  Coverage coverage;
  coverage.nodes = share(nodes.size(), count);
  coverage.rails = share(rails.size(), all_rails);
  coverage.pairs =
      share(static_cast<std::size_t>(whole), count < 2 ? 0 : count * (count - 1) / 2 * all_rails);
  return coverage;
}

std::vector<ProbeCount> count_by_probe(const Judged& judged) {
  std::vector<ProbeCount> counts;
  for (const JudgedOutcome& entry : judged.outcomes) {
    const Outcome& outcome = *entry.outcome;
    const bool placed = is_collective(outcome) && scope_of(outcome) == Scope::placed;
    const std::string probe = outcome.probe + (placed ? " between placed pods" : "");
    auto count = std::find_if(counts.begin(), counts.end(),
                              [&](const ProbeCount& known) { return known.probe == probe; });
    if (count == counts.end()) count = counts.insert(counts.end(), {probe, 0, 0, ""});
    ++count->all;
    if (outcome.measured() != nullptr) {
      ++count->measured;
    } else if (count->first_problem.empty()) {
      count->first_problem = ends_of(outcome) + ": " + problem_of(outcome);
    }
  }
  return counts;
}

std::string problem_of(const Outcome& outcome) {
  if (const Skipped* skipped = outcome.skipped()) return "skipped: " + skipped->reason;
  if (const Failed* failed = outcome.failed()) return "failed: " + failed->error.message;
  return {};
}

}  // namespace plumbline::netcheck
