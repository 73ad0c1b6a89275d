#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/model/measurement.hpp"
#include "core/model/topology.hpp"
#include "core/protocol/request.hpp"

namespace plumbline::agent {

/// Measures one pair with both ends on this machine: two children of `program` (empty: the
/// plumbline-probe beside this one), to which what each posts is passed on. `request` has both
/// ends; ranks are filled in. Gives rank 0's outcomes; where there is none, one that failed, with
/// the reason of the end that ended badly.
std::vector<Outcome> measure_local_pair(const std::filesystem::path& program,
                                        const Request& request);

/// The requests of "gpu_pair" over the GPUs of this machine, from `base`: `gpus` names from and to,
/// or one GPU for both; empty: every ordered pair of whole GPUs, of one GPU that with itself.
std::vector<Request> gpu_pair_requests(const Request& base, const std::optional<Topology>& topology,
                                       const std::vector<std::string>& gpus);

}  // namespace plumbline::agent
