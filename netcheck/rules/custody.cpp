#include "netcheck/rules/custody.hpp"

#include <algorithm>
#include <optional>

#include "netcheck/rules/facts_index.hpp"
#include "netcheck/rules/lookup.hpp"
#include "netcheck/rules/quote.hpp"

namespace plumbline::netcheck {
namespace {

const NetworkDevice* own_device(const Topology& topology, const std::string& name) {
  for (const NetworkDevice& device : topology.network_devices) {
    if (device.name == name) return &device;
  }
  return nullptr;
}

/// Whether a DRA device of a claim or holding is the device asked about; nothing when it cannot be
/// told.
std::optional<bool> is_same(const Facts& facts, const NodeFacts& node, const NetworkDevice& device,
                            const AllocatedDevice& held) {
  const auto published = find_published(facts, held.driver, held.pool, held.device);
  if (!published) {
    if (!is_network_driver(facts, held.driver)) return false;
    if (held.device == device.name) return true;
    return std::nullopt;
  }
  if (published->slice->node != node.node) return false;
  const auto place = locate(facts, node, *published);
  return place && place->network == &device;
}

bool same_device(const AllocatedDevice& given, const Holding& holding) {
  return given.driver == holding.driver && given.pool == holding.pool &&
         given.device == holding.device;
}

/// The devices that a DRA holding stands for, admin access left out. An old kubelet names the claim
/// only.
std::vector<AllocatedDevice> devices_of(const Facts& facts, const Holding& holding) {
  std::vector<AllocatedDevice> devices;
  const DeviceClaim* claim = find_claim(facts, holding.pod_namespace, holding.claim);
  const bool named = !holding.device.empty();
  bool admin = false;
  if (claim != nullptr) {
    for (const AllocatedDevice& given : claim->devices) {
      if (!named && !given.admin_access) devices.push_back(given);
      if (named && same_device(given, holding)) admin = given.admin_access;
    }
  }
  if (!named || admin) return devices;
  AllocatedDevice device;
  device.driver = holding.driver;
  device.pool = holding.pool;
  device.device = holding.device;
  return {device};
}

bool has_ended(const Facts& facts, const std::string& name_space, const std::string& name) {
  const PodClaim* pod = find_pod(facts, name_space, name);
  return pod != nullptr && ended(*pod);
}

class Asking {
 public:
  Asking(const Facts& facts, const NodeFacts& node, const NetworkDevice& device)
      : facts_(facts), node_(node), device_(device) {}

  Custody answer() {
    for (const Holding& holding : node_.holdings->holdings)
      ask_kubelet(holding);
    if (facts_.claims) {
      for (const DeviceClaim& claim : facts_.claims->claims)
        ask_claim(claim);
    }
    return std::move(custody_);
  }

 private:
  void add(const std::string& name_space, const std::string& pod, const std::string& claim,
           const std::string& source) {
    for (const Holder& known : custody_.holders) {
      if (known.name_space == name_space && known.pod == pod) return;
    }
    custody_.holders.push_back({name_space, pod, claim, source});
  }

  void ask_kubelet(const Holding& holding) {
    if (has_ended(facts_, holding.pod_namespace, holding.pod_name)) return;
    if (!holding.resource.empty()) {
      const bool same = holding.device == device_.name || device_.pci_address == holding.device;
      if (same) hold(holding, "resource " + holding.resource);
      return;
    }
    const std::string claim = "claim " + holding.pod_namespace + "/" + holding.claim;
    const auto devices = devices_of(facts_, holding);
    const bool nameless = holding.device.empty() && devices.empty();
    if (nameless && find_claim(facts_, holding.pod_namespace, holding.claim) == nullptr) {
      doubt(holding, claim + ", whose devices nobody tells");
    }
    for (const AllocatedDevice& held : devices) {
      const auto same = is_same(facts_, node_, device_, held);
      if (!same) doubt(holding, text_of(held) + ", which no slice describes");
      if (same.value_or(false)) hold(holding, claim);
    }
  }

  void hold(const Holding& holding, const std::string& what) {
    add(holding.pod_namespace, holding.pod_name, what, "kubelet " + node_.holdings->source);
  }

  void doubt(const Holding& holding, const std::string& what) {
    if (holding.pod_namespace == facts_.own_namespace || !custody_.unknown.empty()) return;
    custody_.unknown = "pod " + holding.pod_namespace + "/" + holding.pod_name + " on " +
                       node_.node + " holds " + what + ", so it may be " + device_.name;
  }

  void ask_claim(const DeviceClaim& claim) {
    if (!claim.allocated) return;
    const bool here =
        std::any_of(claim.devices.begin(), claim.devices.end(), [&](const AllocatedDevice& held) {
          return !held.admin_access && is_same(facts_, node_, device_, held).value_or(false);
        });
    if (!here) return;
    for (const std::string& name : claim.reserved_for) {
      const PodClaim* pod = find_pod(facts_, claim.meta.name_space, name);
      const bool elsewhere = pod != nullptr && !pod->node.empty() && pod->node != node_.node;
      if (elsewhere || (pod != nullptr && ended(*pod))) continue;
      add(claim.meta.name_space, name, "claim " + full_name(claim.meta), facts_.claims->source);
    }
  }

  const Facts& facts_;
  const NodeFacts& node_;
  const NetworkDevice& device_;
  Custody custody_;
};

/// A device that is not in the node's own namespace: the pod it went to, or nothing at all.
Custody moved_away(const Facts& facts, const NodeFacts& node, const std::string& device) {
  Custody custody;
  const auto& published = published_devices(facts, node.node);
  for (const Published& candidate : published) {
    if (attribute_text(candidate, "ifName") != device) continue;
    const auto place = locate(facts, node, candidate);
    if (!place || place->sandbox == nullptr) continue;
    const PodSandbox& sandbox = *place->sandbox;
    custody.holders.push_back(
        {sandbox.pod_namespace, sandbox.pod_name, "", "its network namespace, " + sandbox.source});
    return custody;
  }
  for (const PodSandbox& sandbox : node.topology->sandboxes) {
    if (!sandbox.devices) continue;
    for (const NetworkDevice& there : *sandbox.devices) {
      if (there.name != device) continue;
      // A name proves little there: it may be the pod's own interface.
      custody.holders.push_back({sandbox.pod_namespace, sandbox.pod_name, "",
                                 "its network namespace, " + sandbox.source});
    }
  }
  custody.unknown = node.node + " has no network device " + device;
  return custody;
}

}  // namespace

Custody custody(const Facts& facts, const std::string& node, const std::string& device) {
  const NodeFacts* known = find_node(facts, node);
  if (known == nullptr) return {{}, node + " is not a node of the stage"};
  if (!known->topology) {
    return {{}, node + " told nothing of its devices: " + known->topology_problem};
  }
  const NetworkDevice* found = own_device(*known->topology, device);
  if (found == nullptr) return moved_away(facts, *known, device);
  if (!known->holdings) {
    return {{}, "what pods hold on " + node + " is not known: " + known->holdings_problem};
  }
  Custody answer = Asking(facts, *known, *found).answer();
  if (!facts.claims && !facts.claims_problem.empty() && answer.unknown.empty()) {
    answer.unknown = "claims could not be read: " + facts.claims_problem;
  }
  return answer;
}

const Holder* tenant_of(const Custody& custody, const std::string& own_namespace) {
  for (const Holder& holder : custody.holders) {
    if (own_namespace.empty() || holder.name_space != own_namespace) return &holder;
  }
  return nullptr;
}

std::string text_of(const Holder& holder) {
  const std::string pod = "pod " + holder.name_space + "/" + holder.pod;
  return holder.claim.empty() ? pod : pod + " (" + holder.claim + ")";
}

}  // namespace plumbline::netcheck
