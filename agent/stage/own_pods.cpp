#include "agent/stage/own_pods.hpp"

#include <algorithm>

#include "netcheck/lookup.hpp"

namespace plumbline::agent {
namespace {

/// What the kubelet of its node says that the pod holds.
void add_devices(const netcheck::Facts& facts, PlacedPod& pod) {
  const auto* const node = netcheck::facts_of(facts, pod.binding.value);
  if (node == nullptr || !node->holdings) return;
  for (const Holding& held : node->holdings->holdings) {
    const std::string kind = held.resource.empty() ? held.driver : held.resource;
    if (held.pod_namespace + "/" + held.pod_name == pod.binding.name)
      pod.devices.push_back(kind + "/" + held.device);
  }
}

/// An agent in a pod cannot ask the kubelet; the node's own has.
void add_word(const netcheck::Facts& facts, netcheck::NodeFacts& told) {
  const auto& pods = facts.workloads->pods;
  const auto pod = std::find_if(pods.begin(), pods.end(),
                                [&](const auto& one) { return one.binding.name == told.node; });
  const auto* const node =
      pod == pods.end() ? nullptr : netcheck::facts_of(facts, pod->binding.value);
  told.holdings.reset();
  if (node == nullptr || !node->holdings) {
    told.holdings_problem = node == nullptr ? "its node told nothing" : node->holdings_problem;
    return;
  }
  told.holdings = *node->holdings;
  std::erase_if(told.holdings->holdings, [&](const Holding& held) {
    return held.pod_namespace + "/" + held.pod_name != told.node;
  });
}

}  // namespace

void tell_placement(Workloads workloads, std::vector<netcheck::NodeFacts> inside,
                    netcheck::Facts& facts) {
  facts.workloads = std::move(workloads);
  facts.placed = std::move(inside);
  for (PlacedPod& pod : facts.workloads->pods)
    add_devices(facts, pod);
  for (netcheck::NodeFacts& told : facts.placed)
    add_word(facts, told);
}

void keep_new(const netcheck::Facts& later, netcheck::Facts& facts) {
  for (const PlacedPod& pod : later.workloads->pods) {
    const auto& known = facts.workloads->pods;
    const bool there = std::any_of(known.begin(), known.end(), [&](const PlacedPod& one) {
      return one.binding.uid == pod.binding.uid;
    });
    if (!there) facts.workloads->pods.push_back(pod);
  }
  for (const auto& told : later.placed) {
    const bool there = std::any_of(facts.placed.begin(), facts.placed.end(),
                                   [&](const auto& one) { return one.node == told.node; });
    if (!there) facts.placed.push_back(told);
  }
}

}  // namespace plumbline::agent
