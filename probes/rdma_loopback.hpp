#pragma once

#include <functional>
#include <memory>

#include "core/files.hpp"
#include "probes/gpu/rdma_memory.hpp"
#include "probes/pair/pair.hpp"
#include "probes/probe.hpp"

namespace plumbline::probes {

/// What a loopback needs of the world.
struct LoopbackWorld {
  std::function<PairDrivers()> drivers;  ///< fresh ones, for each end
  LinkReader read_links;
  std::function<std::vector<int>()> numa_nodes;    ///< of this machine, those with memory
  std::function<std::vector<std::string>()> gpus;  ///< PCI addresses of this machine's GPUs
  std::shared_ptr<GpuMemoryDesk> gpu_memory;       ///< where their memory is opened
  Patience patience;
  FileTree root;  ///< for what the kernel takes from an address of its own
};

/// "rdma_loopback": goodput over RDMA between the ports of one node, each port to itself and to
/// each other one: out of the port, to its switch and back. One outcome an ordered pair, operation
/// ("operations": write, read, send; default write) and NUMA node of the memory where the machine
/// has several, and for each port to itself one outcome a GPU, from and to its memory ("drivers":
/// described GPUs). `request.ends[0].device` names one RDMA device alone. What cannot be done is
/// skipped with the reason: a port that is down, two software devices whose network devices take
/// no packet from an address of this node, a GPU that is in use or whose memory cannot be
/// registered.
std::unique_ptr<Probe> rdma_loopback_probe(LoopbackWorld world);

}  // namespace plumbline::probes
