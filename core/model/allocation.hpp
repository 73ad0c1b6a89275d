#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace plumbline {

/// Where a claim stands, so that a reader can find it and see that it did not change.
struct ClaimRef {
  std::string kind;  ///< "ResourceSlice"
  std::string name;  ///< "namespace/name" or "name"
  std::string uid;
  std::string resource_version;
  std::string path;  ///< "spec.devices[0].attributes[dra.net/mac]"
  std::string value;
};

/// Name, uid and version of an object; the ClaimRef without its path.
struct ObjectMeta {
  std::string name_space;  ///< empty for cluster-scoped objects
  std::string name;
  std::string uid;
  std::string resource_version;
  std::map<std::string, std::string> labels;
};

/// A Node as far as placement is concerned.
struct NodeClaim {
  ObjectMeta meta;
  std::map<std::string, std::string> allocatable;  ///< resource name -> quantity as written
};

/// A DRA attribute's value; list forms are not read here yet.
using AttributeValue = std::variant<std::int64_t, bool, std::string>;

/// One device of a ResourceSlice.
struct SliceDevice {
  std::string name;
  std::size_t index = 0;                             ///< its place in spec.devices
  std::map<std::string, AttributeValue> attributes;  ///< keys always "domain/name"
};

/// A ResourceSlice of the highest generation of its pool.
struct SliceClaim {
  ObjectMeta meta;
  std::string driver;
  std::string pool;
  std::int64_t generation = 0;
  std::string node;  ///< spec.nodeName; empty otherwise
  std::vector<SliceDevice> devices;
};

/// One device that a ResourceClaim was given.
struct AllocatedDevice {
  std::string request;
  std::string driver;
  std::string pool;
  std::string device;
  bool admin_access = false;  ///< never ownership
  /// status.devices[].networkData of the same device, when the driver wrote it
  std::optional<std::string> interface_name;
  std::optional<std::string> hardware_address;
  std::vector<std::string> addresses;
};

/// A ResourceClaim.
struct DeviceClaim {
  ObjectMeta meta;
  std::vector<AllocatedDevice> devices;  ///< empty: not allocated
  bool allocated = false;
  std::vector<std::string> reserved_for;  ///< pod names in the claim's namespace
};

/// A Pod as far as devices and placement are concerned.
struct PodClaim {
  ObjectMeta meta;
  std::string node;  ///< spec.nodeName; empty: not bound
  std::string phase;
  bool host_network = false;
  std::vector<std::string> resource_claims;  ///< names of its ResourceClaims, resolved
  std::string gang;                          ///< "namespace/name" of its PodGroup; empty: none
};

/// Who must be together: one gang and what placement was asked for it.
struct PlacementClaim {
  ObjectMeta meta;
  std::string kind;                       ///< "PodGroup"
  std::int64_t least_members = 0;         ///< gang.minCount
  std::optional<std::string> one_domain;  ///< node label all members must share
  bool required = true;                   ///< false: preferred only
  std::string path;                       ///< field that asks for it
};

/// One device that the kubelet says a pod holds.
struct Holding {
  std::string pod_namespace;
  std::string pod_name;
  std::string container;
  std::string resource;  ///< device plugin resource; empty for DRA
  std::string device;    ///< device id, or DRA device name
  std::string driver;    ///< DRA driver; empty for a device plugin
  std::string pool;
  std::string claim;  ///< ResourceClaim name in the pod's namespace
};

/// What the kubelet of one node answers. Empty means that nothing is allocated; a kubelet that
/// could not be asked has no NodeHoldings at all.
struct NodeHoldings {
  std::string node;
  std::string source;  ///< the socket
  std::vector<Holding> holdings;
};

/// Everything the cluster claims, read at one time. A value.
struct AllocationView {
  std::string source;   ///< "bundle DIR", "API server URL"
  std::string read_at;  ///< wall time
  std::vector<NodeClaim> nodes;
  std::vector<SliceClaim> slices;
  std::vector<DeviceClaim> claims;
  std::vector<PodClaim> pods;
  std::vector<PlacementClaim> placements;
  std::vector<std::string> warnings;  ///< objects that were not understood, each with its reason
};

}  // namespace plumbline
