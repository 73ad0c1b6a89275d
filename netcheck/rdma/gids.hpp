#pragma once

#include <string>

#include "core/model/rdma.hpp"

namespace plumbline::netcheck {

/// True when a port of the device has a RoCE GID of the address. An entry whose type cannot be
/// read, because its network device is in another namespace, counts.
bool has_gid_of(const RdmaDevice& device, const std::string& address);

}  // namespace plumbline::netcheck
