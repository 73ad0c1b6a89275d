#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/model/object.hpp"

namespace plumbline {

/// One domain of a recorded assignment, with the pods that belong into it.
struct AssignedDomain {
  std::vector<std::string> values;  ///< one for each level
  std::int64_t count = 0;
};

/// What a placement claim demands.
enum class PlacementForm { one_domain, exclusive, slices, assigned, tier };

/// Who must be together: one gang and what placement was asked for it. The normal form of every
/// scheduler's own words.
struct PlacementClaim {
  ObjectMeta meta;
  std::string kind;                       ///< "PodGroup", "Workload.kueue.x-k8s.io"
  std::int64_t least_members = 0;         ///< gang.minCount, minMember, replicas
  std::optional<std::string> one_domain;  ///< node label all members must share
  bool required = true;                   ///< false: preferred only
  std::string path;                       ///< field that asks for it
  PlacementForm form = PlacementForm::one_domain;
  std::string least_path;            ///< field of least_members
  std::string value;                 ///< as written at `path`; empty: one_domain is
  std::vector<std::string> members;  ///< "namespace/name" of its pods; native PodGroups: by gang
  std::string part;                  ///< pod set, sub group or replicated job; may be empty
  std::int64_t slice_size = 0;       ///< slices: pods of one slice, by rank
  std::int64_t first_rank = 0;       ///< pod-index-offset
  std::vector<std::string> levels;   ///< assigned: node labels, top down
  std::vector<AssignedDomain> assigned;
  std::optional<std::int64_t> tier;     ///< tier: the highest that is allowed
  bool admitted = true;                 ///< false: its owner has not placed it yet
  std::vector<std::string> lost_nodes;  ///< that its owner itself calls unhealthy
};

/// A domain that an object defines by its members instead of a label (Volcano's HyperNode).
struct NamedDomain {
  ObjectMeta meta;
  std::int64_t tier = 0;
  std::vector<std::string> nodes;  ///< all below it
};

/// What one node's kubelet promises about alignment, and its zones.
struct AlignmentPolicy {
  ObjectMeta meta;     ///< named like the node
  std::string kind;    ///< "NodeResourceTopology" or "KubeletConfiguration"
  std::string policy;  ///< none | best-effort | restricted | single-numa-node; empty: not told
  std::string scope;   ///< container | pod
  std::string path;    ///< field of the policy
  std::string value;   ///< as written there
  std::map<std::string, std::map<std::string, std::string>>
      zones;  ///< zone -> resource -> capacity
};

/// Levels of a topology that a scheduler places by, or the nodes that one is used for.
struct TopologyLevels {
  ObjectMeta meta;
  std::string kind;                          ///< "Topology.kueue.x-k8s.io", "ResourceFlavor"
  std::vector<std::string> levels;           ///< node labels, top down
  std::string topology;                      ///< a flavor's: the name of its topology
  std::map<std::string, std::string> nodes;  ///< a flavor's: labels of its nodes
};

/// A ComputeDomain: nodes that are to share one NVLink fabric.
struct FabricDomain {
  ObjectMeta meta;
  std::int64_t wanted_nodes = 0;
  std::string status;
  std::string channel_template;
  std::map<std::string, std::string> cliques;  ///< node -> cliqueID
};

}  // namespace plumbline
