#pragma once

#include <string>
#include <vector>

#include "core/model/measurement.hpp"
#include "core/model/topology.hpp"
#include "netcheck/expectations/expectation.hpp"

namespace plumbline::netcheck {

/// The GPU with this UUID; null when the topology has none of it. Borrowed.
const Gpu* find_gpu(const Topology& topology, const std::string& uuid);

/// True for the UUID of a MIG slice.
bool is_slice(const std::string& uuid);

/// How many NVLinks that are up join two GPUs: all links to switches that both have, or the links
/// from one straight to the other.
int nvlinks_between(const Gpu& one, const Gpu& other);

/// What a "gpu_copy" should give: generation x width or count x a cited share (rates.table). Host
/// paths take the narrowest PCIe link from the GPU up to the root. The ceiling is the link's own
/// rate.
Expected expect_gpu_copy(const Topology& topology, const Outcome& outcome);

/// One path of a node as its facts alone foretell it.
struct GpuPath {
  std::string from;  ///< UUID, or "host"
  std::string to;
  std::string by;  ///< "18 NVLinks", "PCIe", "no peer access"
  Expected expected;
};

/// Every path of a node's GPUs: host to each and each ordered pair.
std::vector<GpuPath> gpu_paths(const Topology& topology);

/// The generation of a lane's GT/s; 0 when it is none.
int pcie_generation(double gigatransfers);

}  // namespace plumbline::netcheck
