#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "core/files.hpp"
#include "core/model/topology.hpp"

namespace plumbline::probes {

/// RDMA devices of the machine whose uverbs node has one of these device numbers
/// (/sys/class/infiniband_verbs/<node>/dev), sorted, each once.
std::vector<std::string> rdma_devices_of(const FileTree& root, const std::vector<dev_t>& numbers);

/// The numbers of the character devices in the folder dev/infiniband below `place` (a
/// /proc/<pid>/root), at most 256. What is below belongs to somebody else: no link is followed, and
/// nothing is opened but folders. No such folder is an empty list.
Result<std::vector<dev_t>> uverbs_numbers(const std::string& place);

/// Tells each pod which RDMA devices its containers can name: by the uverbs nodes in the mount
/// namespaces of the processes in its cgroup (/proc/<pid>/cgroup, /proc/<pid>/root). Needs the
/// node's own process namespace (hostPID) and CAP_SYS_PTRACE; without them `rdma_problem` says so.
/// Nothing is told on a machine without RDMA devices.
void add_pod_rdma(const FileTree& root, std::vector<PodSandbox>& pods);

}  // namespace plumbline::probes
