#pragma once

#include <string>

#include "netcheck/expectations/expectation.hpp"

namespace plumbline::netcheck {

/// True for a collective over GPUs: it has neither a rail nor a transport that was forced.
bool is_gpu_collective(const Outcome& outcome);

/// What NCCL chose for the outcome's size, out of its log in the proof, else what its profiler
/// interface told of every collective: "RING", "TREE", "NVLS", "NVLSTREE",
/// "PAT", "COLLNET"; empty where neither told one.
std::string nccl_algorithm(const Outcome& outcome);

/// What a collective's bus bandwidth over the GPUs of these nodes should be. A ring inside one
/// NVLink domain: a GPU's active links times NCCL's own constant for one (src/graph/topo.h) times
/// the share that healthy machines reach; over several domains the least sum of a node's NIC rates
/// too, since a ring's egress of a node is its bus bandwidth. NVLS is held against calibrated
/// figures, and says so. Tree and what is not told have no expectation: their bus bandwidth is no
/// wire load.
Expected expect_gpu_group(const Facts& facts, const Outcome& outcome,
                          const std::vector<std::string>& nodes);

}  // namespace plumbline::netcheck
