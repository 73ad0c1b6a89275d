#include "netcheck/claims/allow_list.hpp"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace plumbline::netcheck::claims {
namespace {

using Json = nlohmann::json;

/// Members whose own names are data: copied as they are, scalars only.
constexpr std::array<std::string_view, 12> kTables{
    "labels",      "allocatable",      "limits",   "requests", "matchLabels",  "nodeLabels",
    "podSelector", "consumedCapacity", "counters", "capacity", "nodeSelector", "attributes"};

/// Every other field name that a reader looks at, wherever it stands.
constexpr std::array<std::string_view, 151> kFields{
    "adminAccess",
    "admission",
    "affinity",
    "allNodes",
    "allocatedResourcesStatus",
    "allocation",
    "allocationMode",
    "allowMultipleAllocations",
    "apiVersion",
    "available",
    "basic",
    "bool",
    "bools",
    "cel",
    "channel",
    "cliqueID",
    "completions",
    "conditions",
    "constraints",
    "consumesCounters",
    "containerID",
    "containerStatuses",
    "containers",
    "controller",
    "count",
    "counterSet",
    "device",
    "deviceClassName",
    "devices",
    "distinctAttribute",
    "domainCount",
    "domains",
    "driver",
    "effect",
    "exactMatch",
    "exactly",
    "expression",
    "extendedResourceClaimStatus",
    "extendedResourceName",
    "firstAvailable",
    "gang",
    "generateName",
    "generation",
    "hardwareAddress",
    "health",
    "highestTierAllowed",
    "hostNetwork",
    "individual",
    "int",
    "interfaceName",
    "ints",
    "ips",
    "items",
    "key",
    "kind",
    "kubeletconfig",
    "labelMatch",
    "labelSelector",
    "leaderWorkerTemplate",
    "levelName",
    "levels",
    "matchAttribute",
    "matchExpressions",
    "matchFields",
    "members",
    "metadata",
    "minAvailable",
    "minCount",
    "minMember",
    "mode",
    "mpiReplicaSpecs",
    "name",
    "namespace",
    "networkData",
    "networkTopology",
    "nodeLabel",
    "nodeName",
    "nodeSelectorTerms",
    "nodes",
    "numNodes",
    "operator",
    "ownerReferences",
    "packDomain",
    "parallelism",
    "parentCompositePodGroupName",
    "pattern",
    "perDeviceNodeSelection",
    "phase",
    "podAffinity",
    "podCounts",
    "podGroup",
    "podGroupName",
    "podGroupReplicaKey",
    "podGroups",
    "podSetAssignments",
    "podSetSliceRequiredTopology",
    "podSetSliceSize",
    "podSets",
    "policy",
    "pool",
    "preferred",
    "preferredTopologyLevel",
    "prefix",
    "regexMatch",
    "replicas",
    "replicatedJobs",
    "request",
    "required",
    "requiredDuringSchedulingIgnoredDuringExecution",
    "requiredTopologyLevel",
    "reservedFor",
    "resource",
    "resourceClaimName",
    "resourceClaimStatuses",
    "resourceClaimTemplate",
    "resourceClaimTemplateName",
    "resourceClaims",
    "resourceID",
    "resourceSliceCount",
    "resourceVersion",
    "resources",
    "results",
    "roots",
    "runPolicy",
    "schedulingConstraints",
    "schedulingGates",
    "schedulingGroup",
    "schedulingPolicy",
    "selector",
    "selectors",
    "shareID",
    "slices",
    "spec",
    "status",
    "string",
    "strings",
    "subGroup",
    "suffix",
    "taints",
    "template",
    "tier",
    "topology",
    "topologyAssignment",
    "topologyConstraint",
    "topologyKey",
    "topologyLevel",
    "topologyManagerPolicy",
    "topologyManagerScope",
    "topologyName",
    "topologyPolicies",
    "topologyRequest"};
constexpr std::array<std::string_view, 15> kMoreFields{
    "Launcher",       "Worker",    "trainer",        "type",        "uid",
    "unhealthyNodes", "universal", "value",          "values",      "valuesPerLevel",
    "version",        "versions",  "workerTemplate", "workloadRef", "zones"};

/// Annotations that are read, of objects and of pod templates.
constexpr std::array<std::string_view, 9> kAnnotationFamilies{
    "kueue.x-k8s.io/pod",
    "kueue.x-k8s.io/workload",
    "kai.scheduler/topology",
    "alpha.jobset.sigs.k8s.io/exclusive-topology",
    "leaderworkerset.sigs.k8s.io/",
    "scheduling.k8s.io/group-name",
    "scheduling.volcano.sh/group-name",
    "pod-group-name",
    "topograph.run/"};

template <typename List>
bool has(const List& list, std::string_view name) {
  return std::find(list.begin(), list.end(), name) != list.end();
}

bool is_read(std::string_view name) { return has(kFields, name) || has(kMoreFields, name); }

Json annotations_of(const Json& object) {
  Json kept = Json::object();
  if (!object.is_object()) return kept;
  for (const auto& entry : object.items()) {
    const std::string& key = entry.key();
    const bool read = std::any_of(kAnnotationFamilies.begin(), kAnnotationFamilies.end(),
                                  [&](std::string_view family) { return key.starts_with(family); });
    if (read && entry.value().is_string()) kept[key] = entry.value();
  }
  return kept;
}

Json table_of(const Json& object) {
  Json kept = Json::object();
  for (const auto& [key, value] : object.items()) {
    // An attribute or capacity is an object of its own typed value.
    kept[key] = value.is_object() ? allowed(value) : value;
  }
  return kept;
}

}  // namespace

Json allowed(const Json& object) {
  if (object.is_array()) {
    Json list = Json::array();
    for (const Json& element : object)
      list.push_back(allowed(element));
    return list;
  }
  if (!object.is_object()) return object;
  Json kept = Json::object();
  for (const auto& [name, value] : object.items()) {
    if (name == "annotations") {
      if (Json notes = annotations_of(value); !notes.empty()) kept[name] = std::move(notes);
    } else if (has(kTables, name) && value.is_object()) {
      kept[name] = table_of(value);
    } else if (has(kTables, name) || is_read(name)) {
      kept[name] = allowed(value);
    }
  }
  return kept;
}

}  // namespace plumbline::netcheck::claims
