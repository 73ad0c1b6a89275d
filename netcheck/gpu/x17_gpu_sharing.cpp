#include <map>
#include <set>
#include <utility>

#include "netcheck/gpu/claimed.hpp"
#include "netcheck/gpu/gpu_rules.hpp"
#include "netcheck/rules/quote.hpp"

namespace plumbline::netcheck {
namespace {

/// Pods by the GPU that they share, by the kubelet's word.
std::map<std::string, std::set<std::string>> sharers(const Facts& facts, const NodeFacts& node) {
  std::map<std::string, std::set<std::string>> pods;
  const auto holders = gpu_holders(facts, node);
  if (!holders) return pods;
  for (const GpuHolder& holder : *holders) {
    for (const std::string& uuid : holder.shared)
      pods[uuid].insert(holder.pod);
  }
  return pods;
}

Finding sliced(const NodeFacts& node, const Gpu& gpu) {
  Finding finding = gpu_finding("X17", "C", Verdict::match, gpu_subject(node.node, gpu.uuid));
  std::vector<std::string> profiles;
  for (const MigInstance& slice : gpu.instances)
    profiles.push_back(slice.profile);
  finding.evidence.push_back({node.topology->gpus->source + " on " + node.node,
                              profiles.empty() ? "MIG without instances" : listed(profiles), ""});
  finding.message = "GPU " + gpu.uuid + " on " + node.node + " is cut into " +
                    std::to_string(gpu.instances.size()) +
                    " MIG slices: their copies share its engines and PCIe link, reach no other "
                    "GPU, and are not held against a whole GPU's rate.";
  return finding;
}

Finding timed(const NodeFacts& node, const std::string& uuid, const std::set<std::string>& pods) {
  Finding finding = gpu_finding("X17", "C", Verdict::match, gpu_subject(node.node, uuid));
  const std::vector<std::string> names(pods.begin(), pods.end());
  finding.evidence.push_back({"kubelet of " + node.node, listed(names), ""});
  finding.message = "GPU " + uuid + " on " + node.node + " is offered as several replicas; pod " +
                    listed(names) + (pods.size() == 1 ? " holds" : " hold") +
                    " of them: a low number there is no fault of the link.";
  return finding;
}

}  // namespace

std::vector<Finding> x17_gpu_sharing(const Facts& facts) {
  std::vector<Finding> findings;
  for (const NodeFacts& node : facts.nodes) {
    if (!node.topology || !node.topology->gpus) continue;
    for (const Gpu& gpu : node.topology->gpus->gpus) {
      if (gpu.mig.value_or(false)) findings.push_back(sliced(node, gpu));
    }
    for (const auto& [uuid, pods] : sharers(facts, node))
      findings.push_back(timed(node, uuid, pods));
  }
  return findings;
}

}  // namespace plumbline::netcheck
