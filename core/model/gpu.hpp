#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/units.hpp"

namespace plumbline {

/// A PCI link's generation and width; absent fields were not readable.
struct PcieLink {
  std::optional<double> gigatransfers;       ///< current_link_speed, GT/s of one lane
  std::optional<int> width;                  ///< current_link_width, lanes
  std::optional<double> most_gigatransfers;  ///< max_link_speed
  std::optional<int> most_width;             ///< max_link_width
};

/// One NVLink of a GPU. Counters run since the driver was loaded; a link that is down has none.
struct NvLink {
  int index = 0;                        ///< the GPU's own number of it, from 0
  bool active = false;                  ///< nvmlDeviceGetNvLinkState
  std::optional<double> generation;     ///< 4.0 on an H100 (nvmlDeviceGetNvLinkVersion)
  std::string remote_kind;              ///< gpu | switch | other | unknown
  std::string remote_pci;               ///< "0000:0a:00.0"; empty when it is not told
  std::optional<BytesPerSecond> speed;  ///< one direction, signalling rate as NVML tells it
  std::optional<Bytes> sent;            ///< data, without protocol overhead
  std::optional<Bytes> received;
  std::optional<std::uint64_t> crc_errors;
  std::optional<std::uint64_t> replays;
  std::optional<std::uint64_t> recoveries;
};

/// A GPU's membership in an NVLink fabric that spans machines (nvmlDeviceGetGpuFabricInfoV).
struct GpuFabric {
  std::string state;         ///< not_supported | not_started | in_progress | completed
  std::string problem;       ///< NVML's error when it completed badly; empty when it is well
  std::string cluster_uuid;  ///< "xxxxxxxx-xxxx-..."; empty: all zero, no multi-node fabric
  std::uint32_t clique = 0;  ///< only together with cluster_uuid an identity
  std::vector<std::string> unhealthy;  ///< words for the bits of the health mask that are bad
  std::uint32_t health_mask = 0;       ///< raw
};

/// Where a GPU sits in its chassis (nvmlDeviceGetPlatformInfo).
struct GpuPlatform {
  std::string chassis_serial;
  int slot = 0;
  int tray = 0;
  int host = 0;
  int module = 0;
};

/// One MIG instance that exists now.
struct MigInstance {
  std::string uuid;
  std::string profile;  ///< the product name behind the parent's: "MIG 1g.10gb"
  Bytes memory;
};

/// A process that has a context on a GPU.
struct GpuProcess {
  std::uint32_t pid = 0;  ///< in the host's namespace of processes
  std::string kind;       ///< compute | graphics
  std::optional<Bytes> memory;
  std::string
      pod_uid{};  ///< of the pod in whose cgroup it is (/proc/<pid>/cgroup); empty: none seen
};

/// Memory that went bad and was taken out of use.
struct GpuMemoryHealth {
  std::optional<bool> ecc;                     ///< error correction is on now
  std::optional<std::uint64_t> uncorrected;    ///< errors since the last reset
  std::optional<std::uint64_t> retired_pages;  ///< before Ampere
  std::optional<std::uint64_t> remapped_rows;  ///< Ampere and later
  std::optional<bool> pending;                 ///< a reset is needed to finish it
  std::optional<bool> remap_failed;            ///< no spare row was left
};

/// What moves a GPU's speed right now.
struct GpuState {
  std::optional<std::uint32_t> sm_clock_mhz;
  std::optional<std::uint32_t> memory_clock_mhz;
  std::vector<std::string> throttled;  ///< reasons in force: "power_cap", "hw_thermal", ...
  std::optional<int> temperature;      ///< degrees Celsius
  std::optional<double> power_limit_watts;
};

/// One GPU. What could not be read is absent or listed in `problems`, never a default.
struct Gpu {
  std::string uuid;                               ///< "GPU-...": the identity, never an index
  std::string pci_address;                        ///< "0000:0a:00.0"
  std::string product;                            ///< "NVIDIA H100 80GB HBM3"
  std::optional<int> minor;                       ///< /dev/nvidia<minor>
  std::optional<int> numa;                        ///< absent = unknown, never 0 by default
  std::optional<std::string> compute_capability;  ///< "9.0"
  Bytes memory;
  std::optional<Bytes> free_memory;
  std::string compute_mode;  ///< default | prohibited | exclusive_process
  std::optional<bool> persistence;
  std::optional<bool> mig;  ///< MIG mode now
  std::vector<MigInstance> instances;
  PcieLink pcie;                             ///< the generation may be lower while the GPU idles
  std::optional<double> slot_gigatransfers;  ///< GT/s of GPU and slot together at most
  std::optional<std::uint64_t> pcie_replays;
  std::vector<NvLink> links;  ///< every link that the chip has, down ones included
  std::optional<GpuFabric> fabric;
  std::optional<GpuPlatform> platform;
  GpuMemoryHealth health;
  GpuState state;
  std::optional<std::vector<GpuProcess>> processes;  ///< absent: could not be asked
  std::vector<std::string> problems;  ///< what could not be read and is no "not supported"
};

/// What the driver says about the way from one GPU to another (nvmlDeviceGetP2PStatus). Words: ok |
/// chipset | topology | disabled | not_supported | gpu | unknown.
struct GpuPeer {
  std::string from;  ///< UUID
  std::string to;    ///< UUID
  std::string read;
  std::string write;
  std::string nvlink;
  std::string atomics;
};

/// All GPUs of a node as the driver tells them.
struct GpuNode {
  std::string source;                 ///< "NVML 12.550.54.15", "fake:FILE"
  std::string driver_version;         ///< "550.54.15"
  std::string cuda_version;           ///< newest that the driver serves: "12.4"
  bool fake = false;                  ///< described in a file: never evidence
  std::vector<Gpu> gpus;              ///< by PCI address
  std::vector<GpuPeer> peers;         ///< every ordered pair
  std::vector<std::string> problems;  ///< GPUs that tell nothing: "GPU 3 of NVML: GPU is lost"
};

}  // namespace plumbline
