#include <charconv>

#include "netcheck/claims/groups.hpp"

namespace plumbline::netcheck::claims {
namespace {

std::string at(const std::string& list, std::size_t index) {
  return list + "[" + std::to_string(index) + "]";
}

ReadPlacement begin(const Fields& object, const std::string& kind, const std::string& part = "") {
  ReadPlacement read;
  read.claim.meta = read_meta(object);
  read.claim.kind = kind;
  read.claim.part = part;
  read.link = link_of(kind, read.claim.meta, part);
  return read;
}

ReadPlacement& set_least(ReadPlacement& read, std::int64_t least, const std::string& path) {
  read.claim.least_members = least;
  read.claim.least_path = path;
  read.claim.path = path;
  return read;
}

ReadPlacement in_one(const ReadPlacement& base, const std::string& label, const std::string& path,
                     bool required) {
  ReadPlacement read = base;
  read.claim.one_domain = label;
  read.claim.path = path;
  read.claim.required = required;
  return read;
}

void add_keys(const Fields& body, const std::string& path, const ReadPlacement& base,
              Placements& placements) {
  const auto topology = body.object("schedulingConstraints").list("topology");
  for (std::size_t i = 0; i < topology.size(); ++i) {
    const std::string here = at(path + "schedulingConstraints.topology", i) + ".key";
    if (topology[i].text("key").empty()) topology[i].complain("key", "is missing");
    placements.push_back(in_one(base, topology[i].text("key"), here, true));
  }
}

}  // namespace

std::string link_of(const std::string& kind, const ObjectMeta& meta, const std::string& part) {
  std::string link = kind + "|" + meta.name_space + "/" + meta.name;
  return part.empty() ? link : link + "|" + part;
}

Placements read_pod_group(const Fields& object) {
  ReadPlacement base = begin(object, "PodGroup");
  const Fields spec = object.object("spec");
  set_least(base, spec.object("schedulingPolicy").object("gang").number("minCount"),
            "spec.schedulingPolicy.gang.minCount");
  ObjectMeta parent = base.claim.meta;
  parent.name = spec.text("parentCompositePodGroupName");
  if (!parent.name.empty()) base.parent = link_of("CompositePodGroup", parent);
  Placements placements;
  add_keys(spec, "spec.", base, placements);
  if (placements.empty()) placements.push_back(std::move(base));
  return placements;
}

Placements read_native_workload(const Fields& object) {
  Placements placements;
  const auto groups = object.object("spec").list("podGroups");
  for (std::size_t i = 0; i < groups.size(); ++i) {
    ReadPlacement base = begin(object, "Workload.scheduling.k8s.io", groups[i].text("name"));
    base.split = true;
    set_least(base, groups[i].object("policy").object("gang").number("minCount"),
              at("spec.podGroups", i) + ".policy.gang.minCount");
    placements.push_back(std::move(base));
  }
  return placements;
}

Placements read_composite_group(const Fields& object) {
  Placements placements;
  add_keys(object.object("spec"), "spec.", begin(object, "CompositePodGroup"), placements);
  return placements;
}

Placements read_volcano_group(const Fields& object) {
  ReadPlacement base = begin(object, "PodGroup.scheduling.volcano.sh");
  const Fields spec = object.object("spec");
  set_least(base, spec.number("minMember"), "spec.minMember");
  if (!spec.has("networkTopology")) return {base};
  const Fields topology = spec.object("networkTopology");
  ReadPlacement read = base;
  read.claim.form = PlacementForm::tier;
  read.claim.required = topology.text("mode") != "soft";
  read.claim.tier = topology.has("highestTierAllowed") ? topology.number("highestTierAllowed") : 1;
  read.claim.path = "spec.networkTopology.highestTierAllowed";
  read.claim.value = topology.scalar("highestTierAllowed");
  return {read};
}

Placements read_kai_group(const Fields& object) {
  ReadPlacement base = begin(object, "PodGroup.scheduling.run.ai");
  const Fields spec = object.object("spec");
  set_least(base, spec.number("minMember"), "spec.minMember");
  const Fields topology = spec.object("topologyConstraint");
  Placements placements;
  for (const bool required : {true, false}) {
    const char* const field = required ? "requiredTopologyLevel" : "preferredTopologyLevel";
    if (topology.text(field).empty()) continue;
    placements.push_back(in_one(base, topology.text(field),
                                std::string("spec.topologyConstraint.") + field, required));
  }
  if (placements.empty()) placements.push_back(std::move(base));
  return placements;
}

Placements read_coscheduling_group(const Fields& object) {
  ReadPlacement base = begin(object, "PodGroup.scheduling.x-k8s.io");
  return {set_least(base, object.object("spec").number("minMember"), "spec.minMember")};
}

void add_annotated(const Fields& metadata, const std::string& path, const ReadPlacement& base,
                   Placements& placements) {
  const Fields notes = metadata.object("annotations");
  const auto add = [&](const std::string& key, bool required) {
    const std::string label = notes.text(key);
    if (label.empty()) return;
    placements.push_back(in_one(base, label, path + ".annotations[" + key + "]", required));
  };
  add("kueue.x-k8s.io/podset-required-topology", true);
  add("kueue.x-k8s.io/podset-preferred-topology", false);
  add("kai.scheduler/topology-required-placement", true);
  add("kai.scheduler/topology-preferred-placement", false);
  const std::string slice = "kueue.x-k8s.io/podset-slice-required-topology";
  const std::string size = notes.text("kueue.x-k8s.io/podset-slice-size");
  if (notes.text(slice).empty() || size.empty()) return;
  ReadPlacement read = in_one(base, notes.text(slice), path + ".annotations[" + slice + "]", true);
  read.claim.form = PlacementForm::slices;
  std::from_chars(size.data(), size.data() + size.size(), read.claim.slice_size);
  placements.push_back(std::move(read));
}

void add_affinities(const Fields& spec, const std::string& path, const ReadPlacement& base,
                    Placements& placements) {
  for (const AffinityTerm& term : read_affinities(spec, path))
    placements.push_back(in_one(base, term.topology_key, term.path, true));
}

}  // namespace plumbline::netcheck::claims
