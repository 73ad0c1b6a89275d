#include <charconv>

#include "netcheck/claims/groups.hpp"

namespace plumbline::netcheck::claims {
namespace {

constexpr std::int64_t kMostDomains = 100'000;

std::string at(const std::string& list, std::size_t index) {
  return list + "[" + std::to_string(index) + "]";
}

/// v1beta1: one entry a domain.
void read_plain(const Fields& assignment, PlacementClaim& claim) {
  for (const Fields& domain : assignment.list("domains"))
    claim.assigned.push_back({domain.texts("values"), domain.number("count")});
}

/// One level's values of a slice: one for all, or prefix + root + suffix for each domain.
std::vector<std::string> level_values(const Fields& level, std::int64_t domains) {
  std::vector<std::string> values;
  if (level.has("universal")) {
    values.assign(static_cast<std::size_t>(domains), level.text("universal"));
    return values;
  }
  const Fields each = level.object("individual");
  for (const std::string& root : each.texts("roots"))
    values.push_back(each.text("prefix") + root + each.text("suffix"));
  if (values.size() != static_cast<std::size_t>(domains))
    each.complain("roots", "are not as many as domainCount says");
  return values;
}

std::vector<std::int64_t> pod_counts(const Fields& slice, std::int64_t domains) {
  const Fields counts = slice.object("podCounts");
  std::vector<std::int64_t> each;
  if (counts.has("universal")) {
    each.assign(static_cast<std::size_t>(domains), counts.number("universal"));
    return each;
  }
  for (const std::string& count : counts.scalars("individual")) {
    each.push_back(0);
    std::from_chars(count.data(), count.data() + count.size(), each.back());
  }
  if (each.size() != static_cast<std::size_t>(domains))
    counts.complain("individual", "are not as many as domainCount says");
  return each;
}

/// v1beta2: slices of domains whose names share what they can.
void read_compressed(const Fields& slice, PlacementClaim& claim) {
  const std::int64_t domains = slice.number("domainCount");
  if (domains < 0 || domains > kMostDomains)
    return slice.complain("domainCount", "is out of range");
  const auto counts = pod_counts(slice, domains);
  std::vector<std::vector<std::string>> levels;
  for (const Fields& level : slice.list("valuesPerLevel"))
    levels.push_back(level_values(level, domains));
  for (std::size_t i = 0; i < static_cast<std::size_t>(domains); ++i) {
    AssignedDomain domain;
    for (const auto& level : levels) {
      if (i < level.size()) domain.values.push_back(level[i]);
    }
    if (i < counts.size()) domain.count = counts[i];
    claim.assigned.push_back(std::move(domain));
  }
}

/// What a pod set was assigned, as one placement.
void add_assignment(const Fields& assignment, const std::string& path, ReadPlacement read,
                    Placements& placements) {
  if (!assignment.has("topologyAssignment")) return;
  const Fields topology = assignment.object("topologyAssignment");
  read.claim.form = PlacementForm::assigned;
  read.claim.one_domain.reset();
  read.claim.levels = topology.texts("levels");
  read_plain(topology, read.claim);
  for (const Fields& slice : topology.list("slices"))
    read_compressed(slice, read.claim);
  read.claim.path = path + ".topologyAssignment.levels";
  for (const std::string& level : read.claim.levels)
    read.claim.value += (read.claim.value.empty() ? "" : ", ") + level;
  placements.push_back(std::move(read));
}

void add_request(const Fields& request, const std::string& path, const ReadPlacement& base,
                 Placements& placements) {
  const auto add = [&](const char* field, bool required) {
    if (request.text(field).empty()) return;
    ReadPlacement read = base;
    read.claim.one_domain = request.text(field);
    read.claim.required = required;
    read.claim.path = path + "." + field;
    placements.push_back(std::move(read));
  };
  add("required", true);
  add("preferred", false);
  if (request.text("podSetSliceRequiredTopology").empty()) return;
  ReadPlacement read = base;
  read.claim.form = PlacementForm::slices;
  read.claim.one_domain = request.text("podSetSliceRequiredTopology");
  read.claim.slice_size = request.number("podSetSliceSize");
  read.claim.path = path + ".podSetSliceRequiredTopology";
  placements.push_back(std::move(read));
}

ReadPlacement base_of(const Fields& object, const Fields& pod_set, std::size_t index) {
  ReadPlacement base;
  base.claim.meta = read_meta(object);
  base.claim.kind = "Workload.kueue.x-k8s.io";
  base.claim.part = pod_set.text("name");
  base.link = link_of(base.claim.kind, base.claim.meta, base.claim.part);
  const bool partial = pod_set.has("minCount");
  base.claim.least_members = pod_set.number(partial ? "minCount" : "count");
  base.claim.least_path = at("spec.podSets", index) + (partial ? ".minCount" : ".count");
  base.claim.path = base.claim.least_path;
  const Fields status = object.object("status");
  base.claim.admitted = status.has("admission");
  for (const Fields& node : status.list("unhealthyNodes"))
    base.claim.lost_nodes.push_back(node.text("name"));
  return base;
}

}  // namespace

Placements read_kueue_workload(const Fields& object) {
  Placements placements;
  const auto assignments = object.object("status").object("admission").list("podSetAssignments");
  const auto pod_sets = object.object("spec").list("podSets");
  for (std::size_t i = 0; i < pod_sets.size(); ++i) {
    const ReadPlacement base = base_of(object, pod_sets[i], i);
    const std::size_t before = placements.size();
    if (pod_sets[i].has("topologyRequest")) {
      add_request(pod_sets[i].object("topologyRequest"), at("spec.podSets", i) + ".topologyRequest",
                  base, placements);
    } else {
      add_annotated(pod_sets[i].object("template").object("metadata"),
                    at("spec.podSets", i) + ".template.metadata", base, placements);
    }
    for (std::size_t j = 0; j < assignments.size(); ++j) {
      if (assignments[j].text("name") != base.claim.part) continue;
      add_assignment(assignments[j], at("status.admission.podSetAssignments", j), base, placements);
    }
    if (placements.size() == before) placements.push_back(base);
  }
  return placements;
}

}  // namespace plumbline::netcheck::claims
