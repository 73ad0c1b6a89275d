#include "netcheck/rules/lookup.hpp"

#include <algorithm>
#include <array>

#include "netcheck/rules/facts_index.hpp"
#include "netcheck/rules/quote.hpp"

namespace plumbline::netcheck {
namespace {

bool same_mac(const std::string& left, const std::string& right) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return !left.empty() && left != "00:00:00:00:00:00" &&
         std::equal(left.begin(), left.end(), right.begin(), right.end(),
                    [&](char a, char b) { return lower(a) == lower(b); });
}

/// What tells one device from another.
struct Identity {
  std::string pci;
  std::string mac;
  std::string name;
  std::string rdma;
};

Identity identity_of(const Published& published) {
  Identity identity;
  identity.pci = attribute_text(published, "pciAddress");
  if (identity.pci.empty()) identity.pci = attribute_text(published, "pciBusID");
  identity.mac = attribute_text(published, "mac");
  identity.name = attribute_text(published, "ifName");
  if (identity.name.empty()) identity.name = attribute_text(published, "interfaceName");
  identity.rdma = attribute_text(published, "rdmaDevice");
  return identity;
}

template <typename Test>
const NetworkDevice* first(const std::vector<NetworkDevice>& devices, const Test& test) {
  const auto found = std::find_if(devices.begin(), devices.end(), test);
  return found == devices.end() ? nullptr : &*found;
}

/// A device of one namespace that is this one whatever it is called.
const NetworkDevice* by_hardware(const std::vector<NetworkDevice>& devices,
                                 const Identity& wanted) {
  const auto same_name_and_mac = [&](const NetworkDevice& device) {
    return device.name == wanted.name && same_mac(wanted.mac, device.mac);
  };
  if (const auto* found = first(devices, same_name_and_mac)) return found;
  const auto same_function = [&](const NetworkDevice& device) {
    return !wanted.pci.empty() && device.pci_address == wanted.pci;
  };
  return first(devices, same_function);
}

const NetworkDevice* by_mac(const std::vector<NetworkDevice>& devices, const Identity& wanted) {
  return first(devices, [&](const NetworkDevice& d) { return same_mac(wanted.mac, d.mac); });
}

const NetworkDevice* by_name(const std::vector<NetworkDevice>& devices, const std::string& name) {
  return first(devices, [&](const NetworkDevice& d) { return !name.empty() && d.name == name; });
}

const NetworkDevice* by_rdma(const std::vector<NetworkDevice>& devices, const std::string& name) {
  return first(devices,
               [&](const NetworkDevice& d) { return !name.empty() && d.rdma_device == name; });
}

/// The objects under a key of the index; without an index those of all that pass a test.
template <typename Item, typename Test>
std::vector<const Item*> found_by(const Facts& facts, FactsIndex::Lists<Item> FactsIndex::*lists,
                                  const std::string& key, const std::vector<Item>& all,
                                  const Test& test) {
  if (const FactsIndex* index = facts.index.get()) return listed_under(index->*lists, key);
  std::vector<const Item*> found;
  for (const Item& item : all) {
    if (test(item)) found.push_back(&item);
  }
  return found;
}

bool was_given(const Facts& facts, const PodSandbox& sandbox, const Published& published) {
  const PodClaim* pod = find_pod(facts, sandbox.pod_namespace, sandbox.pod_name);
  if (pod == nullptr) return false;
  for (const Given& given : given_devices(facts, *pod)) {
    const AllocatedDevice& device = given.device();
    if (device.driver == published.slice->driver && device.pool == published.slice->pool &&
        device.device == published.device->name) {
      return true;
    }
  }
  return false;
}

template <typename Find>
std::optional<Place> in_sandboxes(const Topology& topology, const Find& find) {
  for (const PodSandbox& sandbox : topology.sandboxes) {
    if (!sandbox.devices) continue;
    if (const NetworkDevice* found = find(sandbox)) return Place{found, &sandbox, nullptr};
  }
  return std::nullopt;
}

std::optional<Place> function_alone(const Topology& topology, const Identity& wanted) {
  for (const PciDevice& function : topology.pci_devices) {
    if (!wanted.pci.empty() && function.address == wanted.pci)
      return Place{nullptr, nullptr, &function};
  }
  return std::nullopt;
}

bool looks_like_network(const SliceClaim& slice, const SliceDevice& device) {
  if (slice.driver == "dra.net") return true;
  constexpr std::array<std::string_view, 5> telling{"ifName", "interfaceName", "mac", "rdmaDevice",
                                                    "rdmaCapable"};
  const Published published{&slice, &device};
  return std::any_of(telling.begin(), telling.end(), [&](std::string_view name) {
    return find_attribute(published, name) != nullptr;
  });
}

/// A CNI result of a pod that has ended or was made anew: its namespace is gone.
bool is_left_over(const Facts& facts, const PodSandbox& sandbox) {
  const PodClaim* pod = find_pod(facts, sandbox.pod_namespace, sandbox.pod_name);
  if (pod == nullptr) return false;
  const bool another =
      !sandbox.pod_uid.empty() && !pod->meta.uid.empty() && sandbox.pod_uid != pod->meta.uid;
  return another || ended(*pod);
}

bool has(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

/// The allocated claims that name the pod or that it names, in their order.
std::vector<const DeviceClaim*> claims_of(const Facts& facts, const PodClaim& pod) {
  std::vector<const DeviceClaim*> found;
  if (!facts.claims) return found;
  const std::string space = pod.meta.name_space + "/";
  if (const FactsIndex* index = facts.index.get()) {
    found = listed_under(index->reserved, space + pod.meta.name);
    for (const std::string& name : pod.resource_claims) {
      for (const DeviceClaim* claim : listed_under(index->claims_by_name, space + name)) {
        if (claim->allocated) found.push_back(claim);
      }
    }
    std::sort(found.begin(), found.end());  // all stand in one list: its order
    found.erase(std::unique(found.begin(), found.end()), found.end());
    return found;
  }
  for (const DeviceClaim& claim : facts.claims->claims) {
    if (!claim.allocated || claim.meta.name_space != pod.meta.name_space) continue;
    if (has(claim.reserved_for, pod.meta.name) || has(pod.resource_claims, claim.meta.name))
      found.push_back(&claim);
  }
  return found;
}

}  // namespace

std::string full_name(const ObjectMeta& meta) {
  return meta.name_space.empty() ? meta.name : meta.name_space + "/" + meta.name;
}

bool ended(const PodClaim& pod) { return pod.phase == "Succeeded" || pod.phase == "Failed"; }

std::string unread(const AllocationView& view, const std::string& kind,
                   const std::string& name_space) {
  const auto gap = view.gaps.find(kind);
  if (gap != view.gaps.end() && gap->second.whole_in.count(name_space) == 0) return gap->second.why;
  return view.whole ? "" : "not all that was recorded could be read";
}

std::string how_to_read(const std::string& kind) {
  std::string resource;
  for (const char c : kind)
    resource += c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  const bool everywhere = kind == "Pod" || kind == "ResourceClaim";
  return "Record all of them (kubectl get " + resource + "s" + (everywhere ? " -A" : "") +
         " -o json, or plumbline collect) and run again.";
}

const NodeFacts* find_node(const Facts& facts, const std::string& node) {
  if (const FactsIndex* index = facts.index.get()) return found_under(index->nodes, node);
  for (const NodeFacts& candidate : facts.nodes) {
    if (candidate.node == node) return &candidate;
  }
  return nullptr;
}

bool in_scope(const Facts& facts, const std::string& node) {
  return facts.nodes.empty() || find_node(facts, node) != nullptr;
}

const PodClaim* find_pod(const Facts& facts, const std::string& name_space,
                         const std::string& name) {
  if (!facts.claims) return nullptr;
  if (const FactsIndex* index = facts.index.get()) {
    return found_under(index->pods, name_space + "/" + name);
  }
  for (const PodClaim& pod : facts.claims->pods) {
    if (pod.meta.name == name && pod.meta.name_space == name_space) return &pod;
  }
  return nullptr;
}

const DeviceClaim* find_claim(const Facts& facts, const std::string& name_space,
                              const std::string& name) {
  if (!facts.claims) return nullptr;
  const auto named =
      found_by(facts, &FactsIndex::claims_by_name, name_space + "/" + name, facts.claims->claims,
               [&](const DeviceClaim& claim) {
                 return claim.meta.name == name && claim.meta.name_space == name_space;
               });
  return named.empty() ? nullptr : named.front();
}

const AttributeValue* find_attribute(const Published& published, std::string_view name) {
  const auto& attributes = published.device->attributes;
  const auto own = attributes.find(published.slice->driver + "/" + std::string(name));
  if (own != attributes.end()) return &own->second;
  for (const auto& [key, value] : attributes) {
    const auto slash = key.rfind('/');
    if (slash != std::string::npos && std::string_view(key).substr(slash + 1) == name)
      return &value;
  }
  return nullptr;
}

std::string attribute_text(const Published& published, std::string_view name) {
  const AttributeValue* value = find_attribute(published, name);
  return value == nullptr ? std::string() : text_of(*value);
}

std::vector<const PodClaim*> pods_on(const Facts& facts, const std::string& node) {
  if (!facts.claims) return {};
  return found_by(facts, &FactsIndex::pods_of_node, node, facts.claims->pods,
                  [&](const PodClaim& pod) { return pod.node == node; });
}

std::vector<const SliceClaim*> slices_of(const Facts& facts, const std::string& node) {
  if (!facts.claims) return {};
  return found_by(facts, &FactsIndex::slices_of_node, node, facts.claims->slices,
                  [&](const SliceClaim& slice) { return slice.node == node; });
}

bool shows_network_device(const SliceClaim& slice) {
  return std::any_of(slice.devices.begin(), slice.devices.end(),
                     [&](const SliceDevice& device) { return looks_like_network(slice, device); });
}

bool is_network_driver(const Facts& facts, const std::string& driver) {
  if (driver == "dra.net" || driver.starts_with("sriovnetwork.")) return true;
  if (!facts.claims) return false;
  if (const FactsIndex* index = facts.index.get()) {
    const auto known = index->network_drivers.find(driver);
    return known != index->network_drivers.end() && known->second;
  }
  const auto& slices = facts.claims->slices;
  return std::any_of(slices.begin(), slices.end(), [&](const SliceClaim& slice) {
    return slice.driver == driver && shows_network_device(slice);
  });
}

std::vector<Published> published_devices(const Facts& facts, const std::string& node) {
  std::vector<Published> found;
  for (const SliceClaim* slice : slices_of(facts, node)) {
    for (const SliceDevice& device : slice->devices) {
      if (looks_like_network(*slice, device)) found.push_back({slice, &device});
    }
  }
  return found;
}

std::optional<Published> find_published(const Facts& facts, const std::string& driver,
                                        const std::string& pool, const std::string& device) {
  if (!facts.claims) return std::nullopt;
  const auto slices = found_by(
      facts, &FactsIndex::slices_of_pool, driver + " " + pool, facts.claims->slices,
      [&](const SliceClaim& slice) { return slice.driver == driver && slice.pool == pool; });
  for (const SliceClaim* slice : slices) {
    for (const SliceDevice& candidate : slice->devices) {
      if (candidate.name == device) return Published{slice, &candidate};
    }
  }
  return std::nullopt;
}

std::optional<Place> locate(const Facts& facts, const NodeFacts& node, const Published& published) {
  if (!node.topology) return std::nullopt;
  const Topology& topology = *node.topology;
  const auto& own = topology.network_devices;
  const Identity wanted = identity_of(published);
  if (const auto* found = by_hardware(own, wanted)) return Place{found, nullptr, nullptr};
  const auto hardware = [&](const PodSandbox& s) { return by_hardware(*s.devices, wanted); };
  if (auto place = in_sandboxes(topology, hardware)) return place;
  // Before any weaker sign: a device in a pod's namespace keeps its MAC, not its name.
  if (by_name(own, wanted.name) == nullptr) {
    if (const auto* found = by_mac(own, wanted)) return Place{found, nullptr, nullptr};
    const auto mac = [&](const PodSandbox& s) { return by_mac(*s.devices, wanted); };
    if (auto place = in_sandboxes(topology, mac)) return place;
  }
  if (const auto* found = by_name(own, wanted.name)) return Place{found, nullptr, nullptr};
  if (const auto* found = by_rdma(own, wanted.rdma)) return Place{found, nullptr, nullptr};
  const auto given = [&](const PodSandbox& s) {
    return was_given(facts, s, published) ? by_name(*s.devices, wanted.name) : nullptr;
  };
  if (auto place = in_sandboxes(topology, given)) return place;
  return function_alone(topology, wanted);
}

std::vector<Given> given_devices(const Facts& facts, const PodClaim& pod) {
  std::vector<Given> found;
  for (const DeviceClaim* claim : claims_of(facts, pod)) {
    for (std::size_t i = 0; i < claim->devices.size(); ++i)
      found.push_back({claim, i});
  }
  return found;
}

std::string rail_of(const Facts& facts, const Published& published,
                    const std::optional<Place>& place) {
  if (place && place->network != nullptr) {
    if (auto rail = rail_of(facts.fabric, *place->network)) return *rail;
  }
  const std::string address = attribute_text(published, "ipv4");
  if (address.empty()) return {};
  return rail_of(facts.fabric, std::vector<std::string>{address}).value_or("");
}

std::vector<std::string> unseen_places(const Facts& facts, const NodeFacts& node) {
  std::vector<std::string> places;
  if (!node.topology) return places;
  for (const PodSandbox& sandbox : node.topology->sandboxes) {
    if (sandbox.devices || is_left_over(facts, sandbox)) continue;
    places.push_back("pod " + sandbox.pod_namespace + "/" + sandbox.pod_name + ": " +
                     sandbox.problem);
  }
  for (const std::string& problem : node.topology->problems) {
    const bool hides = problem.find("CNI results") != std::string::npos ||
                       problem.find("network") != std::string::npos ||
                       problem.find("netlink") != std::string::npos ||
                       problem.find("/sys/class/net") != std::string::npos;
    if (hides) places.push_back(problem);
  }
  return places;
}

}  // namespace plumbline::netcheck
