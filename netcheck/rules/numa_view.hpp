#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "netcheck/facts.hpp"

namespace plumbline::netcheck {

/// What one container holds by its kubelet's word, by NUMA node. Borrows the facts.
struct ContainerNuma {
  std::string pod;  ///< "namespace/name"
  std::string container;
  std::map<int, std::vector<std::string>> on;   ///< NUMA node -> "cpus 0-3", "nvidia.com/gpu GPU-1"
  std::vector<std::string> silent;              ///< plugin devices of which nobody told a NUMA node
  std::set<int> cpu_nodes;                      ///< of its exclusive CPUs
  std::map<std::string, std::int64_t> amounts;  ///< resource -> how many of it
};

/// Every container of a node that has exclusive CPUs, memory or plugin devices. CPUs are placed by
/// the node's own topology, devices by their PCI function there, else by the plugin's hint.
std::vector<ContainerNuma> containers_by_numa(const NodeFacts& node);

}  // namespace plumbline::netcheck
