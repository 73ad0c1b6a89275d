#pragma once

#include <string>

#include "core/model/topology.hpp"

namespace plumbline::agent {

/// A node as a tree for a person: NUMA nodes with their CPUs, PCI roots with bridges and devices,
/// network devices under their PCI device, virtual ones apart, pods, and what could not be read.
/// Control bytes in names become '?'.
std::string inventory_tree(const Topology& topology, const std::string& title);

}  // namespace plumbline::agent
