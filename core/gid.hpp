#pragma once

#include <string>

namespace plumbline {

/// The GID of an IP address ("10.70.1.11/24", "fd00::1"), as sysfs writes it: IPv4 is mapped into
/// IPv6 (IBTA Vol. 1, annex A17). Empty when it is no address.
std::string gid_of(const std::string& address);

}  // namespace plumbline
