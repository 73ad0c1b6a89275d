#pragma once

#include <string>
#include <vector>

#include "core/files.hpp"
#include "core/model/topology.hpp"

namespace plumbline::probes {

/// Adds CPU model, NUMA nodes and PCI devices of another machine's files (a fixture, a recorded
/// node), where hwloc cannot look: proc/cpuinfo, sys/devices/system/node, sys/bus/pci/devices. Of
/// PCI the network, accelerator and storage functions and the PCI bridges. What could not be read
/// goes to Topology.problems.
void read_tree_machine(const FileTree& root, Topology& topology);

/// "0-3,8" as CPU numbers; empty for a text of another form or beyond 65536 CPUs.
std::vector<int> parse_cpu_list(const std::string& text);

}  // namespace plumbline::probes
