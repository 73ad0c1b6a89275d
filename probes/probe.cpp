#include "probes/probe.hpp"

#include "probes/drivers/host/links.hpp"
#include "probes/drivers/host/machine.hpp"
#include "probes/drivers/ucx/ucx_path.hpp"
#include "probes/drivers/verbs/rdma_facts.hpp"
#include "probes/drivers/verbs/verbs_driver.hpp"
#include "probes/gpu/gpu_access.hpp"
#include "probes/gpu/gpu_pair.hpp"
#include "probes/gpu/gpu_probe.hpp"
#include "probes/inventory.hpp"
#include "probes/loopback_latency.hpp"
#include "probes/memory_copy.hpp"
#include "probes/pair/pair.hpp"
#include "probes/rdma_loopback.hpp"

namespace plumbline::probes {

namespace {

constexpr const char* kNvidia = "0x10de";

std::vector<int> nodes_with_memory() {
  std::vector<int> nodes;
  const auto machine = Machine::open({}, Depth::nodes);
  if (!machine) return nodes;
  for (const NumaNode& node : machine->numa_nodes()) {
    if (node.memory.count > 0) nodes.push_back(node.index);
  }
  return nodes;
}

std::vector<std::string> gpus_on_pci() {
  std::vector<std::string> addresses;
  const auto machine = Machine::open({}, Depth::devices);
  if (!machine) return addresses;
  for (const PciDevice& device : machine->pci_devices()) {
    if (device.kind == "accelerator" && device.vendor == kNvidia)
      addresses.push_back(device.address);
  }
  return addresses;
}

/// What the node could do about memory of a GPU, and that this program registers host memory only.
std::string gpu_memory_words() {
  const auto host = read_rdma_host(FileTree("/"), Deadline::after(std::chrono::seconds(2)));
  return "memory of a GPU is not registered for RDMA by this version; here: dma-buf: " +
         host.dma_buf + "; peer memory: " +
         (host.peer_memory.empty() ? "no such module is loaded" : host.peer_memory);
}

Result<std::vector<Link>> links_now() {
  return read_links(Deadline::after(std::chrono::seconds(2)));
}

}  // namespace

std::vector<std::unique_ptr<Probe>> all_probes() {
  std::vector<std::unique_ptr<Probe>> probes;
  probes.push_back(inventory_probe());
  probes.push_back(memory_copy_probe());
  probes.push_back(loopback_latency_probe());
  const auto drivers = [] { return PairDrivers{ucx_paths(), verbs_driver()}; };
  probes.push_back(pair_probe(drivers(), links_now));
  probes.push_back(rdma_loopback_probe(
      {drivers, links_now, nodes_with_memory, gpus_on_pci, gpu_memory_words, {}}));
  for (const char* const name : {"gpu_copy", "gpu_latency", "gpu_together"})
    probes.push_back(gpu_probe(name, open_gpus));
  probes.push_back(gpu_pair_probe(open_gpus));
  return probes;
}

}  // namespace plumbline::probes
