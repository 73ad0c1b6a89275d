#pragma once

#include <map>
#include <string>
#include <vector>

#include "netcheck/facts.hpp"

namespace plumbline::netcheck {

/// "gpu": what is wrong with GPUs and their links before any byte moves: a driver that does not
/// answer, a narrow or slow PCIe link, an NVLink that is down, memory or a fabric that is
/// unhealthy. One finding a fault; nothing for a healthy GPU.
std::vector<Finding> gpu_links(const Facts& facts);

/// "gpu_path": numbers of GPU paths that are below what they should be, wrong bytes, copies that
/// did not come back, bytes that no NVLink carried. One finding a culprit: a GPU when every pair
/// with it is slow in that direction, else the pair.
std::vector<Finding> gpu_paths_judged(const Facts& facts, const std::vector<std::string>& degraded);

/// X03 for GPUs: what a slice publishes of each, against NVML and the PCI tree.
std::vector<Finding> x03_gpu_truth(const Facts& facts);

/// X04 for GPUs: each GPU that the kubelet says a pod holds is there, and one pod holds it; a
/// process on a GPU is of the pod that holds it, by its cgroup.
std::vector<Finding> x04_gpu_given(const Facts& facts);

/// X05: the GPUs that one pod was given are joined by NVLink, each pair; so are those of a claim
/// that asked for it (matchAttribute over gpu.nvidia.com/partitionN, clique or nvlink...), where no
/// NVLink is a violation. One finding a pod with two or more, one such a constraint.
std::vector<Finding> x05_nvlink_domain(const Facts& facts);

/// X06: the node's label nvidia.com/gpu.clique is what NVML tells of its fabric.
std::vector<Finding> x06_clique(const Facts& facts);

/// X17 for GPUs: which GPUs are shared, so that a low number is no false alarm.
std::vector<Finding> x17_gpu_sharing(const Facts& facts);

/// X19 for GPUs: a GPU that NVML calls unhealthy is still offered without a taint that keeps pods
/// off, or one is tainted, or called unhealthy by the kubelet, of which NVML says nothing bad.
std::vector<Finding> x19_gpu_health(const Facts& facts);

/// X20 for GPUs: as many as the PCI bus shows answer the driver, are published and are allocatable.
std::vector<Finding> x20_gpu_counts(const Facts& facts);

/// X21 for GPUs: none was measured while somebody else held it.
std::vector<Finding> x21_gpu_tenants(const Facts& facts);

/// Why GPUs of a node may not be measured now, by UUID, of each slice of theirs too: a tenant's pod
/// or a process holds one, or who holds it is not known. Empty when all may. `node` may be newer
/// than that of the facts.
std::map<std::string, std::string> held_gpus(const Facts& facts, const NodeFacts& node);

/// What the kubelet may call the GPUs of a node that are not among `held`, and their slices: UUIDs
/// and names that slices publish.
std::vector<std::string> gpu_names(const Facts& facts, const NodeFacts& node,
                                   const std::map<std::string, std::string>& held);

}  // namespace plumbline::netcheck
