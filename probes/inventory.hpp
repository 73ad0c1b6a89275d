#pragma once

#include <memory>

#include "probes/probe.hpp"

namespace plumbline::probes {

/// "inventory": everything this node shows of itself, as one Topology. Options: "sysfs_root"
/// (another root than "/"), "hwloc_xml" (a recorded machine), "cni_results" (a directory: pods with
/// network namespaces of their own are looked into), "drivers" ("fake:FILE": described GPUs). What
/// is not known is in Topology.problems.
std::unique_ptr<Probe> inventory_probe();

/// The inventory as a value.
Topology take_inventory(const Request& request, Deadline deadline);

}  // namespace plumbline::probes
