#include "netcheck/rdma/gids.hpp"

#include <algorithm>

#include "core/gid.hpp"

namespace plumbline::netcheck {

bool has_gid_of(const RdmaDevice& device, const std::string& address) {
  const std::string wanted = gid_of(address);
  return std::any_of(device.ports.begin(), device.ports.end(), [&](const RdmaPort& port) {
    return std::any_of(port.gids.begin(), port.gids.end(), [&](const RdmaGid& gid) {
      return gid.gid == wanted && (gid.type.empty() || gid.type == "RoCE v2");
    });
  });
}

}  // namespace plumbline::netcheck
