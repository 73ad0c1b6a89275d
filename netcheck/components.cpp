#include "netcheck/components.hpp"

#include <set>

#include "netcheck/lookup.hpp"

namespace plumbline::netcheck {

std::string Component::name() const {
  return (kind == ComponentKind::nic ? "nic " : "uplink ") + owner + "/" + rail;
}

Racks labelled_racks(const Facts& facts) {
  Racks racks;
  racks.declared = !facts.fabric.rack_label.empty();
  for (const NodeFacts& node : facts.nodes) {
    if (const auto rack = labelled_rack(facts, node.node)) racks.of[node.node] = *rack;
  }
  return racks;
}

std::optional<std::vector<Component>> path_between(const Racks& racks, const std::string& rail,
                                                   const std::string& from, const std::string& to) {
  std::vector<Component> path{{ComponentKind::nic, from, rail}};
  if (racks.declared) {
    const auto first = racks.of.find(from);
    const auto second = racks.of.find(to);
    if (first == racks.of.end() || second == racks.of.end()) return std::nullopt;
    if (first->second != second->second) {
      path.push_back({ComponentKind::uplink, first->second, rail});
      path.push_back({ComponentKind::uplink, second->second, rail});
    }
  }
  path.push_back({ComponentKind::nic, to, rail});
  return path;
}

std::optional<std::vector<Component>> parts_of_group(const Racks& racks, const std::string& rail,
                                                     const std::vector<std::string>& nodes) {
  std::vector<Component> parts;
  std::set<std::string> crossed;
  for (const std::string& node : nodes) {
    parts.push_back({ComponentKind::nic, node, rail});
    if (!racks.declared) continue;
    const auto rack = racks.of.find(node);
    if (rack == racks.of.end()) return std::nullopt;
    crossed.insert(rack->second);
  }
  if (crossed.size() < 2) return parts;
  for (const std::string& rack : crossed)
    parts.push_back({ComponentKind::uplink, rack, rail});
  return parts;
}

Subject subject_of(const Facts& facts, const Component& component) {
  if (component.kind == ComponentKind::uplink) {
    return {"uplink", component.owner + "/" + component.rail, "", component.rail};
  }
  const NetworkDevice* device = nic_on(facts, component.owner, component.rail);
  const std::string name = device == nullptr ? component.rail : device->name;
  return {"nic", component.owner + "/" + name, component.owner, component.rail};
}

}  // namespace plumbline::netcheck
