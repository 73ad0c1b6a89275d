#pragma once

#include <map>
#include <string>

namespace plumbline {

/// What is at the other end of a network port's cable, as it says of itself by LLDP (IEEE 802.1AB).
struct Neighbour {
  std::string chassis_id;        ///< "3c:fd:fe:00:00:01" or the switch's own words
  std::string port_id;           ///< "Ethernet12", "swp3", a MAC
  std::string system_name;       ///< "leaf-1"; empty: it says none
  std::string port_description;  ///< empty: it says none
  std::string source;            ///< "/run/systemd/netif/lldp/3", "heard on ens1"
};

/// Where a cloud says that this machine is, from files on it; nobody is called.
struct CloudPlace {
  std::string source;                        ///< "/run/cloud-init/instance-data.json"
  std::map<std::string, std::string> facts;  ///< "cloud", "region", "availability_zone", ...
};

}  // namespace plumbline
