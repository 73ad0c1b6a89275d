#include <array>
#include <map>
#include <string_view>

#include "netcheck/rules/lookup.hpp"
#include "netcheck/rules/quote.hpp"
#include "netcheck/rules/rules.hpp"

namespace plumbline::netcheck {
namespace {

/// Attributes by which clouds say that NICs are on one fabric: azure.dra.net placementGroupId and
/// interconnectSubgroupId, oke.dra.net networkBlockId. By their names without the domain.
constexpr std::array<std::string_view, 3> kGroups{"placementGroupId", "interconnectSubgroupId",
                                                  "networkBlockId"};

/// The nodes that publish one value of one attribute, each with a device that does.
struct Group {
  std::string attribute;
  std::string value;
  std::map<std::string, Published> nodes;
};

std::vector<Group> groups_of(const Facts& facts) {
  std::map<std::pair<std::string, std::string>, Group> groups;
  for (const SliceClaim& slice : facts.claims->slices) {
    if (slice.node.empty() || !in_scope(facts, slice.node)) continue;
    for (const Published& published : published_devices(facts, slice.node)) {
      for (const std::string_view name : kGroups) {
        const std::string value = attribute_text(published, name);
        if (value.empty()) continue;
        Group& group = groups[{std::string(name), value}];
        group.attribute = name;
        group.value = value;
        group.nodes.emplace(slice.node, published);
      }
    }
  }
  std::vector<Group> list;
  for (auto& [key, group] : groups) {
    if (group.nodes.size() > 1) list.push_back(std::move(group));
  }
  return list;
}

/// What the measurements between the group's nodes say.
struct Reach {
  std::size_t measured = 0;
  const Outcome* reached = nullptr;
  const Outcome* cut = nullptr;  ///< a pair that has no measured number and one that failed
};

Reach reach_of(const Facts& facts, const Group& group) {
  std::map<std::pair<Endpoint, Endpoint>, std::pair<const Outcome*, const Outcome*>> pairs;
  for (const Outcome& outcome : facts.outcomes) {
    const bool within = group.nodes.count(outcome.from.node) > 0 &&
                        group.nodes.count(outcome.to.node) > 0 &&
                        outcome.from.node != outcome.to.node;
    if (!within || outcome.probe.rfind("pair_", 0) != 0 || outcome.skipped() != nullptr) continue;
    auto& [good, bad] = pairs[std::minmax(outcome.from, outcome.to)];
    (outcome.measured() != nullptr ? good : bad) = &outcome;
  }
  Reach reach;
  for (const auto& [ends, told] : pairs) {
    if (told.first != nullptr) {
      ++reach.measured;
      reach.reached = told.first;
    } else if (told.second != nullptr && told.second->failed()->blamed.empty()) {
      reach.cut = told.second;
    }
  }
  return reach;
}

std::string names_of(const Group& group) {
  std::vector<std::string> names;
  for (const auto& [node, published] : group.nodes)
    names.push_back(node);
  return listed(names);
}

/// The attribute's whole key, as the device has it.
std::string key_of(const Published& published, const std::string& name) {
  for (const auto& [key, value] : published.device->attributes) {
    if (key == name || (key.size() > name.size() && key.ends_with("/" + name))) return key;
  }
  return {};
}

Finding judge_group(const Facts& facts, const Group& group) {
  const auto& [node, published] = *group.nodes.begin();
  const Reach reach = reach_of(facts, group);
  Finding finding;
  finding.rule = "X14";
  finding.tier = "A";
  finding.subject = {"slice", published.slice->meta.name, node, ""};
  finding.claim = quote_device(published, key_of(published, group.attribute));
  const std::string title =
      group.attribute + " " + group.value + " says that " + names_of(group) + " share one fabric";
  if (reach.cut != nullptr) {
    finding.verdict = Verdict::violation;
    finding.subject = {"link", reach.cut->from.node + " - " + reach.cut->to.node,
                       reach.cut->from.node, reach.cut->from.rail};
    finding.measurement = reach.cut->key();
    finding.message = title + ", but " + reach.cut->from.node + " and " + reach.cut->to.node +
                      " do not reach each other: " + reach.cut->failed()->error.message + ".";
    finding.next_step =
        "Ask the provider whether the nodes are in one partition; do not place a job over both.";
  } else if (reach.measured == 0) {
    finding.verdict = Verdict::unobservable;
    finding.message = title + ", but no pair of them was measured.";
    finding.next_step = "Measure a rail that both nodes are on.";
  } else {
    finding.verdict = Verdict::match;
    finding.measurement = reach.reached->key();
    finding.message = title + ", and every measured pair of them reached the other.";
    finding.next_step = "Nothing to do.";
  }
  return finding;
}

}  // namespace

std::vector<Finding> x14_fabric_group(const Facts& facts) {
  if (!facts.claims) return without_claims(facts, "X14", "A");
  std::vector<Finding> findings;
  for (const Group& group : groups_of(facts))
    findings.push_back(judge_group(facts, group));
  return findings;
}

}  // namespace plumbline::netcheck
