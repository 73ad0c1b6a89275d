#include <algorithm>
#include <array>
#include <cstdio>

#include "probes/drivers/fake/fake_gpu_node.hpp"

namespace plumbline::probes {

namespace {

template <typename... Values>
std::string formatted(const char* format, Values... values) {
  std::array<char, 64> text{};
  static_cast<void>(std::snprintf(text.data(), text.size(), format, values...));
  return text.data();
}

/// Each GPU has a root of its own: bus of the root port; the switch, GPU and NICs lie behind it.
unsigned root_bus(int index) { return static_cast<unsigned>(index) * 3 + 0x10; }

/// GT/s of one lane (PCI Express Base Specification 6.0, section 1.2).
double lane_rate(int generation) {
  if (generation <= 2) return generation == 1 ? 2.5 : 5.0;
  return 8.0 * (1 << (generation - 3));
}

NvLink link_of(const FakeGpuNode& node, int gpu, int index) {
  NvLink link;
  link.index = index;
  link.generation = node.nvlink_generation;
  link.remote_kind = "unknown";
  link.active = std::none_of(node.faults.begin(), node.faults.end(), [&](const FakeFault& fault) {
    return fault.kind == "nvlink_down" && fault.gpu == gpu && fault.value == index;
  });
  if (!link.active) return link;
  link.remote_kind = node.nvlink_to;
  const int other =
      node.nvlink_to == "gpu" ? (gpu + 1 + index % std::max(1, node.count - 1)) % node.count : 0;
  link.remote_pci = node.nvlink_to == "gpu"
                        ? fake_pci_address(other)
                        : formatted("0000:%02x:00.0", 0xf0U + static_cast<unsigned>(index % 4));
  // Signalling rates as nvidia-smi prints them: 26.562 GB/s a link of generation 4.
  const double rate = node.nvlink_generation >= 5   ? 53.125e9
                      : node.nvlink_generation >= 4 ? 26.562e9
                                                    : 25e9;
  link.speed = BytesPerSecond{rate};
  link.crc_errors = link.replays = link.recoveries = 0;
  return link;
}

GpuFabric fabric_of(const FakeGpuNode& node, int index) {
  GpuFabric fabric;
  fabric.state = node.nvlinks > 0 && node.nvlink_to == "switch" ? "completed" : "not_supported";
  fabric.cluster_uuid = node.cluster_uuid;
  fabric.clique = node.clique;
  if (has_fault(node, "unhealthy_fabric", index)) {
    fabric.health_mask = 1;
    fabric.unhealthy = {"degraded_bandwidth"};
  }
  return fabric;
}

void add_state(const FakeGpuNode& node, int index, Gpu& gpu) {
  gpu.health.ecc = true;
  gpu.health.uncorrected = 0;
  gpu.health.remapped_rows = 0;
  gpu.health.pending = gpu.health.remap_failed = false;
  gpu.state.sm_clock_mhz = 1980;
  gpu.state.temperature = 38;
  if (has_fault(node, "throttled", index)) gpu.state.throttled = {"hw_thermal"};
  gpu.processes = std::vector<GpuProcess>{};
  for (const FakeFault& fault : node.faults) {
    if (fault.kind != "busy" || fault.gpu != index) continue;
    gpu.processes->push_back({static_cast<std::uint32_t>(fault.value), "compute",
                              Bytes{node.memory.count / 2}, fault.pod});
  }
}

Gpu gpu_of(const FakeGpuNode& node, int index) {
  Gpu gpu;
  gpu.uuid = fake_uuid(node, index);
  gpu.pci_address = fake_pci_address(index);
  gpu.product = node.product;
  gpu.minor = index;
  gpu.numa = fake_numa(node, index);
  gpu.compute_capability = node.compute_capability;
  gpu.memory = node.memory;
  gpu.free_memory = Bytes{node.memory.count / 64 * 63};
  gpu.compute_mode = "default";
  gpu.persistence = true;
  gpu.mig = false;
  for (const FakeSlices& slices : node.slices) {
    if (slices.gpu != index) continue;
    gpu.mig = true;
    for (int slice = 0; slice < slices.count; ++slice) {
      gpu.instances.push_back({fake_slice_uuid(node, index, slice), slices.profile, slices.memory});
    }
  }
  gpu.pcie = fake_pcie(node, index);
  gpu.slot_gigatransfers = gpu.pcie.gigatransfers;
  gpu.pcie_replays = 0;
  for (int link = 0; link < node.nvlinks; ++link)
    gpu.links.push_back(link_of(node, index, link));
  gpu.fabric = fabric_of(node, index);
  gpu.platform = node.platform;
  if (gpu.platform) gpu.platform->module += index;
  add_state(node, index, gpu);
  return gpu;
}

void add_peers(const FakeGpuNode& node, GpuNode& facts) {
  for (const Gpu& from : facts.gpus) {
    for (const Gpu& to : facts.gpus) {
      if (from.uuid == to.uuid) continue;
      const bool sliced = from.mig.value_or(false) || to.mig.value_or(false);
      const bool linked = node.nvlinks > 0 && !sliced;
      const bool reach = !sliced && (linked || node.peer == "pcie");
      const char* direct = reach ? "ok" : "not_supported";
      facts.peers.push_back({from.uuid, to.uuid, direct, direct, linked ? "ok" : "not_supported",
                             linked ? "ok" : "not_supported"});
    }
  }
}

PciDevice function_at(unsigned bus, unsigned device, const char* kind) {
  PciDevice function;
  function.address = formatted("0000:%02x:%02x.0", bus, device);
  function.kind = kind;
  return function;
}

void add_pci(const FakeGpuNode& node, int index, std::vector<PciDevice>& devices) {
  const unsigned bus = root_bus(index);
  PciDevice gpu = function_at(bus + 2, 0, "accelerator");
  gpu.vendor = "0x10de";
  gpu.name = node.product;
  gpu.driver = "nvidia";
  gpu.root = node.in_vm ? "pci0000:00" : formatted("pci0000:%02x", bus);
  gpu.numa = fake_numa(node, index);
  gpu.link = fake_pcie(node, index);
  if (!node.in_vm) {
    PciDevice port = function_at(bus, 1, "bridge");
    PciDevice fabric = function_at(bus + 1, 0, "bridge");
    port.root = fabric.root = gpu.root;
    port.numa = fabric.numa = gpu.numa;
    port.vendor = fabric.vendor = "0x1000";
    port.link = fabric.link = {gpu.link.most_gigatransfers, node.pcie_width,
                               gpu.link.most_gigatransfers, node.pcie_width};
    port.name = "PCIe root port";
    fabric.name = "PCIe switch";
    fabric.parent = port.address;
    gpu.parent = fabric.address;
    devices.push_back(port);
    devices.push_back(fabric);
  }
  devices.push_back(gpu);
  for (int nic = 0; nic < node.nics; ++nic) {
    PciDevice card = function_at(bus + 2, static_cast<unsigned>(nic) + 1, "network");
    card.vendor = "0x15b3";
    card.name = "network adapter";
    card.root = gpu.root;
    card.parent = gpu.parent;
    card.numa = gpu.numa;
    card.link = {lane_rate(node.pcie_generation), 16, lane_rate(node.pcie_generation), 16};
    devices.push_back(card);
  }
}

}  // namespace

std::string fake_uuid(const FakeGpuNode& node, int index) {
  // From the name of the description, so that two described nodes do not share a GPU.
  std::uint32_t hash = 2166136261U;
  for (const char letter : node.name)
    hash = (hash ^ static_cast<unsigned char>(letter)) * 16777619U;
  return formatted("GPU-fa4e%04x-%04x-4000-8000-%012d", hash >> 16U, hash & 0xffffU, index);
}

std::string fake_slice_uuid(const FakeGpuNode& node, int index, int slice) {
  return "MIG" + fake_uuid(node, index).substr(3, 20) + formatted("9000-%06d%06d", index, slice);
}

std::string fake_pci_address(int index) { return formatted("0000:%02x:00.0", root_bus(index) + 2); }

std::optional<int> fake_numa(const FakeGpuNode& node, int index) {
  if (node.in_vm) return std::nullopt;
  return index * node.numa_nodes / node.count;
}

bool has_fault(const FakeGpuNode& node, const std::string& kind, int gpu) {
  return std::any_of(node.faults.begin(), node.faults.end(), [&](const FakeFault& fault) {
    return fault.kind == kind && fault.gpu == gpu;
  });
}

int links_up(const FakeGpuNode& node, int index) {
  const auto down = std::count_if(node.faults.begin(), node.faults.end(), [&](const auto& fault) {
    return fault.kind == "nvlink_down" && fault.gpu == index && fault.value < node.nvlinks;
  });
  return node.nvlinks - static_cast<int>(down);
}

PcieLink fake_pcie(const FakeGpuNode& node, int index) {
  PcieLink link{lane_rate(node.pcie_generation), node.pcie_width, lane_rate(node.pcie_generation),
                node.pcie_width};
  for (const FakeFault& fault : node.faults) {
    if (fault.gpu != index) continue;
    if (fault.kind == "pcie_width") link.width = fault.value;
    if (fault.kind == "pcie_generation") {
      link.gigatransfers = lane_rate(std::clamp(fault.value, 1, 7));
    }
  }
  return link;
}

GpuNode fake_gpu_facts(const FakeGpuNode& node) {
  GpuNode facts;
  facts.source = "fake:" + node.file;
  facts.driver_version = node.driver_version;
  facts.cuda_version = node.cuda_version;
  facts.fake = true;
  for (int index = 0; index < node.count; ++index) {
    if (has_fault(node, "lost_gpu", index)) {
      facts.problems.push_back("GPU " + std::to_string(index) + " of NVML: GPU is lost");
    } else {
      facts.gpus.push_back(gpu_of(node, index));
    }
  }
  add_peers(node, facts);
  return facts;
}

void put_fake_machine(const FakeGpuNode& node, Topology& topology) {
  topology.gpus = fake_gpu_facts(node);
  topology.gpus_problem.clear();
  topology.cpu_model = "described: " + node.name;
  topology.pci_devices.clear();
  topology.numa_nodes.clear();
  for (int numa = 0; numa < node.numa_nodes; ++numa)
    topology.numa_nodes.push_back({numa, {}, Bytes{1ULL << 39U}});
  for (int index = 0; index < node.count; ++index)
    add_pci(node, index, topology.pci_devices);
}

}  // namespace plumbline::probes
