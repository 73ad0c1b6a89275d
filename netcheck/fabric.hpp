#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/model/topology.hpp"
#include "core/units.hpp"

namespace plumbline::netcheck {

/// One rail as declared in the stage file: what software cannot see.
struct DeclaredRail {
  std::string name;
  std::string subnet;                         ///< CIDR; a NIC with an address in it is on this rail
  std::optional<BytesPerSecond> nic_rate;     ///< wire rate of each NIC; absent: not declared
  std::optional<BytesPerSecond> uplink_rate;  ///< leaf to spine, each rack
  std::map<std::string, BytesPerSecond> uplinks;  ///< exceptions by rack
};

/// `fabric:` of the stage file.
struct Fabric {
  std::string rack_label;  ///< node label whose value is the rack; empty: no racks declared
  std::vector<DeclaredRail> rails;
  /// Rail -> chassis id of its one switch, where LLDP told rails of one subnet apart: only NICs
  /// with this neighbour are on it.
  std::map<std::string, std::string> switches;
  std::string told_by;  ///< how the rails were found where none is declared; empty: declared
};

/// The rail whose subnet holds one of `addresses` ("10.70.1.11/24"); nothing when none does.
std::optional<std::string> rail_of(const Fabric& fabric, const std::vector<std::string>& addresses);

/// The same of a NIC, whose switch counts too where rails are told apart by it.
std::optional<std::string> rail_of(const Fabric& fabric, const NetworkDevice& device);

}  // namespace plumbline::netcheck
