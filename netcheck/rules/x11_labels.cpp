#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <string_view>

#include "netcheck/rules/gangs.hpp"
#include "netcheck/rules/lookup.hpp"
#include "netcheck/rules/quote.hpp"
#include "netcheck/rules/rules.hpp"

namespace plumbline::netcheck {
namespace {

/// Label keys of the kFamilies that name places in a network or NVLink fabric.
constexpr std::array<std::string_view, 9> kFamilies{"nvidia.com/gpu.clique",
                                                    "cloud.google.com/gce-topology-",
                                                    "topology.k8s.aws/network-node-layer-",
                                                    "topology.k8s.aws/ultraserver-id",
                                                    "oci.oraclecloud.com/rdma.",
                                                    "oci.oraclecloud.com/host.",
                                                    "fabric.topograph.run/tier-",
                                                    "accelerator.topograph.run/",
                                                    "network.topology.nvidia.com/"};

/// Values that stand for "not known", which many nodes then share.
constexpr std::array<std::string_view, 7> kPlaceholders{
    "no-imds-data", "unknown", "none", "null", "n/a", "undefined", "not-available"};

bool of_family(const std::string& key) {
  return std::any_of(kFamilies.begin(), kFamilies.end(),
                     [&](std::string_view family) { return key.starts_with(family); });
}

/// A clique whose fabric has no identity: every node without MNNVL would share it.
bool is_placeholder(const std::string& key, const std::string& value) {
  if (key == "nvidia.com/gpu.clique") {
    return value.starts_with("00000000-0000-0000-0000-000000000000");
  }
  std::string word = value;
  std::transform(word.begin(), word.end(), word.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return word.empty() ||
         std::find(kPlaceholders.begin(), kPlaceholders.end(), word) != kPlaceholders.end();
}

Finding begin(const NodeClaim& node, const std::string& key) {
  Finding finding;
  finding.rule = "X11";
  finding.tier = "A";
  finding.subject = {"label", key, node.meta.name, ""};
  const auto found = node.meta.labels.find(key);
  finding.claim = ClaimRef{"Node",
                           node.meta.name,
                           node.meta.uid,
                           node.meta.resource_version,
                           "metadata.labels[" + key + "]",
                           found == node.meta.labels.end() ? "" : found->second};
  return finding;
}

std::string names_of(const std::vector<const NodeClaim*>& nodes) {
  constexpr std::size_t most_names = 8;
  std::vector<std::string> names;
  for (const NodeClaim* node : nodes) {
    if (names.size() == most_names) break;
    names.push_back(node->meta.name);
  }
  const std::size_t more = nodes.size() - names.size();
  return listed(names) + (more > 0 ? " and " + std::to_string(more) + " more" : "");
}

/// One finding for each placeholder that nodes carry as if it were a place.
void add_placeholders(const Facts& facts, std::vector<Finding>& findings) {
  std::map<std::pair<std::string, std::string>, std::vector<const NodeClaim*>> found;
  for (const NodeClaim& node : facts.claims->nodes) {
    if (!in_scope(facts, node.meta.name)) continue;
    for (const auto& [key, value] : node.meta.labels) {
      if (of_family(key) && is_placeholder(key, value)) found[{key, value}].push_back(&node);
    }
  }
  for (const auto& [label, nodes] : found) {
    Finding finding = begin(*nodes.front(), label.first);
    finding.verdict = Verdict::violation;
    for (const NodeClaim* node : nodes) {
      if (finding.evidence.size() == 20) break;
      finding.evidence.push_back(
          {"Node " + node->meta.name + " label " + label.first, label.second, ""});
    }
    finding.message = "Label " + label.first + " of " + names_of(nodes) + " is '" + label.second +
                      "', which stands for 'not known': a scheduler takes " +
                      std::to_string(nodes.size()) + (nodes.size() == 1 ? " node" : " nodes") +
                      " for one domain that is none.";
    finding.next_step =
        "Repair what writes the label (the cloud's metadata service did not answer it), or remove "
        "the label.";
    findings.push_back(std::move(finding));
  }
}

/// The levels of a topology and the labels that its flavors choose nodes by.
struct Placed {
  const TopologyLevels* topology = nullptr;
  std::vector<const TopologyLevels*> flavors;
};

std::vector<Placed> topologies(const AllocationView& view) {
  std::vector<Placed> all;
  for (const TopologyLevels& levels : view.levels) {
    if (levels.kind == "ResourceFlavor") continue;
    Placed placed{&levels, {}};
    for (const TopologyLevels& flavor : view.levels) {
      if (flavor.kind == "ResourceFlavor" && flavor.topology == levels.meta.name)
        placed.flavors.push_back(&flavor);
    }
    all.push_back(std::move(placed));
  }
  return all;
}

bool chosen(const Placed& placed, const NodeClaim& node) {
  return std::any_of(
      placed.flavors.begin(), placed.flavors.end(), [&](const TopologyLevels* flavor) {
        return std::all_of(flavor->nodes.begin(), flavor->nodes.end(), [&](const auto& label) {
          const auto found = node.meta.labels.find(label.first);
          return found != node.meta.labels.end() && found->second == label.second;
        });
      });
}

/// Nodes that a flavor chooses but that lack a level's label: its scheduler never uses them.
void add_missing(const Facts& facts, std::vector<Finding>& findings) {
  for (const Placed& placed : topologies(*facts.claims)) {
    for (const std::string& level : placed.topology->levels) {
      std::vector<const NodeClaim*> missing;
      for (const NodeClaim& node : facts.claims->nodes) {
        if (node.meta.labels.count(level) == 0 && in_scope(facts, node.meta.name) &&
            chosen(placed, node)) {
          missing.push_back(&node);
        }
      }
      if (missing.empty()) continue;
      Finding finding = begin(*missing.front(), level);
      finding.verdict = Verdict::violation;
      finding.evidence.push_back({placed.topology->kind + " " + placed.topology->meta.name,
                                  "levels " + listed(placed.topology->levels), ""});
      finding.message = names_of(missing) + (missing.size() == 1 ? " lacks" : " lack") + " label " +
                        level + ", a level of " + placed.topology->kind + " " +
                        placed.topology->meta.name + " whose flavor chooses " +
                        (missing.size() == 1 ? "it" : "them") +
                        ": nothing that asks for topology is ever placed there.";
      finding.next_step = "Label the nodes, or take them out of the flavor.";
      findings.push_back(std::move(finding));
    }
  }
}

/// ComputeDomains that say of a node another clique than its label does.
void add_cliques(const Facts& facts, std::vector<Finding>& findings) {
  const ClaimIndex index(facts);
  for (const FabricDomain& fabric : facts.claims->fabrics) {
    for (const auto& [name, clique] : fabric.cliques) {
      const NodeClaim* node = index.node(name);
      if (node == nullptr || clique.empty() || !in_scope(facts, name)) continue;
      const auto label = node->meta.labels.find("nvidia.com/gpu.clique");
      if (label == node->meta.labels.end() || label->second == clique) continue;
      Finding finding = begin(*node, label->first);
      finding.verdict = Verdict::violation;
      finding.evidence.push_back(
          {"ComputeDomain " + full_name(fabric.meta) + " status.nodes", name + " " + clique, ""});
      finding.message = "Label nvidia.com/gpu.clique of " + name + " is " + label->second +
                        ", but ComputeDomain " + full_name(fabric.meta) + " found it in clique " +
                        clique + ".";
      finding.next_step = "Restart GPU feature discovery on " + name + " and compare again.";
      findings.push_back(std::move(finding));
    }
  }
}

}  // namespace

std::vector<Finding> x11_labels(const Facts& facts) {
  if (!facts.claims) return without_claims(facts, "X11", "A");
  std::vector<Finding> findings;
  add_placeholders(facts, findings);
  add_missing(facts, findings);
  add_cliques(facts, findings);
  return findings;
}

}  // namespace plumbline::netcheck
