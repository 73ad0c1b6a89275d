#include <unordered_map>

#include "netcheck/rules/claim_devices.hpp"
#include "netcheck/rules/lookup.hpp"
#include "netcheck/rules/numa_view.hpp"
#include "netcheck/rules/quote.hpp"
#include "netcheck/rules/rules.hpp"

namespace plumbline::netcheck {
namespace {

/// Exclusive CPUs of every pod of a node: pod -> NUMA nodes.
std::unordered_map<std::string, std::set<int>> cpus_by_pod(const NodeFacts& node) {
  std::unordered_map<std::string, std::set<int>> nodes;
  for (const ContainerNuma& view : containers_by_numa(node))
    nodes[view.pod].insert(view.cpu_nodes.begin(), view.cpu_nodes.end());
  return nodes;
}

std::string nodes_text(const std::set<int>& nodes) {
  std::vector<std::string> words;
  for (const int node : nodes)
    words.push_back(std::to_string(node));
  return listed(words);
}

/// DRA takes no part in the Topology Manager: what is together is so by luck, what is not is
/// nobody's fault. Both are worth knowing.
std::optional<Finding> judge(const NodeFacts& node, const Offers& offers, const DeviceClaim& claim,
                             const std::string& pod, const std::set<int>& cpus) {
  Finding finding;
  finding.rule = "X08";
  finding.tier = "A";
  finding.verdict = Verdict::unclaimed;
  finding.subject = {"pod", pod, node.node, ""};
  finding.claim = quote_claim(claim);
  std::vector<std::string> near;
  std::vector<std::string> far;
  for (const AllocatedDevice& given : claim.devices) {
    const auto offered = given.admin_access ? std::nullopt : offers.find(given);
    const auto numa = offered ? numa_of(*offered) : std::nullopt;
    if (!numa) continue;
    const bool same = cpus.size() == 1 && std::to_string(*cpus.begin()) == *numa;
    (same ? near : far).push_back(text_of(given) + " (NUMA node " + *numa + ")");
    finding.evidence.push_back({"ResourceSlice " + offered->slice->meta.name,
                                text_of(given) + " " + numa_name(*offered) + " " + *numa, ""});
  }
  if (near.empty() && far.empty()) return std::nullopt;
  finding.evidence.push_back(
      {node.holdings->source, "exclusive CPUs on NUMA node " + nodes_text(cpus), ""});
  const std::string head = "Pod " + pod + " has exclusive CPUs on NUMA node " + nodes_text(cpus) +
                           " and devices by claim " + full_name(claim.meta);
  if (far.empty()) {
    finding.message = head + " on the same node: " + listed(near) +
                      "; DRA and the kubelet's managers do not promise that.";
    finding.next_step = "Nothing to do; the next placement may differ.";
    return finding;
  }
  finding.message = head + " on another: " + listed(far) +
                    "; DRA and the kubelet's managers do not align each other.";
  finding.next_step =
      "Measure what crossing NUMA nodes costs here (plumbline probe); take CPUs by DRA too "
      "(dra.cpu) to constrain both together.";
  return finding;
}

}  // namespace

std::vector<Finding> x08_claims_and_cpus(const Facts& facts) {
  if (!facts.claims) return without_claims(facts, "X08", "A");
  std::unordered_map<std::string, std::vector<const DeviceClaim*>> by_node;
  for (const DeviceClaim& claim : facts.claims->claims) {
    if (!claim.node.empty()) by_node[claim.node].push_back(&claim);
  }
  const Offers offers(*facts.claims);
  std::vector<Finding> findings;
  for (const NodeFacts& node : facts.nodes) {
    if (!node.topology || !node.holdings) continue;
    const auto cpus = cpus_by_pod(node);
    for (const DeviceClaim* claim : by_node[node.node]) {
      for (const std::string& name : claim->reserved_for) {
        const auto found = cpus.find(claim->meta.name_space + "/" + name);
        if (found == cpus.end() || found->second.empty()) continue;
        if (auto finding = judge(node, offers, *claim, found->first, found->second))
          findings.push_back(std::move(*finding));
      }
    }
  }
  return findings;
}

}  // namespace plumbline::netcheck
