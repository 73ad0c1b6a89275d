#pragma once

#include <cstdint>
#include <string>

#include "core/files.hpp"

namespace plumbline::probes {

/// The uid of the pod that a cgroup belongs to, from the text of /proc/<pid>/cgroup: the part
/// "pod<uid>" of a path below kubepods, as the cgroupfs driver writes it and as systemd does (with
/// '_' for '-'). Empty for none.
std::string pod_uid_in(const std::string& cgroup);

/// The same of a process, below `root` ("/"); empty too when the process is not seen there.
std::string pod_of_process(const FileTree& root, std::uint32_t pid);

}  // namespace plumbline::probes
