#pragma once

#include <vector>

#include "agent/command/inventory_gpus.hpp"
#include "core/model/topology.hpp"

namespace plumbline::agent {

/// The RDMA devices with ports, GIDs and what is wrong with them, and what this node lets processes
/// do with RDMA. Empty on a node without RDMA.
std::vector<Branch> rdma_branches(const Topology& topology);

}  // namespace plumbline::agent
