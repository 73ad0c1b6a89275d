#pragma once

#include <vector>

#include "netcheck/plan.hpp"

namespace plumbline::netcheck {

/// A pair that waits for its round.
struct WaitingPair {
  PlannedPair pair;
  bool alone = false;  ///< its hops are not all known, so nothing runs beside it
};

/// Packs pairs into few rounds: no two of a round share a node or a hop. First fit over the pairs,
/// longest paths first, and for small plans over some fixed shuffles too; the fewest rounds win.
/// Deterministic.
std::vector<Round> pack(const std::vector<WaitingPair>& pairs);

}  // namespace plumbline::netcheck
