#include <algorithm>
#include <array>
#include <cctype>

#include "netcheck/claims/groups.hpp"

namespace plumbline::netcheck::claims {
namespace {

/// The deprecated topologyPolicies name policy and scope in one word.
struct PolicyWord {
  const char* word;
  const char* policy;
  const char* scope;
};
constexpr std::array<PolicyWord, 9> kPolicyWords{{
    {"None", "none", "container"},
    {"BestEffort", "best-effort", "container"},
    {"BestEffortContainerLevel", "best-effort", "container"},
    {"BestEffortPodLevel", "best-effort", "pod"},
    {"Restricted", "restricted", "container"},
    {"RestrictedContainerLevel", "restricted", "container"},
    {"RestrictedPodLevel", "restricted", "pod"},
    {"SingleNUMANodeContainerLevel", "single-numa-node", "container"},
    {"SingleNUMANodePodLevel", "single-numa-node", "pod"},
}};

void read_old_policies(const Fields& object, AlignmentPolicy& read) {
  const auto words = object.texts("topologyPolicies");
  if (words.empty()) return;
  read.path = "topologyPolicies[0]";
  read.value = words.front();
  // v1alpha1 recordings also write SingleNUMANode alone.
  if (words.front() == "SingleNUMANode") read.policy = "single-numa-node";
  for (const PolicyWord& known : kPolicyWords) {
    if (words.front() != known.word) continue;
    read.policy = known.policy;
    read.scope = known.scope;
  }
}

void read_zones(const Fields& object, AlignmentPolicy& read) {
  for (const Fields& zone : object.list("zones")) {
    auto& resources = read.zones[zone.text("name")];
    for (const Fields& resource : zone.list("resources"))
      resources[resource.text("name")] = resource.scalar("capacity");
  }
}

}  // namespace

AlignmentPolicy read_node_topology(const Fields& object) {
  AlignmentPolicy read;
  read.meta = read_meta(object);
  read.kind = "NodeResourceTopology";
  read_old_policies(object, read);
  const auto attributes = object.list("attributes");
  for (std::size_t i = 0; i < attributes.size(); ++i) {
    const std::string name = attributes[i].text("name");
    if (name == "topologyManagerScope") read.scope = attributes[i].text("value");
    if (name != "topologyManagerPolicy") continue;
    read.policy = attributes[i].text("value");
    read.value = read.policy;
    read.path = "attributes[" + std::to_string(i) + "].value";
  }
  read_zones(object, read);
  return read;
}

AlignmentPolicy read_configz(const Fields& object) {
  AlignmentPolicy read;
  read.meta = read_meta(object);
  read.kind = "KubeletConfigz";
  const Fields config = object.object("kubeletconfig");
  read.path = "kubeletconfig.topologyManagerPolicy";
  read.value = config.text("topologyManagerPolicy");
  read.policy = read.value;
  read.scope = config.text("topologyManagerScope");
  if (read.scope.empty()) read.scope = "container";
  return read;
}

FabricDomain read_compute_domain(const Fields& object) {
  FabricDomain read;
  read.meta = read_meta(object);
  const Fields spec = object.object("spec");
  read.wanted_nodes = spec.number("numNodes");
  read.channel_template = spec.object("channel").object("resourceClaimTemplate").text("name");
  const Fields status = object.object("status");
  read.status = status.text("status");
  for (const Fields& node : status.list("nodes"))
    read.cliques[node.text("name")] = node.text("cliqueID");
  return read;
}

TopologyLevels read_topology_levels(const Fields& object) {
  TopologyLevels read;
  read.meta = read_meta(object);
  const Fields spec = object.object("spec");
  for (const Fields& level : spec.list("levels")) {
    const std::string label = level.text("nodeLabel");
    read.levels.push_back(label.empty() ? level.text("key") : label);
  }
  return read;
}

TopologyLevels read_flavor(const Fields& object) {
  TopologyLevels read;
  read.meta = read_meta(object);
  read.kind = "ResourceFlavor";
  const Fields spec = object.object("spec");
  read.topology = spec.text("topologyName");
  for (auto& [key, value] : spec.object("nodeLabels").text_members())
    read.nodes.emplace(std::move(key), std::move(value));
  return read;
}

ReadDomain read_hyper_node(const Fields& object) {
  ReadDomain read;
  read.domain.meta = read_meta(object);
  const Fields spec = object.object("spec");
  read.domain.tier = spec.number("tier");
  for (const Fields& entry : spec.list("members")) {
    const Fields selector = entry.object("selector");
    ReadDomain::Member member;
    member.node = entry.text("type") != "HyperNode";
    member.exact = selector.object("exactMatch").text("name");
    member.pattern = selector.object("regexMatch").text("pattern");
    if (selector.has("labelMatch")) member.labels = read_selector(selector.object("labelMatch"));
    read.members.push_back(std::move(member));
  }
  return read;
}

}  // namespace plumbline::netcheck::claims
