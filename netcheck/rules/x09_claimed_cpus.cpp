#include <algorithm>
#include <charconv>
#include <map>
#include <optional>

#include "netcheck/rules/claim_devices.hpp"
#include "netcheck/rules/cpu_sets.hpp"
#include "netcheck/rules/lookup.hpp"
#include "netcheck/rules/quote.hpp"
#include "netcheck/rules/rules.hpp"

namespace plumbline::netcheck {
namespace {

constexpr const char* kDriver = "dra.cpu";

/// CPUs that a claim gives: by their numbers (a device a CPU), or how many of a group.
struct Given {
  Numbers cpus;
  std::int64_t count = 0;
  std::string unknown;  ///< why neither can be told
};

std::optional<std::int64_t> number_of(const std::string& text) {
  std::int64_t number = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool whole = read.ec == std::errc() && read.ptr == text.data() + text.size();
  return whole ? std::optional(number) : std::nullopt;
}

bool is_of_cpus(const DeviceClaim& claim) {
  return std::any_of(claim.devices.begin(), claim.devices.end(), [](const AllocatedDevice& device) {
    return device.driver == kDriver && !device.admin_access;
  });
}

Given given_by(const DeviceClaim& claim, const Offers& offers) {
  Given given;
  for (const AllocatedDevice& device : claim.devices) {
    if (device.driver != kDriver || device.admin_access) continue;
    const auto amount = device.consumed_capacity.find("dra.cpu/cpu");
    if (amount != device.consumed_capacity.end()) {
      const auto count = number_of(amount->second);
      if (!count) given.unknown = "it gives " + amount->second + " CPUs of " + device.device;
      given.count += count.value_or(0);
      continue;
    }
    const auto offered = offers.find(device);
    const auto ids = offered ? values_of(*offered, "dra.cpu/cpuID") : std::vector<std::string>();
    const auto cpu = ids.size() == 1 ? number_of(ids.front()) : std::nullopt;
    if (cpu) {
      given.cpus.insert(static_cast<int>(*cpu));
    } else {
      given.unknown = "no slice says which CPU " + device.device + " is";
    }
  }
  return given;
}

/// A container of a living pod with what the kernel lets it use. Borrows the facts.
struct Confined {
  const PodClaim* pod = nullptr;
  std::string name;
  Numbers cpus;

  std::string text() const { return name + " " + text_of(cpus); }
};

std::vector<Confined> confined_on(const Facts& facts, const NodeFacts& node) {
  std::map<std::string, const PodClaim*> pods;
  for (const PodClaim* pod : pods_on(facts, node.node)) {
    if (!ended(*pod)) pods[pod->meta.uid] = pod;
  }
  std::vector<Confined> all;
  for (const ContainerCpuset& cpuset : *node.holdings->cpusets) {
    const auto pod = pods.find(cpuset.pod_uid);
    if (pod == pods.end()) continue;
    const auto name = pod->second->containers.find(cpuset.container_id);
    if (name == pod->second->containers.end()) continue;
    all.push_back({pod->second, name->second, set_of(cpuset.cpus)});
  }
  return all;
}

/// One claim and one pod that it is reserved for. Borrows the facts.
struct Case {
  const NodeFacts* node = nullptr;
  const DeviceClaim* claim = nullptr;
  const PodClaim* pod = nullptr;
  Given given;         ///< by this claim
  Numbers all_cpus;    ///< by all of the pod's claims
  std::int64_t total;  ///< by all of the pod's claims, of groups
};

Finding begin(const Case& one) {
  Finding finding;
  finding.rule = "X09";
  finding.tier = "A";
  finding.subject = {"pod", full_name(one.pod->meta), one.node->node, ""};
  finding.claim = quote_claim(*one.claim);
  return finding;
}

std::string promise(const Case& one) {
  return "Claim " + full_name(one.claim->meta) + " gives pod " + full_name(one.pod->meta) + " " +
         (one.given.cpus.empty() ? std::to_string(one.given.count) + " CPUs"
                                 : "CPUs " + text_of(one.given.cpus)) +
         " for itself";
}

Finding end(Finding finding, Verdict verdict, std::string message, std::string next) {
  finding.verdict = verdict;
  finding.message = std::move(message);
  finding.next_step = std::move(next);
  return finding;
}

/// True for a container that the driver confined to this claim's CPUs, alone or with those of the
/// pod's other claims.
bool confined_to(const Case& one, const Numbers& cpus) {
  if (one.given.cpus.empty()) {
    const auto count = static_cast<std::int64_t>(cpus.size());
    return count == one.given.count || count == one.total;
  }
  return std::includes(cpus.begin(), cpus.end(), one.given.cpus.begin(), one.given.cpus.end()) &&
         std::includes(one.all_cpus.begin(), one.all_cpus.end(), cpus.begin(), cpus.end());
}

bool holds(const Case& one, const PodClaim& pod) {
  const auto& users = one.claim->reserved_for;
  return &pod == one.pod || (pod.meta.name_space == one.claim->meta.name_space &&
                             std::find(users.begin(), users.end(), pod.meta.name) != users.end());
}

constexpr const char* kRestart =
    "Look at the CPU driver's log on the node (it confines containers through NRI when they are "
    "made), and that kubelet's own CPU manager is off; then start the pod anew.";

Finding judge(const Case& one, const std::vector<Confined>& all) {
  Finding finding = begin(one);
  if (!one.given.unknown.empty()) {
    return end(std::move(finding), Verdict::unobservable,
               "Which CPUs claim " + full_name(one.claim->meta) +
                   " gives cannot be told: " + one.given.unknown + ".",
               "Read the ResourceSlices of driver dra.cpu too and run again.");
  }
  std::vector<const Confined*> own;
  std::vector<std::string> seen;
  for (const Confined& container : all) {
    if (container.pod != one.pod) continue;
    own.push_back(&container);
    seen.push_back(container.text());
    finding.evidence.push_back(
        {"cgroup of container " + container.name + " of " + full_name(one.pod->meta),
         "cpus " + text_of(container.cpus), ""});
  }
  const auto mine = std::find_if(own.begin(), own.end(), [&](const Confined* container) {
    return confined_to(one, container->cpus);
  });
  if (mine == own.end() && (own.empty() || own.size() < one.pod->containers.size())) {
    return end(std::move(finding), Verdict::unobservable,
               promise(one) +
                   "; what the kernel lets its containers use was not seen of all of "
                   "them.",
               "See that the agent sees the host's cgroup mount (--cgroup-root) and run again.");
  }
  if (mine == own.end()) {
    return end(std::move(finding), Verdict::violation,
               promise(one) + ", but the kernel confines none of its containers to them: " +
                   listed(seen) + ".",
               kRestart);
  }
  std::vector<std::string> others;
  const Numbers& cpus = one.given.cpus.empty() ? (*mine)->cpus : one.given.cpus;
  for (const Confined& container : all) {
    const Numbers both = shared_by(container.cpus, cpus);
    if (both.empty() || holds(one, *container.pod)) continue;
    others.push_back("container " + container.name + " of " + full_name(container.pod->meta) +
                     " (" + text_of(both) + ")");
  }
  if (!others.empty()) {
    return end(std::move(finding), Verdict::violation,
               promise(one) + ", but the kernel lets others use them too: " + listed(others) + ".",
               kRestart);
  }
  return end(std::move(finding), Verdict::match,
             promise(one) + ", and the kernel keeps to it: " + (*mine)->text() + ".",
             "Nothing to do.");
}

Finding unseen(const Case& one) {
  return end(begin(one), Verdict::unobservable,
             promise(one) + "; whether the kernel keeps to that could not be seen: no cgroups of " +
                 one.node->node + " were read (the kubelet does not know of these CPUs).",
             "Give the agent (or collect) the host's /sys/fs/cgroup, read-only (--cgroup-root); "
             "tier A is enough.");
}

/// The cases of one node: every claim of CPUs with every living pod that it is reserved for.
std::vector<Case> cases_of(const Facts& facts, const NodeFacts& node,
                           const std::vector<const DeviceClaim*>& claims, const Offers& offers) {
  std::map<std::string, const PodClaim*> pods;
  for (const PodClaim* pod : pods_on(facts, node.node)) {
    if (pod->phase == "Running") pods[full_name(pod->meta)] = pod;
  }
  std::vector<Case> cases;
  for (const DeviceClaim* claim : claims) {
    for (const std::string& name : claim->reserved_for) {
      const auto pod = pods.find(claim->meta.name_space + "/" + name);
      if (pod == pods.end()) continue;
      cases.push_back({&node, claim, pod->second, given_by(*claim, offers), {}, 0});
    }
  }
  for (Case& one : cases) {
    for (const Case& other : cases) {
      if (other.pod != one.pod) continue;
      one.all_cpus.insert(other.given.cpus.begin(), other.given.cpus.end());
      one.total += other.given.count;
    }
  }
  return cases;
}

}  // namespace

std::vector<Finding> x09_claimed_cpus(const Facts& facts) {
  if (!facts.claims) return {};
  std::map<std::string, std::vector<const DeviceClaim*>> by_node;
  for (const DeviceClaim& claim : facts.claims->claims) {
    if (is_of_cpus(claim)) by_node[claim.node].push_back(&claim);
  }
  std::vector<Finding> findings;
  if (by_node.empty()) return findings;
  const Offers offers(*facts.claims);
  for (const NodeFacts& node : facts.nodes) {
    if (!node.holdings || by_node.count(node.node) == 0) continue;
    const bool read = node.holdings->cpusets.has_value();
    const auto all = read ? confined_on(facts, node) : std::vector<Confined>();
    for (const Case& one : cases_of(facts, node, by_node[node.node], offers))
      findings.push_back(read ? judge(one, all) : unseen(one));
  }
  return findings;
}

}  // namespace plumbline::netcheck
