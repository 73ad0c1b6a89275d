#include "probes/probe.hpp"

#include "probes/drivers/host/links.hpp"
#include "probes/drivers/host/machine.hpp"
#include "probes/drivers/ucx/ucx_path.hpp"
#include "probes/drivers/verbs/verbs_driver.hpp"
#include "probes/gpu/gpu_access.hpp"
#include "probes/gpu/gpu_pair.hpp"
#include "probes/gpu/gpu_probe.hpp"
#include "probes/gpu/rdma_memory.hpp"
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

Result<std::vector<Link>> links_now() {
  return read_links(Deadline::after(std::chrono::seconds(2)));
}

}  // namespace

std::vector<std::unique_ptr<Probe>> all_probes() {
  std::vector<std::unique_ptr<Probe>> probes;
  probes.push_back(inventory_probe());
  probes.push_back(memory_copy_probe());
  probes.push_back(loopback_latency_probe());
  const auto gpus = gpu_memory_desk();
  const auto drivers = [gpus] {
    return PairDrivers{ucx_paths(), verbs_driver(gpus), ucx_rdma_paths()};
  };
  probes.push_back(pair_probe(drivers(), links_now));
  probes.push_back(rdma_loopback_probe(
      {drivers, links_now, nodes_with_memory, gpus_on_pci, gpus, {}, FileTree("/")}));
  for (const char* const name : {"gpu_copy", "gpu_latency", "gpu_together"})
    probes.push_back(gpu_probe(name, open_gpus));
  probes.push_back(gpu_pair_probe(open_gpus));
  return probes;
}

}  // namespace plumbline::probes
