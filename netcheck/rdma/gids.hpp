#pragma once

#include <string>

#include "core/model/rdma.hpp"

namespace plumbline::netcheck {

/// The GID of an IP address ("10.70.1.11/24", "fd00::1"), as sysfs writes it: IPv4 is mapped into
/// IPv6 (IBTA Vol. 1, annex A17). Empty when it is no address.
std::string gid_of(const std::string& address);

/// True when a port of the device has a RoCE GID of the address. An entry whose type cannot be
/// read, because its network device is in another namespace, counts.
bool has_gid_of(const RdmaDevice& device, const std::string& address);

}  // namespace plumbline::netcheck
