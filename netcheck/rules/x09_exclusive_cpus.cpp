#include <algorithm>
#include <map>

#include "netcheck/rules/cpu_sets.hpp"
#include "netcheck/rules/lookup.hpp"
#include "netcheck/rules/quote.hpp"
#include "netcheck/rules/rules.hpp"

namespace plumbline::netcheck {
namespace {

/// One container with what it was promised and what the kernel gives it. Borrows the facts.
struct Container {
  const PodClaim* pod = nullptr;
  std::string name;
  Numbers by_kubelet;  ///< PodResources cpu_ids
  Numbers by_state;    ///< cpu_manager_state
  Numbers memory;      ///< memory_manager_state: NUMA nodes
  const ContainerCpuset* kernel = nullptr;

  std::string title() const { return "container " + name + " of " + full_name(pod->meta); }
  bool promised() const { return !by_kubelet.empty() || !by_state.empty() || !memory.empty(); }
};

/// The containers of a node's living pods, by what tells of them.
class Containers {
 public:
  Containers(const Facts& facts, const NodeFacts& node) {
    for (const PodClaim* pod : pods_on(facts, node.node)) {
      if (ended(*pod)) continue;
      by_uid_[pod->meta.uid] = pod;
      by_name_[full_name(pod->meta)] = pod;
    }
    for (const ContainerShare& share : node.holdings->containers) {
      const auto pod = by_name_.find(share.pod_namespace + "/" + share.pod_name);
      if (pod != by_name_.end()) of(*pod->second, share.container).by_kubelet = set_of(share.cpus);
    }
    if (node.holdings->state) take_state(*node.holdings->state);
    if (node.holdings->cpusets) take_kernel(*node.holdings->cpusets);
  }

  std::vector<const Container*> all() const {
    std::vector<const Container*> list;
    for (const auto& [key, container] : containers_)
      list.push_back(&container);
    return list;
  }

 private:
  Container& of(const PodClaim& pod, const std::string& name) {
    Container& container = containers_[{full_name(pod.meta), name}];
    container.pod = &pod;
    container.name = name;
    return container;
  }

  void take_state(const KubeletState& state) {
    for (const ManagerEntry& entry : state.entries) {
      const auto pod = by_uid_.find(entry.pod_uid);
      if (pod == by_uid_.end()) continue;
      Container& container = of(*pod->second, entry.container);
      container.by_state = set_of(entry.cpus);
      container.memory = set_of(entry.memory_numa);
    }
  }

  /// A pod's sandbox has a cgroup too, which no manager confines: only containers that the Pod
  /// object names count.
  void take_kernel(const std::vector<ContainerCpuset>& cpusets) {
    for (const ContainerCpuset& cpuset : cpusets) {
      const auto pod = by_uid_.find(cpuset.pod_uid);
      if (pod == by_uid_.end()) continue;
      const auto name = pod->second->containers.find(cpuset.container_id);
      if (name != pod->second->containers.end()) of(*pod->second, name->second).kernel = &cpuset;
    }
  }

  std::map<std::string, const PodClaim*> by_uid_;
  std::map<std::string, const PodClaim*> by_name_;
  std::map<std::pair<std::string, std::string>, Container> containers_;
};

Finding begin(const NodeFacts& node, const Container& container) {
  Finding finding;
  finding.rule = "X09";
  finding.tier = "A";
  finding.subject = {"pod", full_name(container.pod->meta), node.node, ""};
  finding.claim = quote_pod(*container.pod);
  if (!container.by_kubelet.empty()) {
    finding.evidence.push_back(
        {node.holdings->source,
         "cpu_ids of " + container.name + ": " + text_of(container.by_kubelet), ""});
  }
  if (!container.by_state.empty()) {
    finding.evidence.push_back({"cpu_manager_state of " + node.node,
                                container.name + ": " + text_of(container.by_state), ""});
  }
  if (!container.memory.empty()) {
    finding.evidence.push_back({"memory_manager_state of " + node.node,
                                container.name + ": NUMA nodes " + text_of(container.memory), ""});
  }
  if (container.kernel != nullptr) {
    finding.evidence.push_back({"cgroup of container " + container.kernel->container_id,
                                "cpus " + text_of(set_of(container.kernel->cpus)) + ", memory of " +
                                    text_of(set_of(container.kernel->memory_nodes)),
                                ""});
  }
  return finding;
}

Finding end(Finding finding, Verdict verdict, std::string message, std::string next) {
  finding.verdict = verdict;
  message[0] = static_cast<char>(message[0] == 'c' ? 'C' : message[0]);
  finding.message = std::move(message);
  finding.next_step = std::move(next);
  return finding;
}

/// Containers whose cpuset has a CPU in common with these.
std::vector<std::string> intruders(const std::vector<const Container*>& all, const Container& own,
                                   const Numbers& cpus) {
  std::vector<std::string> names;
  for (const Container* const other : all) {
    if (other == &own || other->kernel == nullptr) continue;
    const Numbers shared = shared_by(set_of(other->kernel->cpus), cpus);
    if (!shared.empty()) names.push_back(other->title() + " (" + text_of(shared) + ")");
  }
  return names;
}

constexpr const char* kRestart =
    "Restart the pod so that the kubelet writes its cpuset anew, and look at the kubelet's log of "
    "its CPU and memory managers.";

/// Exclusive CPUs against the kernel's; nothing when all is as it should be.
std::optional<Finding> wrong_cpus(const NodeFacts& node, const Container& container,
                                  const std::vector<const Container*>& all) {
  const Numbers& promised =
      container.by_kubelet.empty() ? container.by_state : container.by_kubelet;
  if (promised.empty()) return std::nullopt;
  const Numbers kernel = set_of(container.kernel->cpus);
  if (kernel != promised) {
    return end(begin(node, container), Verdict::violation,
               container.title() + " has CPUs " + text_of(promised) +
                   " for itself by its kubelet's word, but the kernel lets it use " +
                   text_of(kernel) + ".",
               kRestart);
  }
  const auto others = intruders(all, container, promised);
  if (others.empty()) return std::nullopt;
  return end(begin(node, container), Verdict::violation,
             container.title() + " has CPUs " + text_of(promised) +
                 " for itself, but the kernel lets others use them too: " + listed(others) + ".",
             kRestart);
}

std::optional<Finding> wrong_memory(const NodeFacts& node, const Container& container) {
  const Numbers kernel = set_of(container.kernel->memory_nodes);
  const bool inside =
      std::includes(container.memory.begin(), container.memory.end(), kernel.begin(), kernel.end());
  if (container.memory.empty() || kernel.empty() || inside) return std::nullopt;
  return end(begin(node, container), Verdict::violation,
             container.title() + " has memory of NUMA nodes " + text_of(container.memory) +
                 " by its kubelet's word, but the kernel lets it use nodes " + text_of(kernel) +
                 ".",
             kRestart);
}

Finding judge(const NodeFacts& node, const Container& container,
              const std::vector<const Container*>& all) {
  const bool two_words = !container.by_kubelet.empty() && !container.by_state.empty() &&
                         container.by_kubelet != container.by_state;
  if (two_words) {
    return end(begin(node, container), Verdict::violation,
               "The kubelet of " + node.node + " says two things of " + container.title() +
                   ": CPUs " + text_of(container.by_kubelet) + " to those who ask, " +
                   text_of(container.by_state) + " in its own state file.",
               kRestart);
  }
  if (container.kernel == nullptr) {
    return end(begin(node, container), Verdict::unobservable,
               "What the kernel lets " + container.title() +
                   " use could not be seen: no cgroup of it was found on " + node.node + ".",
               "See that the agent sees the host's cgroup mount (--cgroup-root) and run again.");
  }
  if (auto found = wrong_cpus(node, container, all)) return std::move(*found);
  if (auto found = wrong_memory(node, container)) return std::move(*found);
  return end(begin(node, container), Verdict::match,
             container.title() + " may use just what its kubelet says: CPUs " +
                 text_of(set_of(container.kernel->cpus)) + ".",
             "Nothing to do.");
}

/// Nobody saw the kernel's side of this node: one finding, made with the first container.
Finding unseen(const NodeFacts& node, const Container& first, std::size_t count) {
  std::string why = "no cgroups were read";
  for (const std::string& reason : node.holdings->unread) {
    if (reason.starts_with("cgroups: ")) why = reason.substr(9);
  }
  return end(begin(node, first), Verdict::unobservable,
             "Whether the kernel keeps to what the kubelet of " + node.node + " gave " +
                 std::to_string(count) + (count == 1 ? " container" : " containers") +
                 " could not be seen: " + why + ".",
             "Give the agent (or collect) the host's /sys/fs/cgroup, read-only (--cgroup-root); "
             "tier A is enough.");
}

}  // namespace

std::vector<Finding> x09_exclusive_cpus(const Facts& facts) {
  if (!facts.claims) return without_claims(facts, "X09", "A");
  std::vector<Finding> findings;
  for (const NodeFacts& node : facts.nodes) {
    if (!node.holdings) continue;
    const Containers containers(facts, node);
    const auto all = containers.all();
    std::vector<const Container*> promised;
    std::copy_if(all.begin(), all.end(), std::back_inserter(promised),
                 [](const Container* container) { return container->promised(); });
    if (promised.empty()) continue;
    if (!node.holdings->cpusets) {
      findings.push_back(unseen(node, *promised.front(), promised.size()));
      continue;
    }
    for (const Container* const container : promised)
      findings.push_back(judge(node, *container, all));
  }
  return findings;
}

}  // namespace plumbline::netcheck
