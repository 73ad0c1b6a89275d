#include "netcheck/groups/group_scene.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "netcheck/lookup.hpp"

namespace plumbline::netcheck {
namespace {

/// Rails on which some collective got through.
std::set<std::string> carrying_rails(const Judged& judged, Scope scope) {
  std::set<std::string> rails;
  for (const JudgedOutcome& number : judged.outcomes) {
    const bool measured = number.outcome->measured() != nullptr;
    const bool its = is_collective(*number.outcome) && scope_of(*number.outcome) == scope;
    if (measured && its) rails.insert(number.outcome->from.rail);
  }
  return rails;
}

/// Nodes that told nothing, or whose own end failed somewhere: a collective with them fails without
/// any fault of the path.
std::set<std::string> sick_nodes(const Judged& judged) {
  std::set<std::string> nodes;
  for (const NodeFacts& node : judged.facts->nodes) {
    if (!node.topology) nodes.insert(node.node);
  }
  for (const JudgedOutcome& number : judged.outcomes) {
    const Failed* failed = number.outcome->failed();
    const bool own = failed != nullptr && !failed->blamed.empty();
    if (own && !lost_carrier(*number.outcome)) nodes.insert(failed->blamed);
  }
  return nodes;
}

/// True for a node that was asked into the group, whether or not it can be seen there.
bool belongs(const Facts& facts, const Outcome& outcome, const std::string& node) {
  const std::string group = parameter(outcome, "group");
  const std::string listed = "+" + group + "+";
  return group == "all" || labelled_rack(facts, node) == group ||
         listed.find("+" + node + "+") != std::string::npos;
}

bool failed_on_the_way(const Outcome& outcome) {
  const Failed* failed = outcome.failed();
  if (failed == nullptr || !failed->blamed.empty()) return false;
  const ErrorCode code = failed->error.code;
  return code == ErrorCode::deadline_exceeded || code == ErrorCode::unavailable;
}

std::optional<Observation> observe(const JudgedOutcome& number,
                                   const std::set<std::string>& carrying) {
  Observation observation;
  observation.judged = &number;
  if (const Measured* measured = number.outcome->measured()) {
    if (measured->unit != Unit::bytes_per_second) return std::nullopt;
    observation.got = measured->value;
    if (number.number.verdict == NumberVerdict::ok) observation.sight = Sight::good;
    if (number.number.verdict == NumberVerdict::degraded) observation.sight = Sight::bad;
    return observation;
  }
  if (!failed_on_the_way(*number.outcome)) return std::nullopt;
  if (carrying.count(number.outcome->from.rail) == 0) return std::nullopt;
  observation.sight = Sight::bad;
  observation.failed = true;
  return observation;
}

}  // namespace

bool is_collective(const Outcome& outcome) { return !parameter(outcome, "group").empty(); }

Scope scope_of(const Outcome& outcome) {
  return parameter(outcome, "scope") == kPlacedScope ? Scope::placed : Scope::nodes;
}

bool is_group_test(const Outcome& outcome) {
  return parameter(outcome, "group").find('+') != std::string::npos;
}

std::string group_name(const std::vector<std::string>& nodes) {
  std::string name;
  for (const std::string& node : nodes)
    name += (name.empty() ? "" : "+") + node;
  return name;
}

std::string collective_words(const Outcome& outcome) {
  return outcome.probe + " over " + parameter(outcome, "group") + " on " + outcome.from.rail +
         (scope_of(outcome) == Scope::placed ? " between placed pods" : "");
}

Scene group_scene(const Judged& judged, Scope scope) {
  Scene scene;
  scene.judged = &judged;
  std::map<Component, std::size_t> places;
  const auto carrying = carrying_rails(judged, scope);
  const auto sick = sick_nodes(judged);
  for (const JudgedOutcome& number : judged.outcomes) {
    if (!is_collective(*number.outcome) || number.outcome->from.rail.empty()) continue;
    if (scope_of(*number.outcome) != scope) continue;
    auto observation = observe(number, carrying);
    if (!observation) continue;
    const auto nodes = group_nodes(*judged.facts, *number.outcome);
    const auto parts = parts_of_group(judged.racks, number.outcome->from.rail, nodes);
    if (!parts || nodes.size() < 2) continue;
    const bool weak = std::any_of(sick.begin(), sick.end(), [&](const std::string& node) {
      return belongs(*judged.facts, *number.outcome, node);
    });
    if (observation->failed && weak) continue;
    for (const Component& part : *parts) {
      const auto [place, fresh] = places.emplace(part, scene.parts.size());
      if (fresh) scene.parts.push_back(part);
      observation->uses.push_back({place->second, Way::both});
    }
    scene.observations.push_back(std::move(*observation));
  }
  return scene;
}

}  // namespace plumbline::netcheck
