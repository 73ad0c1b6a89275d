#pragma once

#include <filesystem>
#include <string>

#include "core/clock.hpp"
#include "core/model/allocation.hpp"
#include "core/result.hpp"

namespace plumbline::netcheck::claims {

/// Asks the kubelet's PodResources v1 `List` over its unix socket what the pods of `node` hold. A
/// socket that is missing, refuses or answers late is an error that names it, never an empty
/// answer. At most 16 MiB are received.
Result<NodeHoldings> kubelet_holdings(const std::filesystem::path& socket, const std::string& node,
                                      Deadline deadline);

/// A pod by name; an empty name: every pod.
struct PodName {
  std::string name_space;
  std::string name;
};

/// Where a node's kubelet and what it makes are found.
struct KubeletPlace {
  std::filesystem::path socket = "/var/lib/kubelet/pod-resources/kubelet.sock";
  std::filesystem::path state = "/var/lib/kubelet";
  std::filesystem::path cgroups = "/sys/fs/cgroup";
  PodName pod{};  ///< only this one, by `Get`, or out of `List` where the kubelet has no Get
};

/// All that a kubelet says and leaves behind: its answer as kubelet_holdings() gives it, what it
/// has to give (GetAllocatableResources), its state files, and the cgroups of its pods. Only the
/// first must be there; what else could not be read is absent, with the reason in `unread`.
Result<NodeHoldings> kubelet_word(const KubeletPlace& place, const std::string& node,
                                  Deadline deadline);

}  // namespace plumbline::netcheck::claims
