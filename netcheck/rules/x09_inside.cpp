#include <algorithm>

#include "netcheck/lookup.hpp"
#include "netcheck/rules/cpu_sets.hpp"
#include "netcheck/rules/quote.hpp"
#include "netcheck/rules/rules.hpp"

namespace plumbline::netcheck {
namespace {

/// What the kubelet gave one pod of the stage for itself, and others on its node.
struct Promise {
  Numbers cpus;
  Numbers memory;  ///< NUMA nodes
  std::vector<const ContainerShare*> others;
};

Promise promise_of(const NodeHoldings& kubelet, const ClaimRef& pod) {
  Promise promise;
  for (const ContainerShare& share : kubelet.containers) {
    if (share.pod_namespace + "/" + share.pod_name == pod.name) {
      promise.cpus.insert(share.cpus.begin(), share.cpus.end());
      promise.memory.insert(share.memory_numa.begin(), share.memory_numa.end());
    } else if (!share.cpus.empty()) {
      promise.others.push_back(&share);
    }
  }
  if (!kubelet.state) return promise;
  for (const ManagerEntry& entry : kubelet.state->entries) {
    if (entry.pod_uid == pod.uid)
      promise.memory.insert(entry.memory_numa.begin(), entry.memory_numa.end());
  }
  return promise;
}

bool within(const Numbers& part, const Numbers& whole) {
  return std::includes(whole.begin(), whole.end(), part.begin(), part.end());
}

/// Containers of other pods that have one of these CPUs for themselves.
std::vector<std::string> owners(const Promise& promise, const Numbers& cpus) {
  std::vector<std::string> names;
  for (const ContainerShare* const share : promise.others) {
    const Numbers both = shared_by(set_of(share->cpus), cpus);
    if (both.empty()) continue;
    names.push_back("container " + share->container + " of " + share->pod_namespace + "/" +
                    share->pod_name + " (" + text_of(both) + ")");
  }
  return names;
}

/// What is wrong with what a process in the pod may use; empty: nothing.
std::string wrong(const Promise& promise, const Numbers& cpus, const Numbers& memory) {
  if (!promise.cpus.empty() && !within(cpus, promise.cpus)) {
    return "may use CPUs " + text_of(cpus) + ", but its kubelet gave it " + text_of(promise.cpus) +
           " for itself";
  }
  if (const auto names = owners(promise, cpus); !names.empty())
    return "may use CPUs that others have for themselves: " + listed(names);
  if (!promise.memory.empty() && !within(memory, promise.memory)) {
    return "may use memory of NUMA nodes " + text_of(memory) + ", but its kubelet gave it " +
           text_of(promise.memory);
  }
  return "";
}

Finding judge(const PlacedPod& pod, const NodeHoldings& kubelet, const Promise& promise,
              const Topology& seen) {
  const Numbers cpus = set_of(seen.inside->cpus);
  const Numbers memory = set_of(seen.inside->memory_nodes);
  const std::string title = "A process in pod " + pod.binding.name + " on " + pod.binding.value;
  Finding finding;
  finding.rule = "X09";
  finding.tier = "A";
  finding.subject = {"pod", pod.binding.name, pod.binding.value, ""};
  finding.claim = pod.binding;
  finding.evidence = {
      {kubelet.source,
       "CPUs for itself: " + text_of(promise.cpus) + "; NUMA nodes: " + text_of(promise.memory),
       kubelet.read_at},
      {"inside pod " + pod.binding.name + ", /proc/self/status",
       "Cpus_allowed_list " + text_of(cpus) + ", Mems_allowed_list " + text_of(memory),
       seen.read_at}};
  const std::string fault = wrong(promise, cpus, memory);
  finding.verdict = fault.empty() ? Verdict::match : Verdict::violation;
  finding.message =
      title + " " +
      (fault.empty() ? "may use CPUs " + text_of(cpus) + ", as its kubelet says" : fault) + ".";
  finding.next_step = fault.empty()
                          ? "Nothing to do."
                          : "Look at the cpuset of its container's cgroup and at the kubelet's log "
                            "of its CPU and memory managers, and restart the pod that is wrong.";
  return finding;
}

}  // namespace

std::vector<Finding> x09_inside(const Facts& facts) {
  std::vector<Finding> findings;
  if (!facts.workloads) return findings;
  for (const PlacedPod& pod : facts.workloads->pods) {
    const NodeFacts* const node = facts_of(facts, pod.binding.value);
    const auto told = std::find_if(facts.placed.begin(), facts.placed.end(),
                                   [&](const auto& one) { return one.node == pod.binding.name; });
    if (node == nullptr || !node->holdings || told == facts.placed.end()) continue;
    if (!told->topology || !told->topology->inside || told->topology->inside->cpus.empty())
      continue;
    const Promise promise = promise_of(*node->holdings, pod.binding);
    if (promise.cpus.empty() && promise.memory.empty() && promise.others.empty()) continue;
    findings.push_back(judge(pod, *node->holdings, promise, *told->topology));
  }
  return findings;
}

}  // namespace plumbline::netcheck
