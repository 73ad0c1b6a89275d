#include "probes/gpu_facts.hpp"

#include <algorithm>

#include "probes/drivers/fake/fake_gpu_node.hpp"
#include "probes/drivers/nvml/nvml_gpus.hpp"
#include "probes/pod_of_process.hpp"

namespace plumbline::probes {

namespace {

constexpr const char* kFake = "fake:";

/// NVML tells a NUMA node only of GPUs that are one; sysfs knows where the others hang.
void add_numa(Topology& topology) {
  for (Gpu& gpu : topology.gpus->gpus) {
    for (const PciDevice& device : topology.pci_devices) {
      if (device.address == gpu.pci_address && !gpu.numa) gpu.numa = device.numa;
    }
  }
}

/// Whose each process is, as far as this process sees it: NVML numbers processes as the host does.
void add_pods(Topology& topology) {
  const FileTree root("/");
  for (Gpu& gpu : topology.gpus->gpus) {
    if (!gpu.processes) continue;
    for (GpuProcess& process : *gpu.processes) {
      if (process.pod_uid.empty()) process.pod_uid = pod_of_process(root, process.pid);
    }
  }
}

void add_real(Topology& topology) {
  const auto library = nvml::Library::open();
  if (!library) {
    topology.gpus_problem = library.error().message;
    return;
  }
  auto node = nvml::read_gpus(**library);
  if (!node) {
    topology.gpus_problem = node.error().message;
    return;
  }
  topology.gpus = std::move(*node);
  add_numa(topology);
  add_pods(topology);
}

}  // namespace

bool is_nvidia_gpu(const PciDevice& device) {
  return device.kind == "accelerator" && device.vendor == "0x10de";
}

void add_gpus(const Request& request, Topology& topology) {
  const auto drivers = request.options.find("drivers");
  if (drivers != request.options.end()) {
    if (drivers->second.rfind(kFake, 0) != 0) {
      topology.gpus_problem = "drivers \"" + drivers->second + "\" are not known: write fake:FILE";
      return;
    }
    const auto node = read_fake_gpus(drivers->second.substr(std::string(kFake).size()));
    if (node) {
      put_fake_machine(*node, topology);
    } else {
      topology.gpus_problem = "the described GPUs: " + node.error().message;
    }
    return;
  }
  const auto& devices = topology.pci_devices;
  if (std::any_of(devices.begin(), devices.end(), is_nvidia_gpu)) add_real(topology);
}

}  // namespace plumbline::probes
