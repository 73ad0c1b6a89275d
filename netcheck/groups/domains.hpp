#pragma once

#include <cstddef>
#include <string>

#include "netcheck/facts.hpp"

namespace plumbline::netcheck {

/// The NVLink domain of a node's GPU, by its number: cluster and clique of a fabric that spans
/// machines (nvmlDeviceGetGpuFabricInfoV), else the node itself. Pure.
std::string nvlink_domain(const NodeFacts& node, std::size_t gpu);

/// How many GPUs a node shows; zero where it told nothing.
std::size_t gpu_count(const NodeFacts& node);

}  // namespace plumbline::netcheck
