#include <array>

#include "core/json/tree.hpp"

namespace plumbline::json {
namespace {

constexpr std::array<const char*, 5> kForms{"one_domain", "exclusive", "slices", "assigned",
                                            "tier"};

Tree tree_of(const AssignedDomain& domain) {
  return {{"values", domain.values}, {"count", domain.count}};
}

AssignedDomain read_assigned(const Fields& fields) {
  return {fields.list<std::string>("values"), fields.get<std::int64_t>("count")};
}

Tree tree_of(const PlacementClaim& placement) {
  Tree tree{{"meta", json::tree_of(placement.meta)},
            {"kind", placement.kind},
            {"least_members", placement.least_members},
            {"required", placement.required},
            {"path", placement.path},
            {"form", kForms[static_cast<std::size_t>(placement.form)]},
            {"least_path", placement.least_path},
            {"value", placement.value},
            {"members", placement.members},
            {"part", placement.part},
            {"slice_size", placement.slice_size},
            {"first_rank", placement.first_rank},
            {"levels", placement.levels},
            {"assigned", list_of(placement.assigned, [](const auto& one) { return tree_of(one); })},
            {"admitted", placement.admitted},
            {"lost_nodes", placement.lost_nodes}};
  put(tree, "one_domain", placement.one_domain);
  put(tree, "tier", placement.tier);
  return tree;
}

PlacementForm read_form(const Fields& fields) {
  const auto word = fields.get_or<std::string>("form", kForms.front());
  for (std::size_t i = 0; i < kForms.size(); ++i) {
    if (word == kForms[i]) return static_cast<PlacementForm>(i);
  }
  fields.complain("form", "a known form");
  return PlacementForm::one_domain;
}

PlacementClaim read_placement(const Fields& fields) {
  PlacementClaim placement;
  placement.meta = read_meta(fields);
  placement.kind = fields.get<std::string>("kind");
  placement.least_members = fields.get_or<std::int64_t>("least_members", 0);
  placement.required = fields.get_or<bool>("required", true);
  placement.path = fields.get_or<std::string>("path", "");
  placement.form = read_form(fields);
  placement.least_path = fields.get_or<std::string>("least_path", "");
  placement.value = fields.get_or<std::string>("value", "");
  placement.members = fields.list<std::string>("members");
  placement.part = fields.get_or<std::string>("part", "");
  placement.slice_size = fields.get_or<std::int64_t>("slice_size", 0);
  placement.first_rank = fields.get_or<std::int64_t>("first_rank", 0);
  placement.levels = fields.list<std::string>("levels");
  placement.assigned = fields.objects("assigned", read_assigned);
  placement.admitted = fields.get_or<bool>("admitted", true);
  placement.lost_nodes = fields.list<std::string>("lost_nodes");
  placement.one_domain = fields.maybe<std::string>("one_domain");
  placement.tier = fields.maybe<std::int64_t>("tier");
  return placement;
}

Tree tree_of(const NamedDomain& domain) {
  return {{"meta", json::tree_of(domain.meta)}, {"tier", domain.tier}, {"nodes", domain.nodes}};
}

NamedDomain read_domain(const Fields& fields) {
  return {read_meta(fields), fields.get<std::int64_t>("tier"), fields.list<std::string>("nodes")};
}

Tree tree_of(const AlignmentPolicy& policy) {
  Tree zones = Tree::object();
  for (const auto& [name, resources] : policy.zones)
    zones[name] = resources;
  return {{"meta", json::tree_of(policy.meta)},
          {"kind", policy.kind},
          {"policy", policy.policy},
          {"scope", policy.scope},
          {"path", policy.path},
          {"value", policy.value},
          {"zones", std::move(zones)}};
}

AlignmentPolicy read_policy(const Fields& fields) {
  AlignmentPolicy policy;
  policy.meta = read_meta(fields);
  policy.kind = fields.get<std::string>("kind");
  policy.policy = fields.get_or<std::string>("policy", "");
  policy.scope = fields.get_or<std::string>("scope", "");
  policy.path = fields.get_or<std::string>("path", "");
  policy.value = fields.get_or<std::string>("value", "");
  const Tree* const zones = fields.find("zones");
  if (zones == nullptr || !zones->is_object()) return policy;
  const Fields table = fields.object("zones");
  for (const auto& [name, resources] : zones->items())
    policy.zones[name] = table.table<std::string>(name.c_str());
  return policy;
}

Tree tree_of(const FabricDomain& fabric) {
  return {{"meta", json::tree_of(fabric.meta)},
          {"wanted_nodes", fabric.wanted_nodes},
          {"status", fabric.status},
          {"channel_template", fabric.channel_template},
          {"cliques", fabric.cliques}};
}

FabricDomain read_fabric(const Fields& fields) {
  return {read_meta(fields), fields.get_or<std::int64_t>("wanted_nodes", 0),
          fields.get_or<std::string>("status", ""),
          fields.get_or<std::string>("channel_template", ""), fields.table<std::string>("cliques")};
}

Tree tree_of(const TopologyLevels& levels) {
  return {{"meta", json::tree_of(levels.meta)},
          {"kind", levels.kind},
          {"levels", levels.levels},
          {"topology", levels.topology},
          {"nodes", levels.nodes}};
}

TopologyLevels read_levels(const Fields& fields) {
  return {read_meta(fields), fields.get<std::string>("kind"), fields.list<std::string>("levels"),
          fields.get_or<std::string>("topology", ""), fields.table<std::string>("nodes")};
}

constexpr auto as_tree = [](const auto& item) { return tree_of(item); };

}  // namespace

void put_placements(Tree& tree, const AllocationView& view) {
  tree["placements"] = list_of(view.placements, as_tree);
  tree["domains"] = list_of(view.domains, as_tree);
  tree["policies"] = list_of(view.policies, as_tree);
  tree["fabrics"] = list_of(view.fabrics, as_tree);
  tree["levels"] = list_of(view.levels, as_tree);
}

void read_placements(const Fields& fields, AllocationView& view) {
  view.placements = fields.objects("placements", read_placement);
  view.domains = fields.objects("domains", read_domain);
  view.policies = fields.objects("policies", read_policy);
  view.fabrics = fields.objects("fabrics", read_fabric);
  view.levels = fields.objects("levels", read_levels);
}

}  // namespace plumbline::json
