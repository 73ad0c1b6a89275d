#include "netcheck/groups/group_testing.hpp"

#include <algorithm>
#include <cmath>
#include <set>
#include <tuple>
#include <utility>

#include "netcheck/expectations/thresholds.hpp"
#include "netcheck/groups/group_scene.hpp"
#include "netcheck/localisation/culprits.hpp"
#include "netcheck/lookup.hpp"

namespace plumbline::netcheck {
namespace {

using Nodes = std::vector<std::string>;

Nodes sorted(Nodes nodes) {
  std::sort(nodes.begin(), nodes.end());
  return nodes;
}

std::vector<Nodes> halves(const Nodes& nodes) {
  if (nodes.size() < 2) return {};
  const auto middle = nodes.begin() + static_cast<std::ptrdiff_t>(nodes.size() / 2);
  return {{nodes.begin(), middle}, {middle, nodes.end()}};
}

/// One bad collective while its culprit is searched.
struct Case {
  const Observation* bad = nullptr;
  std::string rail;
  Nodes nodes;
  std::vector<Component> suspects;  ///< what of its parts nothing clears
};

class Search {
 public:
  Search(const Judged& judged, const Scene& scene, const std::vector<Component>& explained,
         Scope scope)
      : judged_(judged), scene_(scene), explained_(explained), scope_(scope) {
    for (const Observation& observation : scene.observations) {
      for (const Use& use : observation.uses) {
        const Component& part = scene.parts[use.part];
        any_[part] = std::max(any_[part], observation.got);
        if (observation.sight == Sight::good) good_[part] = std::max(good_[part], observation.got);
      }
    }
    for (const JudgedOutcome& number : judged.outcomes) {
      const Outcome& outcome = *number.outcome;
      if (!is_collective(outcome) || scope_of(outcome) != scope) continue;
      const Nodes nodes = group_nodes(*judged.facts, outcome);
      seen_.insert({outcome.from.rail, sorted(nodes)});
      if (outcome.measured() != nullptr)
        known_[outcome.from.rail].insert(nodes.begin(), nodes.end());
      if (is_group_test(outcome)) ++done_[outcome.from.rail];
    }
  }

  std::optional<GroupTest> next() {
    std::vector<Case> cases = open_cases();
    std::set<Component> named;
    for (const Case& one : cases) {
      if (one.suspects.size() == 1) named.insert(one.suspects.front());
    }
    for (const Case& one : cases) {
      const bool told = std::any_of(named.begin(), named.end(), [&](const Component& part) {
        return contains(one.suspects, part) || uses(one, part);
      });
      if (told || one.suspects.size() < 2) continue;
      if (auto test = split(one)) return test;
    }
    for (const Component& part : named) {
      if (auto test = without(part, cases)) return test;
    }
    return std::nullopt;
  }

 private:
  static bool contains(const std::vector<Component>& parts, const Component& part) {
    return std::find(parts.begin(), parts.end(), part) != parts.end();
  }

  bool uses(const Case& one, const Component& part) const {
    return std::any_of(one.bad->uses.begin(), one.bad->uses.end(),
                       [&](const Use& use) { return scene_.parts[use.part] == part; });
  }

  bool cleared(const Component& part, const Observation& bad) const {
    const auto good = good_.find(part);
    if (good != good_.end() && good->second > kClears * bad.got) return true;
    const auto any = any_.find(part);
    return bad.failed && any != any_.end() && any->second > 0;
  }

  /// Bad collectives that no pair explains, fewest suspects first.
  std::vector<Case> open_cases() const {
    std::vector<Case> cases;
    for (const Observation& bad : scene_.observations) {
      if (bad.sight != Sight::bad) continue;
      const Outcome& outcome = *bad.judged->outcome;
      Case one{&bad, outcome.from.rail, group_nodes(*judged_.facts, outcome), {}};
      if (spent(one.rail)) continue;
      const bool told = std::any_of(explained_.begin(), explained_.end(),
                                    [&](const Component& part) { return uses(one, part); });
      if (told) continue;
      for (const Use& use : bad.uses) {
        if (!cleared(scene_.parts[use.part], bad)) one.suspects.push_back(scene_.parts[use.part]);
      }
      cases.push_back(std::move(one));
    }
    std::stable_sort(cases.begin(), cases.end(), [](const Case& one, const Case& other) {
      return one.suspects.size() < other.suspects.size();
    });
    return cases;
  }

  bool spent(const std::string& rail) const {
    const auto done = done_.find(rail);
    if (done == done_.end()) return false;
    const auto parts = static_cast<double>(scene_.parts.size() + 1);
    return static_cast<double>(done->second) >= 3 * std::ceil(std::log2(parts)) + 6;
  }

  std::string rack_of(const std::string& node) const {
    const auto rack = judged_.racks.of.find(node);
    return rack == judged_.racks.of.end() ? std::string() : rack->second;
  }

  Nodes ring_order(Nodes nodes) const {
    std::sort(nodes.begin(), nodes.end(), [this](const auto& one, const auto& other) {
      return std::make_tuple(rack_of(one), one) < std::make_tuple(rack_of(other), other);
    });
    nodes.erase(std::unique(nodes.begin(), nodes.end()), nodes.end());
    return nodes;
  }

  /// Nodes of the rail whose NIC is cleared of this fault.
  Nodes good_nodes(const Case& one) const {
    Nodes nodes;
    const auto known = known_.find(one.rail);
    if (known == known_.end()) return nodes;
    for (const std::string& node : known->second) {
      if (cleared({ComponentKind::nic, node, one.rail}, *one.bad)) nodes.push_back(node);
    }
    return ring_order(nodes);
  }

  bool suspect(const Case& one, ComponentKind kind, const std::string& owner) const {
    return contains(one.suspects, {kind, owner, one.rail});
  }

  /// The known-good node that adds least doubt beside `nodes`: of their rack, else of one whose
  /// uplink is cleared, else any.
  std::optional<std::string> partner(const Case& one, const Nodes& nodes, bool elsewhere) const {
    std::optional<std::string> best;
    int least = 3;
    for (const std::string& node : good_nodes(one)) {
      if (std::find(nodes.begin(), nodes.end(), node) != nodes.end()) continue;
      const bool near = rack_of(node) == rack_of(nodes.front());
      if (near && elsewhere) continue;
      const int doubt = near ? 0 : suspect(one, ComponentKind::uplink, rack_of(node)) ? 2 : 1;
      if (doubt >= least) continue;
      least = doubt;
      best = node;
    }
    return best;
  }

  void add(const Case& one, std::vector<Nodes>& candidates, Nodes nodes, bool elsewhere) const {
    if (nodes.empty()) return;
    if (nodes.size() < 2) {
      const auto more = partner(one, nodes, elsewhere);
      if (!more) return;
      nodes.push_back(*more);
    }
    candidates.push_back(ring_order(std::move(nodes)));
  }

  /// A node of each rack, a known-good one where there is one.
  Nodes one_of_each(const Case& one, const Nodes& racks) const {
    Nodes nodes;
    for (const std::string& rack : racks) {
      std::optional<std::string> found;
      for (const std::string& node : one.nodes) {
        if (rack_of(node) != rack) continue;
        if (!found || !suspect(one, ComponentKind::nic, node)) found = node;
      }
      if (found) nodes.push_back(*found);
    }
    return nodes;
  }

  std::vector<Nodes> candidates(const Case& one) const {
    std::vector<Nodes> all;
    Nodes nics;
    std::map<std::string, Nodes> by_rack;
    for (const std::string& node : ring_order(one.nodes)) {
      if (!suspect(one, ComponentKind::nic, node)) continue;
      nics.push_back(node);
      by_rack[rack_of(node)].push_back(node);
    }
    Nodes racks;
    for (const Component& part : one.suspects) {
      if (part.kind == ComponentKind::uplink) racks.push_back(part.owner);
    }
    for (const Nodes& half : halves(nics))
      add(one, all, half, false);
    for (const auto& [rack, nodes] : by_rack)
      add(one, all, nodes, false);
    for (const Nodes& half : halves(racks))
      add(one, all, one_of_each(one, half), true);
    for (std::size_t at = 0; at < nics.size(); ++at) {
      add(one, all, {nics[at]}, false);
      if (at > 0) add(one, all, {nics[at - 1], nics[at]}, false);
    }
    for (std::size_t at = 1; at < racks.size(); ++at)
      add(one, all, one_of_each(one, {racks[at - 1], racks[at]}), true);
    return all;
  }

  std::vector<Component> suspects_in(const Case& one, const Nodes& nodes) const {
    const auto parts = parts_of_group(judged_.racks, one.rail, nodes);
    std::vector<Component> found;
    if (!parts) return found;
    for (const Component& part : *parts) {
      if (contains(one.suspects, part)) found.push_back(part);
    }
    return found;
  }

  /// True when the fault would show: a group that holds it falls below what is still ok for it.
  bool can_see(const Case& one, const Nodes& nodes) const {
    Outcome outcome;
    outcome.probe = one.bad->judged->outcome->probe;
    outcome.from.rail = one.rail;
    const Expected expected = expect_group(*judged_.facts, judged_.racks, outcome, nodes);
    if (!expected.expectation) return false;
    const Expectation& expectation = *expected.expectation;
    return expectation.threshold * expectation.rate.value > kClears * one.bad->got;
  }

  std::optional<GroupTest> split(const Case& one) const {
    std::optional<Nodes> best;
    double least = 1;
    const auto whole = static_cast<double>(one.suspects.size());
    for (const Nodes& nodes : candidates(one)) {
      const auto part = static_cast<double>(suspects_in(one, nodes).size());
      const double uneven = std::abs(part / whole - 0.5);
      if (part == 0 || part == whole || uneven > least - 1e-9) continue;
      if (seen_.count({one.rail, sorted(nodes)}) != 0 || !can_see(one, nodes)) continue;
      least = uneven;
      best = nodes;
    }
    if (!best) return std::nullopt;
    return test_of(one, padded(one, *best));
  }

  /// With known-good nodes up to the size of the bad group, so that the load stays alike; none that
  /// brings another suspect in or hides the fault.
  Nodes padded(const Case& one, const Nodes& least) const {
    Nodes nodes = least;
    const std::size_t inside = suspects_in(one, nodes).size();
    for (const std::string& node : good_nodes(one)) {
      if (nodes.size() >= one.nodes.size()) break;
      if (std::find(nodes.begin(), nodes.end(), node) != nodes.end()) continue;
      Nodes more = nodes;
      more.push_back(node);
      more = ring_order(std::move(more));
      const bool same = suspects_in(one, more).size() == inside && can_see(one, more);
      if (same) nodes = std::move(more);
    }
    return seen_.count({one.rail, sorted(nodes)}) == 0 ? nodes : least;
  }

  GroupTest test_of(const Case& one, Nodes nodes) const {
    nodes = ring_order(std::move(nodes));
    std::string name = group_name(nodes);
    return {one.bad->judged->outcome->probe, one.rail, std::move(nodes), std::move(name), scope_};
  }

  /// The largest bad group of a named part without it, while something in there is not known good.
  std::optional<GroupTest> without(const Component& part, const std::vector<Case>& cases) const {
    const Case* largest = nullptr;
    for (const Case& one : cases) {
      const bool more = largest == nullptr || one.nodes.size() > largest->nodes.size();
      if (uses(one, part) && more) largest = &one;
    }
    if (largest == nullptr) return std::nullopt;
    Nodes rest;
    for (const std::string& node : largest->nodes) {
      const bool nic = part.kind == ComponentKind::nic;
      if (nic ? node != part.owner : rack_of(node) != part.owner) rest.push_back(node);
    }
    const auto parts = parts_of_group(judged_.racks, part.rail, rest);
    if (rest.size() < 2 || !parts || seen_.count({part.rail, sorted(rest)}) != 0)
      return std::nullopt;
    const bool known = std::all_of(parts->begin(), parts->end(),
                                   [&](const Component& other) { return good_.count(other) != 0; });
    if (known) return std::nullopt;
    return test_of(*largest, rest);
  }

  const Judged& judged_;
  const Scene& scene_;
  const std::vector<Component>& explained_;
  Scope scope_;
  std::map<Component, double> good_;
  std::map<Component, double> any_;
  std::set<std::pair<std::string, Nodes>> seen_;
  std::map<std::string, std::set<std::string>> known_;
  std::map<std::string, std::size_t> done_;
};

}  // namespace

std::optional<GroupTest> next_group_test(const Facts& facts) {
  const Judged judged = judge_numbers(facts);
  const Scene pairs = scene_of(judged);
  std::vector<Component> explained;  // by pairs, then by collectives of the nodes' own
  for (const Culprit& culprit : localise(pairs)) {
    for (const std::size_t part : culprit.parts)
      explained.push_back(pairs.parts[part]);
  }
  for (const Scope scope : {Scope::nodes, Scope::placed}) {
    const Scene groups = group_scene(judged, scope);
    if (auto test = Search(judged, groups, explained, scope).next()) return test;
    for (const Culprit& culprit : localise(groups)) {
      for (const std::size_t part : culprit.parts)
        explained.push_back(groups.parts[part]);
    }
  }
  return std::nullopt;
}

std::vector<GroupTest> undecided_groups(const Facts& facts) {
  const Judged judged = judge_numbers(facts);
  std::vector<GroupTest> undecided;
  for (const JudgedOutcome& number : judged.outcomes) {
    const Outcome& outcome = *number.outcome;
    const bool between_nodes = is_collective(outcome) && !outcome.from.rail.empty();
    if (!between_nodes || outcome.measured() == nullptr) continue;
    if (number.number.verdict != NumberVerdict::inconclusive) continue;
    undecided.push_back({outcome.probe, outcome.from.rail, group_nodes(facts, outcome),
                         parameter(outcome, "group"), scope_of(outcome)});
  }
  return undecided;
}

std::map<std::string, std::size_t> group_tests(const std::vector<Outcome>& outcomes, Scope scope) {
  std::map<std::string, std::set<std::string>> tests;
  for (const Outcome& outcome : outcomes) {
    const bool counts = is_group_test(outcome) && scope_of(outcome) == scope;
    if (counts) tests[outcome.from.rail].insert(outcome.key());
  }
  std::map<std::string, std::size_t> counts;
  for (const auto& [rail, keys] : tests)
    counts[rail] = keys.size();
  return counts;
}

}  // namespace plumbline::netcheck
