#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "netcheck/facts.hpp"

namespace plumbline::netcheck {

/// A network device that a slice publishes. Borrows the facts, as do all results here.
struct Published {
  const SliceClaim* slice = nullptr;
  const SliceDevice* device = nullptr;
};

/// Where a published device really is: a network device of the node or of a pod, or a PCI function
/// without a network interface.
struct Place {
  const NetworkDevice* network = nullptr;
  const PodSandbox* sandbox = nullptr;  ///< whose network namespace it is in; null: the node's own
  const PciDevice* pci = nullptr;       ///< when there is no network interface
};

/// One device that a claim gives.
struct Given {
  const DeviceClaim* claim = nullptr;
  std::size_t index = 0;
  const AllocatedDevice& device() const { return claim->devices[index]; }
};

/// "namespace/name", or "name" for a cluster-scoped object.
std::string full_name(const ObjectMeta& meta);

/// True when the pod has ended: it holds nothing any more.
bool ended(const PodClaim& pod);

/// Why objects of a kind may be there that were not read, in one namespace or (none given) in any;
/// empty: all were read, and what is not among them is not there.
std::string unread(const AllocationView& view, const std::string& kind,
                   const std::string& name_space = "");

/// What reads all objects of a kind: "Record all of them (kubectl get pods -A -o json) and ...".
std::string how_to_read(const std::string& kind);

/// The facts of an enrolled node; null when it is not enrolled.
const NodeFacts* find_node(const Facts& facts, const std::string& node);

/// True when the stage looks at this node: it is enrolled, or no node is (a bundle alone).
bool in_scope(const Facts& facts, const std::string& node);

/// A pod of the claims; null when it is not known.
const PodClaim* find_pod(const Facts& facts, const std::string& name_space,
                         const std::string& name);

/// A ResourceClaim; null when it is not known.
const DeviceClaim* find_claim(const Facts& facts, const std::string& name_space,
                              const std::string& name);

/// An attribute by its name without a domain: the driver's own domain first, then any other.
const AttributeValue* find_attribute(const Published& published, std::string_view name);

/// The same as text; empty when it is absent.
std::string attribute_text(const Published& published, std::string_view name);

/// The pods that are bound to a node, in their order.
std::vector<const PodClaim*> pods_on(const Facts& facts, const std::string& node);

/// The slices of a node, in their order.
std::vector<const SliceClaim*> slices_of(const Facts& facts, const std::string& node);

/// True when a slice publishes a network device, by its driver or by what it says of one.
bool shows_network_device(const SliceClaim& slice);

/// True for a driver whose devices are network devices, by name or by what its slices publish.
bool is_network_driver(const Facts& facts, const std::string& driver);

/// The network devices that slices publish for a node, in their order.
std::vector<Published> published_devices(const Facts& facts, const std::string& node);

/// The published network device that a claim or the kubelet means; nothing when no slice has it.
std::optional<Published> find_published(const Facts& facts, const std::string& driver,
                                        const std::string& pool, const std::string& device);

/// Where a published device is now: by PCI address, by MAC, by name in the node's own namespace, by
/// RDMA device; by name in a pod's namespace only when that pod was given the device. Nothing when
/// it is nowhere that could be looked at.
std::optional<Place> locate(const Facts& facts, const NodeFacts& node, const Published& published);

/// Devices given to a pod by claims that name it or that it names, allocations only.
std::vector<Given> given_devices(const Facts& facts, const PodClaim& pod);

/// The rail of a published device, by its addresses where it is or as published; empty when on
/// none.
std::string rail_of(const Facts& facts, const Published& published,
                    const std::optional<Place>& place);

/// Where a device of the node may be unseen, each with the reason: living pods whose network
/// namespace could not be looked into, CNI results and network devices that could not be read.
/// Empty: nowhere.
std::vector<std::string> unseen_places(const Facts& facts, const NodeFacts& node);

}  // namespace plumbline::netcheck
