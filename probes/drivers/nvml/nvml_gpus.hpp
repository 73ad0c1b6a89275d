#pragma once

#include "core/model/gpu.hpp"
#include "core/result.hpp"
#include "probes/drivers/nvml/nvml_library.hpp"

namespace plumbline::probes::nvml {

/// All that NVML tells of this machine's GPUs, by PCI address, with every ordered pair's peer
/// status. What a GPU does not support is absent; what failed otherwise is a line of its problems,
/// a GPU that is lost a line of the node's. NVML can block in the driver: call it in a child.
Result<GpuNode> read_gpus(const Library& library);

/// Who has a context on a GPU, compute and graphics; a pid once. An error is not an empty list.
Result<std::vector<GpuProcess>> read_processes(const Library& library, Handle gpu);

/// Words for the reasons in force that lower clocks: power_cap, hw_slowdown, sync_boost,
/// sw_thermal, hw_thermal, power_brake. Idle clocks and clocks that somebody set are none.
std::vector<std::string> throttle_words(unsigned long long reasons);

/// Words for what a fabric health mask calls bad: degraded_bandwidth, route_recovery,
/// route_unhealthy, access_timeout_recovery, configuration_N, no_partition.
std::vector<std::string> unhealthy_words(unsigned mask);

/// "0000:0a:00.0" from NVML's "00000000:0A:00.0".
std::string pci_address(const PciInfo& info);

}  // namespace plumbline::probes::nvml
