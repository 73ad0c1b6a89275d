#include "netcheck/fabric.hpp"

#include <algorithm>

#include "netcheck/subnet.hpp"

namespace plumbline::netcheck {

std::optional<std::string> rail_of(const Fabric& fabric,
                                   const std::vector<std::string>& addresses) {
  for (const DeclaredRail& rail : fabric.rails) {
    const auto subnet = parse_subnet(rail.subnet);
    if (!subnet) continue;
    const bool on_it = std::any_of(addresses.begin(), addresses.end(),
                                   [&](const auto& address) { return holds(*subnet, address); });
    if (on_it) return rail.name;
  }
  return std::nullopt;
}

}  // namespace plumbline::netcheck
