#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/model/allocation.hpp"
#include "netcheck/claims/fields.hpp"

namespace plumbline::netcheck::claims {

/// metadata: namespace, name (generateName when it has none yet), uid, resourceVersion, labels. A
/// missing name is the object's problem.
ObjectMeta read_meta(const Fields& object);

/// v1 Node: labels, status.allocatable, annotations of the allow-list.
NodeClaim read_node(const Fields& object);

/// A slice, and how many slices its pool says it has.
struct ReadSlice {
  SliceClaim claim;
  std::int64_t slices_in_pool = 0;
};

/// resource.k8s.io ResourceSlice; `nested` is the shape of v1beta1, where devices lie below
/// `basic`. Attribute names without a domain belong to the driver's.
ReadSlice read_slice(const Fields& object, bool nested);

/// A claim, and the pod groups that it is reserved for.
struct ReadClaim {
  DeviceClaim claim;
  std::vector<std::string> reserved_groups;
};

/// resource.k8s.io ResourceClaim: requests in each version's shape, constraints, allocation
/// results, status.devices' networkData, reservedFor.
ReadClaim read_claim(const Fields& object);

/// resource.k8s.io ResourceClaimTemplate: the requests and constraints of its claims.
DeviceClaim read_claim_template(const Fields& object);

/// resource.k8s.io DeviceClass: CEL selectors and the extended resource that it backs.
DeviceClassClaim read_device_class(const Fields& object);

/// One tie of a pod to a gang: `link` names the object (and its part), `sub` the replica of it.
struct PodLink {
  std::string link;
  std::string sub;
};

/// One requirement of a label selector.
struct LabelTest {
  std::string key;
  std::string operation;  ///< In | NotIn | Exists | DoesNotExist
  std::vector<std::string> values;
};

/// A required podAffinity term: pods that match are in one domain of the key with this one.
struct AffinityTerm {
  std::string topology_key;
  std::vector<LabelTest> tests;
  std::string path;
};

/// A pod, and what ties it to gangs.
struct ReadPod {
  PodClaim claim;
  std::vector<PodLink> links;
  std::vector<AffinityTerm> affinities;
};

/// v1 Pod: spec.nodeName, hostNetwork, resource claims by their real names, gang, phase, rank,
/// extended resources, gates, affinity.
ReadPod read_pod(const Fields& object);

/// podAffinity.requiredDuringScheduling… of a pod spec that stands at `path`.
std::vector<AffinityTerm> read_affinities(const Fields& spec, const std::string& path);

/// matchLabels and matchExpressions of a label selector.
std::vector<LabelTest> read_selector(const Fields& selector);

/// True when labels pass all tests; an unknown operation passes nothing.
bool passes(const std::vector<LabelTest>& tests, const std::map<std::string, std::string>& labels);

/// topology.node.k8s.io NodeResourceTopology: policy and scope from attributes or the deprecated
/// topologyPolicies, zones with capacities.
AlignmentPolicy read_node_topology(const Fields& object);

/// A kubelet's /configz answer for one node (kind KubeletConfigz of a bundle).
AlignmentPolicy read_configz(const Fields& object);

/// resource.nvidia.com ComputeDomain.
FabricDomain read_compute_domain(const Fields& object);

/// Levels of a topology object of Kueue, KAI or Grove, or a flavor's tie to one.
TopologyLevels read_topology_levels(const Fields& object);
TopologyLevels read_flavor(const Fields& object);

}  // namespace plumbline::netcheck::claims
