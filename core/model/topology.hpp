#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/model/gpu.hpp"
#include "core/model/inside.hpp"
#include "core/model/neighbour.hpp"
#include "core/model/rdma.hpp"
#include "core/units.hpp"

namespace plumbline {

/// One NUMA node of a machine.
struct NumaNode {
  int index = 0;          ///< /sys/devices/system/node/node<index>
  std::vector<int> cpus;  ///< online CPUs, ascending
  Bytes memory;           ///< MemTotal of the node
};

/// One PCI function that matters here (network, accelerator, bridge above them).
struct PciDevice {
  std::string address;      ///< "0000:0a:00.0"
  std::string kind;         ///< network | accelerator | storage | bridge | other
  std::string vendor;       ///< PCI vendor id, "0x15b3"
  std::string device;       ///< PCI device id
  std::string name;         ///< hwloc's words for it, may be empty
  std::string parent;       ///< address of the bridge above; empty at a root
  std::string root;         ///< "pci0000:00", as resource.kubernetes.io/pcieRoot has it
  std::optional<int> numa;  ///< absent = unknown (sysfs says -1), never 0 by default
  std::optional<std::string> driver;
  PcieLink link;
};

/// One network interface, where it is now.
struct NetworkDevice {
  std::string name;  ///< "ens1" in its network namespace
  std::string mac;   ///< lower case, colons
  std::uint32_t mtu = 0;
  std::string state;                        ///< operstate: up | down | lowerlayerdown | unknown ...
  std::string driver;                       ///< "mlx5_core", "veth"; empty when none is told
  bool is_virtual = false;                  ///< no device behind it in sysfs (veth, bridge, bond)
  std::optional<BytesPerSecond> link_rate;  ///< /sys/class/net/<name>/speed; absent when not told
  std::optional<std::string> pci_address;
  std::optional<std::string> pcie_root;
  std::optional<int> numa;
  std::optional<std::string> rdma_device;  ///< "mlx5_0"
  std::vector<std::string> addresses;      ///< "10.70.1.11/24", IPv6 without link-local
  std::uint64_t carrier_downs = 0;         ///< carrier_down_count
  std::vector<Neighbour> neighbours;       ///< who says to be at the other end; usually one switch
  std::string neighbours_unknown;          ///< why none is known; empty: known, or nobody looked
};

/// A pod that has a network namespace of its own on this node, and what is really in it.
struct PodSandbox {
  std::string pod_namespace;
  std::string pod_name;
  std::string pod_uid;
  std::string source;                                 ///< file that told of it (CNI result cache)
  std::optional<std::vector<NetworkDevice>> devices;  ///< absent: could not look inside
  std::string problem;                                ///< why not, when absent
  /// RDMA devices whose uverbs nodes are under the pod's own /dev/infiniband; absent: nobody could
  /// look there, or nobody did.
  std::optional<std::vector<std::string>> rdma_devices;
  std::string rdma_problem;  ///< why not
};

/// All that one node shows of itself. A value; made by the inventory probe.
struct Topology {
  std::string node;     ///< name the agent was started with; empty for a bare probe
  std::string boot_id;  ///< /proc/sys/kernel/random/boot_id
  std::string kernel;   ///< uname release
  std::string cpu_model;
  std::vector<NumaNode> numa_nodes;
  std::vector<PciDevice> pci_devices;
  std::vector<NetworkDevice> network_devices;  ///< of the node's own network namespace, no loopback
  std::vector<PodSandbox> sandboxes;
  std::optional<GpuNode> gpus;  ///< absent: no driver was asked, or none answered
  std::string gpus_problem;     ///< why `gpus` is absent, though NVIDIA devices are on the PCI bus
  std::vector<RdmaDevice> rdma_devices;  ///< of the network namespace that the inventory is in
  std::optional<RdmaHost> rdma_host;     ///< absent: nobody looked
  std::optional<CloudPlace> cloud;       ///< absent: no file on the node tells
  std::vector<std::string> problems;     ///< what could not be read, and why: unknown, not empty
  std::string read_at{};                 ///< wall time; empty: not told
  std::optional<InsideView> inside{};    ///< absent: nobody asked for it; an agent in a pod does
};

}  // namespace plumbline
