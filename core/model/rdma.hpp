#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/units.hpp"

namespace plumbline {

/// One used entry of a port's GID table (all-zero entries are only counted).
struct RdmaGid {
  int index = 0;
  std::string gid;     ///< "fe80:0000:...", .../gids/<index>
  std::string type;    ///< "IB/RoCE v1" | "RoCE v2"; empty where it could not be read
  std::string netdev;  ///< .../gid_attrs/ndevs/<index>; empty when the kernel tells none
  bool used = false;   ///< connections of this port use it
  std::string why;     ///< why it is used, or why it is not
};

/// One port of an RDMA device, as /sys/class/infiniband/<device>/ports/<number> tells it.
struct RdmaPort {
  int number = 1;
  std::string state;                   ///< "ACTIVE", "DOWN", "INIT", "ARMED"; empty: not readable
  std::string physical_state;          ///< "LinkUp", "Disabled", "Polling" ...
  std::string link_layer;              ///< "InfiniBand" | "Ethernet"
  std::string rate_text;               ///< "100 Gb/sec (4X EDR)", the kernel's words
  std::optional<BytesPerSecond> rate;  ///< lanes x speed of a lane, coding already taken off
  std::optional<int> width;            ///< lanes
  std::string speed;                   ///< "SDR" ... "XDR"
  std::string coding;                  ///< "8b/10b", "64b/66b", "256b/257b"; empty: not known
  std::uint32_t active_mtu = 0;        ///< bytes, from verbs; 0: not told
  std::optional<std::uint32_t> lid;
  std::optional<std::uint32_t> sm_lid;  ///< the subnet manager's; 0 or absent: there is none
  std::string subnet_manager;           ///< what is known of it, in words; InfiniBand only
  std::string subnet_prefix;            ///< upper half of GID 0 on InfiniBand
  std::vector<RdmaGid> gids;            ///< entries that are not zero
  std::size_t zero_gids = 0;            ///< entries that are all zero
  std::optional<int> used_gid;          ///< index of the one that connections use
  std::string gid_problem;              ///< why none can be used; empty when used_gid is there
  std::map<std::string, std::uint64_t> counters;     ///< counters/<name>, as read
  std::map<std::string, std::uint64_t> hw_counters;  ///< hw_counters/<name>, as read
  std::vector<std::string> problems;                 ///< what could not be read, and why
};

/// One RDMA device.
struct RdmaDevice {
  std::string name;                  ///< "mlx5_0"
  std::string driver;                ///< "mlx5_core", "rdma_rxe"; empty: not told
  std::string node_type;             ///< "1: CA"
  std::string node_guid;             ///< "506b:4b03:005b:ef3a"
  std::string system_guid;           ///< sys_image_guid: equal for devices of one card
  std::string firmware;              ///< fw_ver
  std::string board;                 ///< board_id
  std::string uverbs;                ///< "/dev/infiniband/uverbs0"; empty: there is none
  std::vector<std::string> netdevs;  ///< network devices of its GIDs and its parent
  std::optional<std::string> pci_address;
  std::optional<std::string> pcie_root;
  std::optional<int> numa;              ///< absent: unknown, never 0 by default
  std::optional<std::string> physical;  ///< PCI address of the physical function of a virtual one
  std::string access_control;           ///< ACS of the bridges above it; why unknown where it is
  std::string iommu_group;              ///< number of its IOMMU group; empty: none
  std::vector<RdmaPort> ports;
  /// Why no queue pair can be made on it, tried by verbs; absent: one was made, or nobody tried.
  std::optional<std::string> unusable;
  std::string capability;  ///< "queue pair made", "not tried: ..."
  std::vector<std::string> problems;
};

/// What a process of this node needs to use RDMA at all.
struct RdmaHost {
  std::string netns_mode;  ///< "shared" | "exclusive"; empty with a problem when not known
  std::optional<std::uint64_t> memlock;  ///< soft RLIMIT_MEMLOCK in bytes; absent: unlimited
  bool ipc_lock = false;                 ///< CAP_IPC_LOCK is effective: memlock does not bind
  std::string peer_memory;               ///< "nvidia_peermem"; empty: no such module
  std::string dma_buf;                   ///< what is known of dma-buf, "kernel 6.1: ..."
  std::string iommu;                     ///< "off", "intel, translated" ...; with the reason
  std::vector<std::string> uverbs;       ///< nodes under /dev/infiniband
  std::vector<std::string> problems;
};

}  // namespace plumbline
