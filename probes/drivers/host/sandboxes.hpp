#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.hpp"
#include "core/model/topology.hpp"
#include "core/result.hpp"

namespace plumbline::probes {

/// What one file of libcni's result cache says of a pod.
struct CachedResult {
  std::string pod_namespace;
  std::string pod_name;
  std::string pod_uid;
  std::string sandbox;  ///< path of the network namespace; empty when the file tells none
};

/// Reads the text of a cache file (kind cniCacheV1, or the newer cniVersion form of the same
/// fields).
Result<CachedResult> parse_cached_result(std::string_view text);

/// Opens a network namespace that somebody else's file names. Only /run/netns/<name>,
/// /var/run/netns/<name> and /proc/<pid>/ns/net are taken, no link is followed on the way, and it
/// must be a network namespace. The descriptor is the caller's to close.
Result<int> open_sandbox(const std::string& path);

/// The network devices in that namespace, looked at from a thread that enters it. No loopback.
Result<std::vector<NetworkDevice>> devices_in_sandbox(const std::string& path, Deadline deadline);

/// Every pod that a file in `directory` gives a network namespace of its own. A pod that could not
/// be looked into has a problem instead of devices; a file or directory that could not be read goes
/// to `problems`.
std::vector<PodSandbox> read_sandboxes(const std::filesystem::path& directory, Deadline deadline,
                                       std::vector<std::string>& problems);

}  // namespace plumbline::probes
