#pragma once

#include <vector>

#include "core/clock.hpp"
#include "core/files.hpp"
#include "core/model/topology.hpp"

namespace plumbline::probes {

/// Every RDMA device that the tree shows (/sys/class/infiniband), with ports, GIDs, counters, place
/// in the machine, and what lies between it and its PCI root. What could not be read is in the
/// `problems` of the device or the port.
std::vector<RdmaDevice> read_rdma_devices(const FileTree& root);

/// What a process needs to use RDMA: locked memory, rights, /dev/infiniband, modules, IOMMU, and,
/// on this machine ("/"), the namespace mode by netlink.
RdmaHost read_rdma_host(const FileTree& root, Deadline deadline);

/// Both, into a topology; and on this machine what verbs say of each device.
void add_rdma(const FileTree& root, Topology& topology, Deadline deadline);

}  // namespace plumbline::probes
