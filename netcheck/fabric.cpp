#include "netcheck/fabric.hpp"

#include <algorithm>

#include "netcheck/subnet.hpp"

namespace plumbline::netcheck {
namespace {

bool is_in(const DeclaredRail& rail, const std::vector<std::string>& addresses) {
  const auto subnet = parse_subnet(rail.subnet);
  return subnet && std::any_of(addresses.begin(), addresses.end(),
                               [&](const auto& address) { return holds(*subnet, address); });
}

/// True where no switch tells this rail from others, and where the NIC has heard its switch.
bool is_on_switch(const Fabric& fabric, const std::string& rail, const NetworkDevice& device) {
  const auto needed = fabric.switches.find(rail);
  if (needed == fabric.switches.end()) return true;
  return std::any_of(
      device.neighbours.begin(), device.neighbours.end(),
      [&](const Neighbour& neighbour) { return neighbour.chassis_id == needed->second; });
}

}  // namespace

std::optional<std::string> rail_of(const Fabric& fabric,
                                   const std::vector<std::string>& addresses) {
  for (const DeclaredRail& rail : fabric.rails) {
    if (is_in(rail, addresses)) return rail.name;
  }
  return std::nullopt;
}

std::optional<std::string> rail_of(const Fabric& fabric, const NetworkDevice& device) {
  for (const DeclaredRail& rail : fabric.rails) {
    if (is_in(rail, device.addresses) && is_on_switch(fabric, rail.name, device)) return rail.name;
  }
  return std::nullopt;
}

}  // namespace plumbline::netcheck
