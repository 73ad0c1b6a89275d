#pragma once

#include <optional>
#include <string>
#include <vector>

#include "agent/collective/hang.hpp"
#include "agent/wire/messages.hpp"
#include "core/model/measurement.hpp"

namespace plumbline::agent {

/// A failure of ranks that are children of agents or of this process, with everybody's signs: adds
/// who may be the cause (see name_cause()) and blames the node where it is one rank. `ends`: how
/// each rank ended, nothing where its agent was lost. `nodes`: each rank's. Pure.
Failed explain_ranks(Failed failed, const std::vector<std::optional<MeasureEnd>>& ends,
                     const std::vector<std::string>& nodes);

/// A failure that the ranks' signs say more of: any but wrong data, which names its ranks itself.
bool unexplained(const Outcome& outcome);

/// Ranks are named alone where all are on one node: "rank 3", else "rank 3 on node-4".
std::string rank_words(int rank, const std::vector<std::string>& nodes);

}  // namespace plumbline::agent
