#include <algorithm>
#include <array>
#include <set>
#include <string_view>

#include "netcheck/rules/lookup.hpp"
#include "netcheck/rules/placement.hpp"
#include "netcheck/rules/quote.hpp"
#include "netcheck/rules/spread.hpp"

namespace plumbline::netcheck {
namespace {

/// True for a label that names a place, of every family and of the usual own ones.
bool names_a_place(const std::string& key, const std::string& rack_label) {
  constexpr std::array<std::string_view, 9> families{
      "topology.kubernetes.io/zone",    "nvidia.com/gpu.clique",
      "cloud.google.com/gce-topology-", "topology.k8s.aws/network-node-layer-",
      "oci.oraclecloud.com/rdma.",      "oci.oraclecloud.com/host.",
      "fabric.topograph.run/tier-",     "accelerator.topograph.run/",
      "network.topology.nvidia.com/"};
  constexpr std::array<std::string_view, 6> own{"rack", "block", "leaf", "spine", "row", "pod"};
  if (key == rack_label) return true;
  for (const std::string_view family : families) {
    if (key.starts_with(family)) return !key.ends_with("host_id") && !key.ends_with("-host");
  }
  const std::string last = key.substr(key.find('/') + 1);
  return std::find(own.begin(), own.end(), last) != own.end();
}

}  // namespace

std::optional<Finding> unasked_placement(const ClaimIndex& index, const Gang& gang) {
  if (gang.members.size() < 2 || all_ended(gang)) return std::nullopt;
  std::set<std::string> labels;
  for (const PodClaim* pod : gang.members) {
    const NodeClaim* node = index.node(pod->node);
    if (node == nullptr || ended(*pod)) continue;
    for (const auto& [key, value] : node->meta.labels) {
      if (names_a_place(key, index.facts().fabric.rack_label)) labels.insert(key);
    }
  }
  Finding finding;
  finding.rule = "X10";
  finding.tier = "A";
  finding.verdict = Verdict::unclaimed;
  finding.subject = {"gang", gang.name, "", ""};
  finding.claim = quote_gang(*gang.claim, true);
  std::vector<std::string> apart;
  for (const std::string& label : labels) {
    const Spread spread = spread_of(index, gang, label);
    finding.evidence.insert(finding.evidence.end(), spread.evidence.begin(), spread.evidence.end());
    if (spread.domains.size() < 2) continue;
    apart.push_back(std::to_string(spread.domains.size()) + " values of " + label + ": " +
                    text_of(spread));
  }
  if (apart.empty()) return std::nullopt;
  finding.message = "Gang " + gang.name + " asked for no placement, and its members are on " +
                    listed(apart) + ".";
  finding.next_step =
      "If its traffic should stay in one domain, give it a topology constraint; nobody promised "
      "one.";
  return finding;
}

}  // namespace plumbline::netcheck
