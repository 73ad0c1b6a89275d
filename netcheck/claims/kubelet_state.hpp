#pragma once

#include <filesystem>
#include <string_view>
#include <vector>

#include "core/model/holdings.hpp"
#include "core/result.hpp"

namespace plumbline::netcheck::claims {

/// A list of CPUs or NUMA nodes as the kernel and the kubelet write it: "0-3,8", "" for none.
/// Numbers are below 8192; anything else is an error.
Result<std::vector<int>> parse_cpu_list(std::string_view text);

/// Adds what a cpu_manager_state file says: {policyName, defaultCpuSet, entries{pod uid{container:
/// list}}}.
Status add_cpu_state(std::string_view text, KubeletState& state);

/// Adds what a memory_manager_state file says: {policyName, entries{pod uid{container:
/// [{numaAffinity, type, size}]}}}.
Status add_memory_state(std::string_view text, KubeletState& state);

/// Adds what the device manager's kubelet_internal_checkpoint says: Data.PodDeviceEntries[]
/// {PodUID, ContainerName, ResourceName, DeviceIDs}, of which the last is a list, or lists by NUMA
/// node. What a plugin injected (AllocResp) is not looked at.
Status add_checkpoint(std::string_view text, KubeletState& state);

/// Adds what the DRA manager's dra_manager_state says: Data is JSON as text, in it the claims
/// {ClaimUID, ClaimName, Namespace, PodUIDs{uid: {}}, DriverState{driver: {Devices[{PoolName,
/// DeviceName}]}}} of ClaimInfoStateList, or of Entries (Kubernetes 1.31). Earlier forms name no
/// devices and are refused.
Status add_dra_state(std::string_view text, KubeletState& state);

/// Adds policy and scope of a KubeletConfiguration (config.yaml).
Status add_kubelet_config(std::string_view text, KubeletState& state);

/// All of them in a kubelet's folder, read only. A file that is not there is passed over, one that
/// cannot be read or understood is one of the state's problems. An error when there is no folder.
Result<KubeletState> read_kubelet_state(const std::filesystem::path& folder);

/// What the kernel lets the containers of a node's pods use: every container cgroup below the
/// `kubepods` groups of a cgroup mount (v2, or v1's cpuset), by the systemd and cgroupfs names that
/// kubelets give them. Errors: there is no `kubepods` group, or more than 20000 groups.
Result<std::vector<ContainerCpuset>> read_cpusets(const std::filesystem::path& root);

}  // namespace plumbline::netcheck::claims
