#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>

#include "core/clock.hpp"
#include "core/files.hpp"
#include "core/model/topology.hpp"
#include "core/result.hpp"

namespace plumbline::agent {

/// Asks the driver for this node's GPUs; in a child, since it can hang.
using AskGpus = std::function<Result<Topology>(Deadline)>;

/// UUIDs of GPUs that have a process on them, or of which the driver does not tell any. Empty for a
/// node without GPUs.
std::set<std::string> occupied_gpus(const Topology& topology);

/// By UUID: processes on GPUs outside `spared` of which nothing is alive below `proc` ("/proc", as
/// this agent sees it): a measuring child is gone, and the driver still keeps what it had. Living
/// processes are a tenant's that came.
std::map<std::string, std::string> unreleased_gpus(const Topology& topology,
                                                   const std::set<std::string>& spared,
                                                   const FileTree& proc);

/// Proves by the driver's word that a measuring child left nothing on the GPUs outside `spared`:
/// asks until that is so. At the deadline: an error that names GPU and process, or says that the
/// driver does not answer.
Status prove_gpus_free(const AskGpus& ask, const std::set<std::string>& spared,
                       const FileTree& proc, Clock& clock, Deadline deadline);

}  // namespace plumbline::agent
