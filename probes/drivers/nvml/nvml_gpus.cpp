#include "probes/drivers/nvml/nvml_gpus.hpp"

#include <algorithm>
#include <array>

#include "probes/drivers/nvml/nvml_read.hpp"

namespace plumbline::probes::nvml {

namespace {

/// GT/s of one lane by PCIe generation (PCI Express Base Specification 6.0, section 1.2).
std::optional<double> gigatransfers_of(std::optional<unsigned> generation) {
  constexpr std::array<double, 8> rates{0, 2.5, 5, 8, 16, 32, 64, 128};
  if (!generation || *generation == 0 || *generation >= rates.size()) return std::nullopt;
  return rates.at(*generation);
}

std::optional<int> whole(std::optional<unsigned> number) {
  if (!number || *number > 1'000'000'000U) return std::nullopt;
  return static_cast<int>(*number);
}

std::string mode_of(std::optional<int> mode) {
  if (!mode) return {};
  switch (*mode) {
    case 0:
      return "default";
    case 2:
      return "prohibited";
    case 3:
      return "exclusive_process";
    default:
      return "unknown";
  }
}

PcieLink read_pcie(const Reader& reader) {
  const Functions& calls = reader.calls();
  // The GPU's own most, where it is told; that of GPU and slot together is a fact of its own.
  auto most = reader.number(calls.pcie_device_generation, "PCIe generation");
  if (!most) most = reader.number(calls.pcie_most_generation, "PCIe generation");
  return {gigatransfers_of(reader.number(calls.pcie_generation, "PCIe generation")),
          whole(reader.number(calls.pcie_width, "PCIe width")), gigatransfers_of(most),
          whole(reader.number(calls.pcie_most_width, "PCIe width"))};
}

/// "1g.10gb" of "NVIDIA H100 80GB HBM3 MIG 1g.10gb".
std::string profile_of(const std::string& name) {
  const auto at = name.rfind("MIG ");
  return at == std::string::npos ? name : name.substr(at + 4);
}

std::vector<MigInstance> read_instances(const Reader& reader, std::vector<std::string>& problems) {
  const Functions& calls = reader.calls();
  std::vector<MigInstance> instances;
  const auto most = reader.number(calls.mig_most, "MIG instances");
  if (!most || calls.mig_handle == nullptr) return instances;
  for (unsigned index = 0; index < std::min(*most, 64U); ++index) {
    Handle handle = nullptr;
    const Return given = calls.mig_handle(reader.gpu(), index, &handle);
    if (given == kNotFound) continue;  // the profiles in use leave numbers free
    if (!reader.good(given, "MIG instance")) break;
    const Reader instance(reader.library(), handle, problems);
    Memory memory{};
    if (calls.memory_info != nullptr) {
      static_cast<void>(instance.good(calls.memory_info(handle, &memory), "MIG memory"));
    }
    instances.push_back({instance.text(calls.uuid, "MIG UUID"),
                         profile_of(instance.text(calls.name, "MIG name")), Bytes{memory.total}});
  }
  return instances;
}

void add_identity(const Reader& reader, Gpu& gpu) {
  const Functions& calls = reader.calls();
  gpu.uuid = reader.text(calls.uuid, "UUID");
  gpu.product = reader.text(calls.name, "name");
  PciInfo pci{};
  if (reader.good(calls.pci_info(reader.gpu(), &pci), "PCI address")) {
    gpu.pci_address = pci_address(pci);
  }
  gpu.minor = whole(reader.number(calls.minor_number, "minor number"));
  // NVML tells a NUMA node only for GPUs that are one; the others' comes from sysfs.
  gpu.numa = whole(reader.number(calls.numa_node, "NUMA node"));
  int major = 0;
  int minor = 0;
  if (calls.compute_capability != nullptr &&
      reader.good(calls.compute_capability(reader.gpu(), &major, &minor), "compute capability")) {
    gpu.compute_capability = std::to_string(major) + "." + std::to_string(minor);
  }
}

void add_modes(const Reader& reader, Gpu& gpu) {
  const Functions& calls = reader.calls();
  Memory memory{};
  if (calls.memory_info != nullptr &&
      reader.good(calls.memory_info(reader.gpu(), &memory), "memory")) {
    gpu.memory = Bytes{memory.total};
    gpu.free_memory = Bytes{memory.free};
  }
  gpu.compute_mode = mode_of(reader.number(calls.compute_mode, "compute mode"));
  if (const auto kept = reader.number(calls.persistence, "persistence")) {
    gpu.persistence = *kept == 1;
  }
  unsigned current = 0;
  unsigned pending = 0;
  if (calls.mig_mode != nullptr &&
      reader.good(calls.mig_mode(reader.gpu(), &current, &pending), "MIG mode")) {
    gpu.mig = current == 1;
  }
  if (gpu.mig.value_or(false)) gpu.instances = read_instances(reader, gpu.problems);
}

Gpu read_gpu(const Library& library, Handle handle) {
  Gpu gpu;
  const Reader reader(library, handle, gpu.problems);
  add_identity(reader, gpu);
  add_modes(reader, gpu);
  gpu.pcie = read_pcie(reader);
  gpu.slot_gigatransfers =
      gigatransfers_of(reader.number(reader.calls().pcie_most_generation, "PCIe generation"));
  gpu.pcie_replays = reader.number(reader.calls().pcie_replays, "PCIe replays");
  gpu.links = read_links(reader);
  gpu.fabric = read_fabric(reader);
  gpu.platform = read_platform(reader);
  gpu.health = read_memory_health(reader);
  gpu.state = read_state(reader);
  auto processes = read_processes(library, handle);
  if (processes) {
    gpu.processes = std::move(*processes);
  } else {
    gpu.problems.push_back(processes.error().message);
  }
  // One refusal answers several questions: it is told once.
  std::sort(gpu.problems.begin(), gpu.problems.end());
  gpu.problems.erase(std::unique(gpu.problems.begin(), gpu.problems.end()), gpu.problems.end());
  return gpu;
}

std::string peer_word(const Library& library, Handle from, Handle to, int index) {
  constexpr std::array<const char*, 6> words{"ok",       "chipset",  "gpu",
                                             "topology", "disabled", "not_supported"};
  int status = -1;
  if (library.calls().peer_status == nullptr ||
      library.calls().peer_status(from, to, index, &status) != kSuccess || status < 0 ||
      status >= static_cast<int>(words.size())) {
    return "unknown";
  }
  return words.at(static_cast<std::size_t>(status));
}

struct Named {
  Handle handle;
  Gpu gpu;
};

std::vector<GpuPeer> read_peers(const Library& library, const std::vector<Named>& gpus) {
  std::vector<GpuPeer> peers;
  for (const Named& from : gpus) {
    for (const Named& to : gpus) {
      if (from.handle == to.handle) continue;
      const auto word = [&](int index) {
        return peer_word(library, from.handle, to.handle, index);
      };
      peers.push_back({from.gpu.uuid, to.gpu.uuid, word(kPeerRead), word(kPeerWrite),
                       word(kPeerNvlink), word(kPeerAtomics)});
    }
  }
  return peers;
}

std::string driver_version(const Library& library) {
  std::array<char, 80> text{};
  if (library.calls().driver_version == nullptr ||
      library.calls().driver_version(text.data(), static_cast<unsigned>(text.size() - 1)) !=
          kSuccess) {
    return {};
  }
  return text.data();
}

std::string cuda_version(const Library& library) {
  int version = 0;
  if (library.calls().cuda_version == nullptr ||
      library.calls().cuda_version(&version) != kSuccess || version <= 0) {
    return {};
  }
  return std::to_string(version / 1000) + "." + std::to_string(version % 1000 / 10);
}

}  // namespace

Result<GpuNode> read_gpus(const Library& library) {
  GpuNode node;
  const auto handles = library.devices(node.problems);
  if (!handles) return tl::unexpected(handles.error());
  std::vector<Named> named;
  for (const Handle handle : *handles) {
    Gpu gpu = read_gpu(library, handle);
    if (gpu.uuid.empty() || gpu.pci_address.empty()) {
      node.problems.push_back("a GPU tells no identity: " +
                              (gpu.problems.empty() ? "no reason told" : gpu.problems.front()));
    } else {
      named.push_back({handle, std::move(gpu)});
    }
  }
  std::sort(named.begin(), named.end(), [](const Named& one, const Named& other) {
    return one.gpu.pci_address < other.gpu.pci_address;
  });
  node.source = library.version();
  node.driver_version = driver_version(library);
  node.cuda_version = cuda_version(library);
  node.peers = read_peers(library, named);
  for (Named& entry : named)
    node.gpus.push_back(std::move(entry.gpu));
  return node;
}

}  // namespace plumbline::probes::nvml
