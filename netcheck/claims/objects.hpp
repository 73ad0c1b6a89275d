#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/model/allocation.hpp"
#include "netcheck/claims/fields.hpp"

namespace plumbline::netcheck::claims {

/// metadata: namespace, name, uid, resourceVersion, labels. A missing name is the object's problem.
ObjectMeta read_meta(const Fields& object);

/// v1 Node: labels and status.allocatable.
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

/// resource.k8s.io ResourceClaim: allocation results, status.devices' networkData, reservedFor. All
/// versions have the same status.
ReadClaim read_claim(const Fields& object);

/// v1 Pod: spec.nodeName, hostNetwork, resource claims by their real names, gang, phase.
PodClaim read_pod(const Fields& object);

/// scheduling.k8s.io PodGroup: one placement for each topology key, or one without a key.
std::vector<PlacementClaim> read_pod_group(const Fields& object);

}  // namespace plumbline::netcheck::claims
