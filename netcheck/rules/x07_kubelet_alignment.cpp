#include <algorithm>
#include <charconv>
#include <unordered_map>

#include "netcheck/rules/lookup.hpp"
#include "netcheck/rules/numa_view.hpp"
#include "netcheck/rules/quote.hpp"
#include "netcheck/rules/rules.hpp"

namespace plumbline::netcheck {
namespace {

std::string text_of(const ContainerNuma& view) {
  std::vector<std::string> parts;
  for (const auto& [node, things] : view.on)
    parts.push_back(listed(things) + " on NUMA node " + std::to_string(node));
  return listed(parts);
}

/// Everything of one scope: a container, or all containers of a pod together.
std::vector<ContainerNuma> scoped(const NodeFacts& node, const std::string& scope) {
  std::vector<ContainerNuma> all = containers_by_numa(node);
  if (scope != "pod") return all;
  std::vector<ContainerNuma> pods;
  for (ContainerNuma& view : all) {
    if (pods.empty() || pods.back().pod != view.pod) {
      pods.push_back(std::move(view));
      pods.back().container.clear();
      continue;
    }
    for (auto& [numa, things] : view.on)
      pods.back().on[numa].insert(pods.back().on[numa].end(), things.begin(), things.end());
    pods.back().silent.insert(pods.back().silent.end(), view.silent.begin(), view.silent.end());
    for (const auto& [name, amount] : view.amounts)
      pods.back().amounts[name] += amount;
  }
  return pods;
}

/// True when the view holds more of a resource than any one zone has: then several are allowed.
bool more_than_one_zone_has(const ContainerNuma& view, const AlignmentPolicy& policy) {
  return std::any_of(view.amounts.begin(), view.amounts.end(), [&](const auto& amount) {
    bool told = false;
    for (const auto& [zone, resources] : policy.zones) {
      const auto found = resources.find(amount.first);
      if (found == resources.end()) continue;
      told = true;
      std::int64_t there = 0;
      const std::string& text = found->second;
      std::from_chars(text.data(), text.data() + text.size(), there);
      if (there >= amount.second) return false;
    }
    return told;
  });
}

Finding begin(const NodeFacts& node, const AlignmentPolicy& policy, const ContainerNuma& view,
              const PodClaim* pod) {
  Finding finding;
  finding.rule = "X07";
  finding.tier = "A";
  finding.subject = {"pod", view.pod, node.node, ""};
  if (policy.kind.empty()) {
    // The policy stands in the kubelet's own file, which is no object: the pod is what is quoted.
    if (pod != nullptr) finding.claim = quote_pod(*pod);
    finding.evidence.push_back({"config.yaml of the kubelet of " + node.node,
                                "topologyManagerPolicy: " + policy.policy, ""});
  } else {
    finding.claim =
        ClaimRef{policy.kind, policy.meta.name, policy.meta.uid, policy.meta.resource_version,
                 policy.path, policy.value};
  }
  finding.evidence.push_back(
      {node.holdings->source + ", NUMA nodes of " + node.node, text_of(view), ""});
  finding.message = (view.container.empty() ? "Pod " + view.pod
                                            : "Container " + view.container + " of " + view.pod) +
                    " under policy " + policy.policy + " of " + node.node;
  return finding;
}

Finding end(Finding finding, Verdict verdict, const std::string& message, const std::string& next) {
  finding.verdict = verdict;
  finding.message += message + ".";
  finding.next_step = next;
  return finding;
}

Finding spread_out(Finding finding, const AlignmentPolicy& policy, const ContainerNuma& view) {
  const std::string where = " has " + text_of(view);
  if (policy.policy == "none") {
    return end(std::move(finding), Verdict::unclaimed, where + ", and nobody promised otherwise",
               "Set a Topology Manager policy if that costs too much.");
  }
  if (policy.policy == "best-effort") {
    return end(std::move(finding), Verdict::preference_not_met, where + ": one node was preferred",
               "Nothing is broken; for a promise use single-numa-node.");
  }
  if (policy.policy == "restricted") {
    if (policy.zones.empty()) {
      return end(std::move(finding), Verdict::unobservable,
                 where + ", and what one node has to give was not read",
                 "Record NodeResourceTopology with its zones.");
    }
    if (more_than_one_zone_has(view, policy)) {
      return end(std::move(finding), Verdict::match,
                 where + ", and asked for more than one node has", "Nothing to do.");
    }
  }
  return end(std::move(finding), Verdict::violation, where + ", but was promised one node",
             "Restart the pod; if it comes back so, look at the kubelet's log of the Topology "
             "Manager and at the device plugin's hints.");
}

std::optional<Finding> judge(const NodeFacts& node, const AlignmentPolicy& policy,
                             const ContainerNuma& view, const PodClaim* pod) {
  std::size_t things = view.silent.size();
  for (const auto& [numa, parts] : view.on)
    things += parts.size();
  if (things < 2) return std::nullopt;
  Finding finding = begin(node, policy, view, pod);
  if (view.on.size() > 1) return spread_out(std::move(finding), policy, view);
  if (!view.silent.empty()) {
    return end(std::move(finding), Verdict::vacuous,
               " proves nothing: no NUMA node is told of " + listed(view.silent) +
                   ", so the Topology Manager lets it pass",
               "See why the device plugin tells no topology.");
  }
  return end(std::move(finding), policy.policy == "none" ? Verdict::unclaimed : Verdict::match,
             " has everything on one NUMA node: " + text_of(view), "Nothing to do.");
}

/// The policy in the kubelet's own file; without a kind, as it is no object of the API.
AlignmentPolicy own_policy(const NodeFacts& node) {
  AlignmentPolicy policy;
  if (!node.holdings->state) return policy;
  policy.policy = node.holdings->state->topology_policy;
  policy.scope = node.holdings->state->topology_scope;
  return policy;
}

}  // namespace

std::vector<Finding> x07_kubelet_alignment(const Facts& facts) {
  if (!facts.claims) return without_claims(facts, "X07", "A");
  std::unordered_map<std::string, const AlignmentPolicy*> policies;
  for (const AlignmentPolicy& policy : facts.claims->policies)
    policies.emplace(policy.meta.name, &policy);
  std::vector<Finding> findings;
  for (const NodeFacts& node : facts.nodes) {
    if (!node.topology || !node.holdings) continue;
    const auto read = policies.find(node.node);
    const AlignmentPolicy policy =
        read == policies.end() || read->second->policy.empty() ? own_policy(node) : *read->second;
    if (policy.policy.empty()) continue;
    for (const ContainerNuma& view : scoped(node, policy.scope)) {
      const auto slash = view.pod.find('/');
      const PodClaim* const pod = policy.kind.empty() ? find_pod(facts, view.pod.substr(0, slash),
                                                                 view.pod.substr(slash + 1))
                                                      : nullptr;
      if (auto finding = judge(node, policy, view, pod)) findings.push_back(std::move(*finding));
    }
  }
  return findings;
}

}  // namespace plumbline::netcheck
