#include <algorithm>
#include <map>
#include <utility>

#include "netcheck/gpu/claimed.hpp"
#include "netcheck/gpu/gpu_rules.hpp"
#include "netcheck/rules/facts_index.hpp"
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

/// The pod whose cgroup a process is in, by its uid; null when it is in none that is known.
const PodClaim* pod_of(const Facts& facts, const GpuProcess& process) {
  if (process.pod_uid.empty() || !facts.claims) return nullptr;
  if (const FactsIndex* index = facts.index.get()) {
    return found_under(index->pods_by_uid, process.pod_uid);
  }
  for (const PodClaim& pod : facts.claims->pods) {
    if (pod.meta.uid == process.pod_uid) return &pod;
  }
  return nullptr;
}

/// The pod that holds a GPU or a slice of it; null when none does.
const GpuHolder* holder_of(const NodeFacts& node, const std::vector<GpuHolder>& holders,
                           const Gpu& gpu) {
  for (const GpuHolder& holder : holders) {
    for (const std::string& uuid : holder.uuids) {
      if (gpu_of(*node.topology, uuid) == &gpu) return &holder;
    }
  }
  return nullptr;
}

/// Processes of pods that use a GPU which the kubelet gave another pod, or none. Shared GPUs have
/// several holders, so that only who holds nothing of the GPU is told.
void add_foreign(const Facts& facts, const NodeFacts& node, const std::vector<GpuHolder>& holders,
                 std::vector<Finding>& findings) {
  if (!node.topology || !node.topology->gpus) return;
  for (const Gpu& gpu : node.topology->gpus->gpus) {
    for (const GpuProcess& process : gpu.processes.value_or(std::vector<GpuProcess>{})) {
      const PodClaim* const pod = pod_of(facts, process);
      if (pod == nullptr || pod->meta.name_space == facts.own_namespace) continue;
      const std::string name = full_name(pod->meta);
      const bool given = std::any_of(holders.begin(), holders.end(), [&](const GpuHolder& holder) {
        return holder.pod == name && holder_of(node, {holder}, gpu) != nullptr;
      });
      if (given) continue;
      const GpuHolder* const owner = holder_of(node, holders, gpu);
      Finding finding =
          gpu_finding("X04", "C", owner != nullptr ? Verdict::violation : Verdict::unclaimed,
                      {"pod", name, node.node, ""});
      finding.claim = quote_pod(*pod);
      finding.evidence.push_back({"cgroup of process " + std::to_string(process.pid),
                                  "pod uid " + process.pod_uid + " uses " + gpu.uuid, ""});
      finding.message = "Pod " + name + " on " + node.node + " uses GPU " + gpu.uuid +
                        " (process " + std::to_string(process.pid) + "), which " +
                        (owner != nullptr ? "the kubelet gave pod " + owner->pod + "."
                                          : std::string("the kubelet gave nobody."));
      finding.next_step =
          "Look whether the pod is privileged or sets NVIDIA_VISIBLE_DEVICES: either shows it "
          "GPUs that it was not given.";
      findings.push_back(std::move(finding));
    }
  }
}

/// GPUs with processes that no pod holds: nobody is accused, since agents and daemons use them too.
void add_unclaimed(const Facts& facts, const NodeFacts& node, const std::vector<GpuHolder>& holders,
                   std::vector<Finding>& findings) {
  if (!node.topology || !node.topology->gpus) return;
  for (const Gpu& gpu : node.topology->gpus->gpus) {
    if (!gpu.processes || holder_of(node, holders, gpu) != nullptr) continue;
    std::vector<std::string> pids;
    for (const GpuProcess& process : *gpu.processes) {
      if (pod_of(facts, process) == nullptr) pids.push_back(std::to_string(process.pid));
    }
    if (pids.empty()) continue;
    Finding finding = gpu_finding("X04", "C", Verdict::unclaimed, gpu_subject(node.node, gpu.uuid));
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
    add_foreign(facts, node, *holders, findings);
    add_unclaimed(facts, node, *holders, findings);
  }
  return findings;
}

}  // namespace plumbline::netcheck
