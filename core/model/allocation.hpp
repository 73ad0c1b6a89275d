#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/model/device_claims.hpp"
#include "core/model/holdings.hpp"
#include "core/model/object.hpp"
#include "core/model/placement.hpp"

namespace plumbline {

/// A Node as far as placement is concerned.
struct NodeClaim {
  ObjectMeta meta;
  std::map<std::string, std::string> allocatable;  ///< resource name -> quantity as written
  std::map<std::string, std::string> annotations;  ///< of an allow-list (docs/bundle.md)
};

/// A Pod as far as devices and placement are concerned.
struct PodClaim {
  ObjectMeta meta;
  std::string node;  ///< spec.nodeName; empty: not bound
  std::string phase;
  bool host_network = false;
  std::vector<std::string> resource_claims;       ///< names of its ResourceClaims, resolved
  std::string gang;                               ///< "namespace/name" of its PodGroup; empty: none
  std::vector<std::string> claim_templates;       ///< names of the templates its claims come from
  std::map<std::string, std::int64_t> extended;   ///< extended resources of its containers, summed
  std::map<std::string, std::string> containers;  ///< container id (without scheme) -> name
  std::map<std::string, std::string> annotations;  ///< of an allow-list (docs/bundle.md)
  std::string owner;                               ///< "Job name" of its controller
  std::optional<std::int64_t> rank;                ///< by its job's index label
  bool gated = false;                              ///< a scheduling gate is still closed
  std::vector<std::string> unhealthy;              ///< devices of allocatedResourcesStatus
};

/// Why objects of a kind may exist that were not read.
struct Gap {
  std::string why;                 ///< "its list was cut off: at least 12 more"
  std::set<std::string> whole_in;  ///< namespaces of which it was read whole all the same
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
  std::vector<DeviceClassClaim> classes;
  std::vector<DeviceClaim> templates;
  std::vector<NamedDomain> domains;
  std::vector<AlignmentPolicy> policies;
  std::vector<FabricDomain> fabrics;
  std::vector<TopologyLevels> levels;
  std::vector<std::string> warnings;  ///< objects that were not understood, each with its reason
  bool whole = true;  ///< false: files were lost, and with them objects that nobody can name
  /// By kind: what was not read, or in part. A kind that is not here was read whole.
  std::map<std::string, Gap> gaps = {};
};

}  // namespace plumbline
