#pragma once

#include <string>

#include "core/clock.hpp"
#include "core/result.hpp"

namespace plumbline::probes {

/// "shared" (every network namespace sees every RDMA device) or "exclusive" (a device is in one),
/// by RDMA netlink (RDMA_NLDEV_CMD_SYS_GET, Linux 5.2). Needs no right.
Result<std::string> rdma_netns_mode(Deadline deadline);

}  // namespace plumbline::probes
