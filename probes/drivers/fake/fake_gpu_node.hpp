#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/model/topology.hpp"
#include "core/result.hpp"
#include "core/units.hpp"

namespace plumbline::probes {

/// Something that is wrong with a described machine. What a kind does not need stays at its
/// default.
struct FakeFault {
  /// slow_pair | corrupting_pair | hanging_copy (from, to) | nvlink_down | lost_gpu | pcie_width |
  /// pcie_generation | busy | throttled | unhealthy_fabric (gpu) | uncounted_pair (from, to: bytes
  /// that no NVLink counter sees)
  std::string kind;
  int gpu = -1;
  int from = -1;  ///< the GPU that the bytes leave, by its place in the file
  int to = -1;
  int value = 0;        ///< link, width, generation or pid
  Bytes byte{7};        ///< which byte of a message is corrupted
  BytesPerSecond rate;  ///< of a slow pair
  std::string pod;      ///< of a busy GPU: uid of the pod that its process is in
};

/// How fast a described machine copies when nothing is wrong.
struct FakeCopies {
  BytesPerSecond host;        ///< one way between host memory and a GPU
  BytesPerSecond host_total;  ///< both ways at once, sum
  BytesPerSecond local;       ///< within a GPU, bytes counted once
  BytesPerSecond peer;        ///< one way between two GPUs, by copy engine
  double sm = 0.95;           ///< what a kernel reaches of the copy engine's rate
  Seconds host_latency{1e-6};
  Seconds peer_latency{2e-6};
};

/// MIG slices of one GPU.
struct FakeSlices {
  int gpu = 0;
  int count = 1;
  std::string profile;
  Bytes memory;
};

/// A machine with GPUs, described in a file.
struct FakeGpuNode {
  std::string name;
  std::string file;
  std::string driver_version;
  std::string cuda_version;
  int numa_nodes = 1;
  bool in_vm = false;  ///< a guest: no bridges, no NUMA
  int nics = 0;        ///< network functions beside each GPU
  int count = 0;
  std::string product;
  std::string compute_capability;
  Bytes memory;
  int pcie_generation = 5;
  int pcie_width = 16;
  std::string peer = "pcie";  ///< the way between GPUs without NVLink: pcie | none
  double nvlink_generation = 0;
  int nvlinks = 0;  ///< of each GPU
  std::string nvlink_to = "switch";
  std::string cluster_uuid;  ///< empty: no fabric that spans machines
  std::uint32_t clique = 0;
  std::optional<GpuPlatform> platform;  ///< module counts on from its number
  FakeCopies copies;
  std::vector<FakeSlices> slices;
  std::vector<FakeFault> faults;
};

/// Reads a description: plumbline.fake-gpus/v1, YAML, strict. The error names the line and the key.
Result<FakeGpuNode> read_fake_gpus(const std::string& file);
/// The same from its text, as if it stood in `file`.
Result<FakeGpuNode> parse_fake_gpus(const std::string& text, const std::string& file);

/// "GPU-fake...": the identity of GPU number `index`.
std::string fake_uuid(const FakeGpuNode& node, int index);
/// "MIG-fake...": of its slice number `slice`.
std::string fake_slice_uuid(const FakeGpuNode& node, int index, int slice);
/// "0000:12:00.0".
std::string fake_pci_address(int index);
/// The NUMA node beside GPU number `index`; nothing in a guest.
std::optional<int> fake_numa(const FakeGpuNode& node, int index);
/// True when the fault list holds `kind` for that GPU.
bool has_fault(const FakeGpuNode& node, const std::string& kind, int gpu);
/// The links of GPU number `index` that are up.
int links_up(const FakeGpuNode& node, int index);
/// Its PCIe link with the faults.
PcieLink fake_pcie(const FakeGpuNode& node, int index);

/// What a driver would tell of the machine. `fake` is set.
GpuNode fake_gpu_facts(const FakeGpuNode& node);
/// Puts the machine's NUMA nodes, PCI functions and GPUs in the place of those of `topology`.
void put_fake_machine(const FakeGpuNode& node, Topology& topology);

}  // namespace plumbline::probes
