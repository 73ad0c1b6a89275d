#include "netcheck/rules/pod_view.hpp"

#include <algorithm>

#include "netcheck/rules/facts_index.hpp"
#include "netcheck/rules/quote.hpp"

namespace plumbline::netcheck {
namespace {

bool same(const AllocatedDevice& given, const Published& published) {
  return given.driver == published.slice->driver && given.pool == published.slice->pool &&
         given.device == published.device->name;
}

/// The pod's own network namespace on its node. One of another uid belonged to an earlier pod of
/// that name.
const PodSandbox* find_sandbox(const NodeFacts* node, const PodClaim& pod) {
  if (node == nullptr || !node->topology) return nullptr;
  for (const PodSandbox& sandbox : node->topology->sandboxes) {
    const bool same_name =
        sandbox.pod_name == pod.meta.name && sandbox.pod_namespace == pod.meta.name_space;
    const bool same_uid =
        sandbox.pod_uid.empty() || pod.meta.uid.empty() || sandbox.pod_uid == pod.meta.uid;
    if (same_name && same_uid) return &sandbox;
  }
  return nullptr;
}

std::vector<Given> given_network_devices(const Facts& facts, const PodClaim& pod) {
  std::vector<Given> found;
  for (const Given& given : given_devices(facts, pod)) {
    if (is_network_driver(facts, given.device().driver)) found.push_back(given);
  }
  return found;
}

bool has_device(const PodSandbox& sandbox, const std::string& name) {
  if (!sandbox.devices || name.empty()) return false;
  return std::any_of(sandbox.devices->begin(), sandbox.devices->end(),
                     [&](const NetworkDevice& device) { return device.name == name; });
}

void add_strangers(const Facts& facts, const NodeFacts& node,
                   const std::set<const PodSandbox*>& known, std::vector<PodView>& views) {
  if (!node.topology) return;
  for (const PodSandbox& sandbox : node.topology->sandboxes) {
    if (known.count(&sandbox) > 0) continue;
    PodView view;
    view.name = sandbox.pod_namespace + "/" + sandbox.pod_name;
    view.node_name = node.node;
    view.node = &node;
    view.sandbox = &sandbox;
    if (!unread(*facts.claims, "Pod", sandbox.pod_namespace).empty()) {
      PodClaim unread_pod;
      unread_pod.meta.name_space = sandbox.pod_namespace;
      unread_pod.meta.name = sandbox.pod_name;
      view.given = given_network_devices(facts, unread_pod);
    }
    views.push_back(std::move(view));
  }
}

}  // namespace

bool PodView::holds(const Given& given_device, const std::optional<Published>& published,
                    const std::optional<Place>& place) const {
  if (host_network()) return place && place->sandbox == nullptr;
  if (sandbox == nullptr) return false;
  if (place && place->sandbox == sandbox) return true;
  // On the node itself, or in another pod, it is not here whatever names say.
  if (place) return false;
  if (has_device(*sandbox, given_device.device().interface_name.value_or(""))) return true;
  return published && has_device(*sandbox, attribute_text(*published, "ifName"));
}

std::vector<PodView> pod_views(const Facts& facts) {
  std::vector<PodView> views;
  for (const PodClaim& pod : facts.claims->pods) {
    if (pod.node.empty() || ended(pod) || !in_scope(facts, pod.node)) continue;
    PodView view;
    view.name = full_name(pod.meta);
    view.node_name = pod.node;
    view.node = find_node(facts, pod.node);
    view.pod = &pod;
    if (!pod.host_network) view.sandbox = find_sandbox(view.node, pod);
    view.given = given_network_devices(facts, pod);
    if (!view.given.empty() || view.sandbox != nullptr) views.push_back(std::move(view));
  }
  std::set<const PodSandbox*> known;
  for (const PodView& view : views)
    known.insert(view.sandbox);
  for (const NodeFacts& node : facts.nodes)
    add_strangers(facts, node, known, views);
  return views;
}

bool is_given(const PodView& view, const Published& published, const Place& place) {
  for (const Given& given : view.given) {
    if (same(given.device(), published)) return true;
  }
  if (!view.node->holdings || place.network == nullptr || !place.network->pci_address) return false;
  for (const Holding& holding : view.node->holdings->holdings) {
    const bool its = holding.pod_namespace + "/" + holding.pod_name == view.name;
    const bool plugin = !holding.resource.empty() && holding.device == *place.network->pci_address;
    if (its && plugin) return true;
  }
  return false;
}

std::optional<std::set<std::string>> kubelet_devices(const Facts& facts, const PodView& view) {
  std::set<std::string> devices;
  for (const Holding& holding : view.node->holdings->holdings) {
    const bool its = holding.pod_namespace + "/" + holding.pod_name == view.name;
    if (!its || !holding.resource.empty()) continue;
    if (holding.device.empty()) return std::nullopt;
    if (!is_network_driver(facts, holding.driver)) continue;
    devices.insert(holding.driver + "/" + holding.pool + "/" + holding.device);
  }
  return devices;
}

std::string unread_claims(const Facts& facts, const PodView& view) {
  const std::string space = view.name.substr(0, view.name.find('/'));
  if (view.pod == nullptr) {
    const std::string lacks = unread(*facts.claims, "Pod", space);
    return lacks.empty() ? "" : "its Pod was not read: " + lacks;
  }
  const std::string lacks = unread(*facts.claims, "ResourceClaim", space);
  if (lacks.empty()) return {};
  std::set<std::string> named(view.pod->resource_claims.begin(), view.pod->resource_claims.end());
  if (view.node != nullptr && view.node->holdings) {
    for (const Holding& holding : view.node->holdings->holdings) {
      const bool its = holding.pod_namespace + "/" + holding.pod_name == view.name;
      if (its && !holding.claim.empty()) named.insert(holding.claim);
    }
  }
  std::erase_if(named,
                [&](const std::string& name) { return find_claim(facts, space, name) != nullptr; });
  if (named.empty()) return {};
  return "claim " + space + "/" + *named.begin() + " of it was not read: " + lacks;
}

std::string text_of_given(const PodView& view) {
  std::vector<std::string> words;
  for (const Given& given : view.given) {
    words.push_back(text_of(given.device()) + " by claim " + full_name(given.claim->meta));
  }
  return words.empty() ? "nothing" : listed(words);
}

std::vector<std::string> owners_of(const Facts& facts, const Published& published) {
  std::vector<std::string> owners;
  const auto add = [&owners](const DeviceClaim& claim) {
    for (const std::string& pod : claim.reserved_for) {
      owners.push_back("pod " + claim.meta.name_space + "/" + pod + " by claim " +
                       full_name(claim.meta));
    }
  };
  if (const FactsIndex* index = facts.index.get()) {
    const std::string name =
        published.slice->driver + "/" + published.slice->pool + "/" + published.device->name;
    for (const DeviceClaim* claim : listed_under(index->givers, name))
      add(*claim);
    return owners;
  }
  for (const DeviceClaim& claim : facts.claims->claims) {
    const bool gives = claim.allocated &&
                       std::any_of(claim.devices.begin(), claim.devices.end(),
                                   [&](const AllocatedDevice& d) { return same(d, published); });
    if (gives) add(claim);
  }
  return owners;
}

}  // namespace plumbline::netcheck
