#pragma once

#include <string>

#include "netcheck/facts.hpp"

namespace plumbline::netcheck {

/// Node n1 with four GPUs ("GPU-0" is /dev/nvidia0, ...) and two NICs with RDMA (ens1 is mlx5_0 at
/// 0000:01:00.0, ...), and the stage's own pods on it as they must be: single-0 and single-1 with
/// a GPU each, nic-0 (of the gang) with both NICs by a plugin, bare-0 with nothing. Each was looked
/// into and finds just that; its network is its own.
Facts inside_facts();

/// What the agent in a pod told; fails the test when there is none.
NodeFacts& told(Facts& facts, const std::string& pod);
/// The device nodes that a pod found.
InsideView& inside(Facts& facts, const std::string& pod);
/// A device node of a driver's own that opens.
DeviceNode device_node(const std::string& kind, const std::string& path, const std::string& device);
/// What the kubelet says that a pod holds: a plugin's device.
Holding plugin_device(const std::string& pod, const std::string& resource,
                      const std::string& device);

}  // namespace plumbline::netcheck
