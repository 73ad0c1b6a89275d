#include "netcheck/claims/objects.hpp"

namespace plumbline::netcheck::claims {

ObjectMeta read_meta(const Fields& object) {
  const Fields metadata = object.object("metadata");
  ObjectMeta meta;
  meta.name = metadata.text("name");
  meta.name_space = metadata.text("namespace");
  meta.uid = metadata.text("uid");
  meta.resource_version = metadata.text("resourceVersion");
  for (auto& [key, value] : metadata.object("labels").text_members()) {
    meta.labels.emplace(std::move(key), std::move(value));
  }
  if (meta.name.empty()) metadata.complain("name", "is missing");
  return meta;
}

NodeClaim read_node(const Fields& object) {
  NodeClaim node;
  node.meta = read_meta(object);
  for (auto& [name, amount] : object.object("status").object("allocatable").text_members()) {
    node.allocatable.emplace(std::move(name), std::move(amount));
  }
  return node;
}

namespace {

/// The ResourceClaims of a pod by their own names: a template's claim has its name in the status.
std::vector<std::string> claims_of(const Fields& object) {
  std::vector<std::string> names;
  for (const Fields& entry : object.object("spec").list("resourceClaims")) {
    if (auto name = entry.text("resourceClaimName"); !name.empty()) names.push_back(name);
  }
  const Fields status = object.object("status");
  for (const Fields& entry : status.list("resourceClaimStatuses")) {
    if (auto name = entry.text("resourceClaimName"); !name.empty()) names.push_back(name);
  }
  const auto extended = status.object("extendedResourceClaimStatus").text("resourceClaimName");
  if (!extended.empty()) names.push_back(extended);
  return names;
}

}  // namespace

PodClaim read_pod(const Fields& object) {
  PodClaim pod;
  pod.meta = read_meta(object);
  const Fields spec = object.object("spec");
  pod.node = spec.text("nodeName");
  pod.host_network = spec.flag("hostNetwork");
  pod.phase = object.object("status").text("phase");
  for (std::string& name : claims_of(object)) {
    bool known = false;
    for (const std::string& before : pod.resource_claims)
      known = known || before == name;
    if (!known) pod.resource_claims.push_back(std::move(name));
  }
  const auto group = spec.object("schedulingGroup").text("podGroupName");
  if (!group.empty()) pod.gang = pod.meta.name_space + "/" + group;
  return pod;
}

std::vector<PlacementClaim> read_pod_group(const Fields& object) {
  PlacementClaim base;
  base.meta = read_meta(object);
  base.kind = "PodGroup";
  const Fields spec = object.object("spec");
  base.least_members = spec.object("schedulingPolicy").object("gang").number("minCount");
  base.path = "spec.schedulingPolicy.gang.minCount";
  std::vector<PlacementClaim> placements;
  const auto topology = spec.object("schedulingConstraints").list("topology");
  for (std::size_t i = 0; i < topology.size(); ++i) {
    PlacementClaim placement = base;
    placement.one_domain = topology[i].text("key");
    placement.path = "spec.schedulingConstraints.topology[" + std::to_string(i) + "].key";
    if (placement.one_domain->empty()) topology[i].complain("key", "is missing");
    placements.push_back(std::move(placement));
  }
  if (placements.empty()) placements.push_back(std::move(base));
  return placements;
}

}  // namespace plumbline::netcheck::claims
