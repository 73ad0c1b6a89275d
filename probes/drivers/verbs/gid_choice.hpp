#pragma once

#include <optional>

#include "core/model/rdma.hpp"

namespace plumbline::probes {

/// Marks the GID that connections of a port use and says of each other one why not: on InfiniBand
/// the first; on Ethernet the first RoCE v2 entry with a network device in this network namespace,
/// IPv4 before global IPv6 before link-local. That is the order in which NCCL chooses too
/// (NCCL_IB_GID_INDEX=-1, NCCL_IB_ADDR_FAMILY=AF_INET, NCCL_IB_ROCE_VERSION_NUM=2), except that
/// link-local is taken as a last resort. `wish` names an index that shall be used instead. Without
/// a usable one `used_gid` is absent and `gid_problem` says why.
void choose_gid(RdmaPort& port, std::optional<int> wish = std::nullopt);

}  // namespace plumbline::probes
