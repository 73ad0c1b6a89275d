#include "netcheck/judging/order.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>

#include "netcheck/gate.hpp"
#include "netcheck/judging/numbers.hpp"
#include "netcheck/lookup.hpp"

namespace plumbline::netcheck {
namespace {

int badness(Verdict verdict) {
  switch (verdict) {
    case Verdict::violation:
      return 0;
    case Verdict::drift:
      return 1;
    case Verdict::degraded:
      return 2;
    case Verdict::unobservable:
      return 3;
    case Verdict::vacuous:
      return 4;
    case Verdict::preference_not_met:
      return 5;
    case Verdict::unclaimed:
      return 6;
    case Verdict::match:
      return 7;
  }
  return 7;
}

/// Causes first. A rule that is not listed stands behind those that are.
std::size_t cause_rank(const std::string& rule) {
  constexpr std::array<std::string_view, 18> order{
      "agent", "X21", "X11", "X04", "X03",  "X10", "X13",      "X15", "X16",
      "X20",   "gpu", "X06", "X19", "path", "X05", "gpu_path", "X17", "collective"};
  return static_cast<std::size_t>(std::find(order.begin(), order.end(), rule) - order.begin());
}

bool told_nothing(const Facts& facts, const std::string& node) {
  const NodeFacts* told = facts_of(facts, node);
  return told != nullptr && !told->topology;
}

bool refused(const Facts& facts, const Endpoint& end) {
  return !end.device.empty() && !end.rail.empty() && !gate(facts, end).allowed;
}

int place_of(const Facts& facts, const Outcome& outcome) {
  if (outcome.measured() != nullptr) return 5;
  const Failed* failed = outcome.failed();
  if (failed != nullptr && !failed->blamed.empty() && !lost_carrier(outcome)) return 0;
  if (told_nothing(facts, outcome.from.node) || told_nothing(facts, outcome.to.node)) return 1;
  if (failed != nullptr) return 3;
  return refused(facts, outcome.from) || refused(facts, outcome.to) ? 2 : 4;
}

}  // namespace

void worst_first(std::vector<Finding>& findings) {
  std::set<std::string> broken;
  for (const Finding& finding : findings) {
    if (finding.rule == "path") broken.insert(finding.subject.name);
  }
  // A claim that drifted because its device broke stands behind the break.
  const auto place = [&broken](const Finding& finding) {
    const bool effect = finding.verdict == Verdict::drift && broken.count(finding.subject.name) > 0;
    return effect ? std::make_pair(badness(Verdict::degraded), cause_rank("path") + 1)
                  : std::make_pair(badness(finding.verdict), cause_rank(finding.rule));
  };
  std::stable_sort(
      findings.begin(), findings.end(),
      [&place](const Finding& one, const Finding& other) { return place(one) < place(other); });
}

std::vector<Outcome> not_measured_first(const Facts& facts,
                                        const std::vector<const Outcome*>& outcomes) {
  std::vector<std::pair<int, const Outcome*>> placed;
  for (const Outcome* outcome : outcomes)
    placed.emplace_back(place_of(facts, *outcome), outcome);
  std::stable_sort(placed.begin(), placed.end(), [](const auto& one, const auto& other) {
    const auto& [rank, first] = one;
    const auto& [other_rank, second] = other;
    return std::tie(rank, first->probe, first->from, first->to, first->parameters) <
           std::tie(other_rank, second->probe, second->from, second->to, second->parameters);
  });
  std::vector<Outcome> sorted;
  for (const auto& [rank, outcome] : placed)
    sorted.push_back(*outcome);
  return sorted;
}

}  // namespace plumbline::netcheck
