#pragma once

#include <optional>
#include <string>
#include <vector>

namespace plumbline {

/// One device that the kubelet says a pod holds.
struct Holding {
  std::string pod_namespace;
  std::string pod_name;
  std::string container;
  std::string resource;  ///< device plugin resource; empty for DRA
  std::string device;    ///< device id, or DRA device name
  std::string driver;    ///< DRA driver; empty for a device plugin
  std::string pool;
  std::string claim;      ///< ResourceClaim name in the pod's namespace
  std::vector<int> numa;  ///< NUMA nodes that the plugin told; empty: none told
};

/// CPUs and memory that the kubelet gave one container for itself.
struct ContainerShare {
  std::string pod_namespace;
  std::string pod_name;
  std::string container;
  std::vector<int> cpus;         ///< exclusive ones; empty: from the shared pool
  std::vector<int> memory_numa;  ///< NUMA nodes of its memory; empty: not told
};

/// One device that the kubelet has to give, by PodResources GetAllocatableResources.
struct AllocatableDevice {
  std::string resource;
  std::string device;
  std::vector<int> numa;  ///< NUMA nodes that the plugin told; empty: none told
};

/// All that a kubelet has to give to pods.
struct Allocatable {
  std::vector<AllocatableDevice> devices;
  std::vector<int> cpus;  ///< that containers may have for themselves
};

/// What the kubelet's CPU and memory managers wrote down of one container.
struct ManagerEntry {
  std::string pod_uid;
  std::string container;
  std::vector<int> cpus;         ///< cpu_manager_state: its exclusive CPUs
  std::vector<int> memory_numa;  ///< memory_manager_state: NUMA nodes of its memory
};

/// Devices of one resource that the device manager's checkpoint gives a container.
struct PluginEntry {
  std::string pod_uid;
  std::string container;
  std::string resource;
  std::vector<std::string> devices;
};

/// One DRA device that a driver prepared for a claim.
struct PreparedDevice {
  std::string driver;
  std::string pool;
  std::string device;
};

/// A claim that the kubelet's drivers prepared, as dra_manager_state has it.
struct PreparedClaim {
  std::string uid;  ///< of the ResourceClaim
  std::string name_space;
  std::string name;
  std::vector<std::string> pod_uids;
  std::vector<PreparedDevice> devices;  ///< none of a driver: it did not tell which
};

/// What lies in a kubelet's own folder (/var/lib/kubelet). The formats are the kubelet's internals:
/// a file that could not be read or understood leaves its part empty and is one of `problems`.
struct KubeletState {
  std::string topology_policy;   ///< config.yaml topologyManagerPolicy; empty: not told
  std::string topology_scope;    ///< container | pod
  std::string cpu_policy;        ///< cpu_manager_state policyName; empty: file not read
  std::vector<int> shared_cpus;  ///< cpu_manager_state defaultCpuSet
  std::string memory_policy;     ///< memory_manager_state policyName; empty: file not read
  std::vector<ManagerEntry> entries;
  std::optional<std::vector<PluginEntry>> plugins;  ///< absent: checkpoint not read
  std::vector<std::string> problems;
  std::optional<std::vector<PreparedClaim>> claims{};  ///< absent: dra_manager_state not read
};

/// What the kernel lets one container of a pod use, by its cgroup (cpuset.cpus.effective,
/// cpuset.mems.effective).
struct ContainerCpuset {
  std::string pod_uid;
  std::string container_id;
  std::vector<int> cpus;
  std::vector<int> memory_nodes;
};

/// What the kubelet of one node answers. Empty means that nothing is allocated; a kubelet that
/// could not be asked has no NodeHoldings at all. What lies beside its answer is absent where
/// nobody could look, with the reason in `unread`.
struct NodeHoldings {
  std::string node;
  std::string source;  ///< the socket
  std::vector<Holding> holdings;
  std::vector<ContainerShare> containers;  ///< that have CPUs or memory of their own
  std::optional<Allocatable> allocatable{};
  std::optional<KubeletState> state{};
  std::optional<std::vector<ContainerCpuset>> cpusets{};  ///< of all containers with a cgroup
  std::vector<std::string> unread{};
  std::string read_at{};  ///< wall time of the answer; empty: not told
};

}  // namespace plumbline
