#pragma once

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "netcheck/groups/group_findings.hpp"
#include "netcheck/groups/group_scene.hpp"
#include "netcheck/groups/group_testing.hpp"
#include "netcheck/judging/judge_by.hpp"
#include "netcheck/judging/numbers.hpp"
#include "tests/support/virtual_fabric.hpp"

namespace plumbline::netcheck {

/// A fabric in which collectives alone are measured: a ring goes as fast as its slowest part.
class Rings {
 public:
  Rings(testing::Shape shape, std::vector<std::string> groups)
      : facts_(testing::VirtualFabric(shape, 0, 1).before()) {
    facts_.asked.pairs = false;
    for (const DeclaredRail& rail : facts_.fabric.rails) {
      for (const std::string& group : groups)
        asked_.push_back({"all_reduce", rail.name, {}, group});
    }
  }

  void slow(const Component& part, double rate) { slow_[part] = rate; }
  void noisy(const std::string& group) { noisy_.insert(group); }
  /// From now on the stage file's groups are measured between pods, one on each node but `without`.
  void place_pods(const std::string& without = "") {
    scope_ = Scope::placed;
    facts_.workloads = Workloads{};
    for (const NodeFacts& node : facts_.nodes) {
      if (node.node == without) continue;
      PlacedPod pod;
      pod.workload = "gang";
      pod.phase = "Running";
      pod.binding = {"Pod", "plumbline/on-" + node.node, "u", "7", "spec.nodeName", node.node};
      facts_.workloads->pods.push_back(pod);
    }
  }

  /// The groups of the stage file, then tests until none is asked for.
  std::size_t run() {
    for (const GroupTest& group : asked_)
      measure(group.rail, group.group, scope_);
    return search();
  }

  std::size_t search() {
    std::size_t tests = 0;
    for (; tests < 100; ++tests) {
      const auto test = next_group_test(facts_);
      if (!test) break;
      REQUIRE(test->nodes.size() >= 2);
      CHECK(test->group == group_name(test->nodes));
      measure(test->rail, test->group, test->scope);
    }
    return tests;
  }

  /// What noise left open is measured once more, and is quieter then.
  std::size_t decide() {
    const auto undecided = undecided_groups(facts_);
    noisy_.clear();
    for (const GroupTest& again : undecided)
      measure(again.rail, again.group, again.scope);
    return undecided.size();
  }

  Report report() const { return judge_by(facts_, {}); }
  Facts& facts() { return facts_; }

 private:
  void measure(const std::string& rail, const std::string& group, Scope scope) {
    Outcome outcome;
    outcome.probe = "all_reduce";
    outcome.from = outcome.to = {"", "", rail};
    outcome.parameters = {{"group", group}, {"size", "4194304"}, {"ranks", "2"}};
    if (scope == Scope::placed) outcome.parameters["scope"] = kPlacedScope;
    const auto parts = parts_of_group(labelled_racks(facts_), rail, group_nodes(facts_, outcome));
    REQUIRE(parts);
    double rate = 1e18;
    for (const Component& part : *parts) {
      const auto fault = slow_.find(part);
      const double whole = part.kind == ComponentKind::nic ? 25e6 : 12.5e6;
      rate = std::min(rate, fault == slow_.end() ? whole : fault->second);
    }
    Measured measured;
    measured.value = rate * 0.94;
    const double width = noisy_.count(group) != 0 ? 0.6 : 0.02;
    measured.interval = {measured.value * (1 - width), measured.value * (1 + width)};
    outcome.result = measured;
    facts_.outcomes.push_back(outcome);
  }

  Facts facts_;
  Scope scope_ = Scope::nodes;
  std::vector<GroupTest> asked_;
  std::map<Component, double> slow_;
  std::set<std::string> noisy_;
};

/// The findings that accuse somebody.
inline std::vector<Finding> accused(const Report& report) {
  std::vector<Finding> bad;
  for (const Finding& finding : report.findings) {
    if (finding.verdict == Verdict::degraded) bad.push_back(finding);
  }
  return bad;
}

inline const std::vector<std::string> kRacks{"all", "rack-1", "rack-2", "rack-3"};

}  // namespace plumbline::netcheck
