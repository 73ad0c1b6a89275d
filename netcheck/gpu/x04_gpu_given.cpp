#include <algorithm>
#include <map>
#include <utility>

#include "netcheck/gpu/claimed.hpp"
#include "netcheck/gpu/gpu_rules.hpp"
#include "netcheck/rules/quote.hpp"

namespace plumbline::netcheck {
namespace {

bool is_shared(const GpuHolder& holder, const std::string& uuid) {
  return std::find(holder.shared.begin(), holder.shared.end(), uuid) != holder.shared.end();
}

Finding begin(const NodeFacts& node, const GpuHolder& holder) {
  Finding finding = gpu_finding("X04", "C", Verdict::match, {"pod", holder.pod, node.node, ""});
  finding.evidence.push_back(
      {"kubelet of " + node.node + " (" + node.holdings->source + ")", listed(holder.uuids), ""});
  return finding;
}

/// Another pod that has one of the GPUs for itself too; null when none has.
const GpuHolder* rival(const std::vector<GpuHolder>& holders, const GpuHolder& holder,
                       std::string& uuid) {
  for (const GpuHolder& other : holders) {
    if (&other == &holder) continue;
    for (const std::string& one : holder.uuids) {
      const bool both = std::find(other.uuids.begin(), other.uuids.end(), one) != other.uuids.end();
      if (!both || is_shared(holder, one) || is_shared(other, one)) continue;
      uuid = one;
      return &other;
    }
  }
  return nullptr;
}

Finding check(const NodeFacts& node, const std::vector<GpuHolder>& holders,
              const GpuHolder& holder) {
  Finding finding = begin(node, holder);
  const std::string what = "Pod " + holder.pod + " on " + node.node + " holds " +
                           std::to_string(holder.uuids.size()) +
                           (holder.uuids.size() == 1 ? " GPU" : " GPUs");
  std::string twice;
  if (const GpuHolder* other = rival(holders, holder, twice)) {
    finding.verdict = Verdict::violation;
    finding.message = what + ", of which " + twice + " is held by pod " + other->pod + " too.";
    finding.next_step = "Look at the device plugin or DRA driver of " + node.node +
                        ": it gave one GPU twice without saying that it is shared.";
    return finding;
  }
  if (!node.topology || (!node.topology->gpus && shows_gpus(node))) {
    finding.verdict = Verdict::unobservable;
    finding.message = what + ", which could not be seen: " + why_no_gpus(node) + ".";
    finding.next_step = "Make the agent of " + node.node + " tell its GPUs, and run again.";
    return finding;
  }
  for (const std::string& uuid : holder.uuids) {
    if (gpu_of(*node.topology, uuid) != nullptr) continue;
    finding.verdict = Verdict::violation;
    finding.message = what + " by the kubelet's word, but " + uuid + " is not there.";
    finding.next_step = "Look for that GPU on " + node.node +
                        " (dmesg, nvidia-smi -L); the pod must be placed again.";
    return finding;
  }
  if (!holder.unresolved.empty()) {
    finding.verdict = Verdict::unobservable;
    finding.message = what + " that can be told, and " + listed(holder.unresolved) +
                      ", whose UUID no slice publishes.";
    finding.next_step = "Read the ResourceSlices of " + node.node + " too, and run again.";
    return finding;
  }
  finding.message = what + " by the kubelet's word, and all of them are there.";
  return finding;
}

/// GPUs with processes that no pod holds: nobody is accused, since agents and daemons use them too.
void add_unclaimed(const NodeFacts& node, const std::vector<GpuHolder>& holders,
                   std::vector<Finding>& findings) {
  if (!node.topology || !node.topology->gpus) return;
  for (const Gpu& gpu : node.topology->gpus->gpus) {
    const bool held = std::any_of(holders.begin(), holders.end(), [&](const GpuHolder& holder) {
      return std::any_of(holder.uuids.begin(), holder.uuids.end(), [&](const std::string& uuid) {
        return gpu_of(*node.topology, uuid) == &gpu;
      });
    });
    if (held || !gpu.processes || gpu.processes->empty()) continue;
    Finding finding = gpu_finding("X04", "C", Verdict::unclaimed, gpu_subject(node.node, gpu.uuid));
    std::vector<std::string> pids;
    for (const GpuProcess& process : *gpu.processes)
      pids.push_back(std::to_string(process.pid));
    finding.evidence.push_back(
        {node.topology->gpus->source + " on " + node.node, "pid " + listed(pids), ""});
    finding.message = "GPU " + gpu.uuid + " on " + node.node + " is used by process " +
                      listed(pids) + ", but the kubelet says that no pod holds it.";
    finding.next_step = "Find the process on " + node.node +
                        ": a privileged pod sees every GPU, and a driver's daemon may use one.";
    findings.push_back(std::move(finding));
  }
}

}  // namespace

std::vector<Finding> x04_gpu_given(const Facts& facts) {
  std::vector<Finding> findings;
  for (const NodeFacts& node : facts.nodes) {
    const auto holders = gpu_holders(facts, node);
    if (!holders) continue;
    for (const GpuHolder& holder : *holders)
      findings.push_back(check(node, *holders, holder));
    add_unclaimed(node, *holders, findings);
  }
  return findings;
}

}  // namespace plumbline::netcheck
