#pragma once

#include <string>
#include <vector>

#include "agent/stage/stage_run.hpp"
#include "netcheck/facts.hpp"
#include "netcheck/plan.hpp"

namespace plumbline::agent {

/// What is asked of the pairs of a round; together: one way, told as "pair_together".
enum class PairWork { goodput, latency, together };

/// Measures every round's pairs that are not finished in this pass, the pairs of a round at once,
/// and keeps their outcomes. A pair on a node that was given up is kept as skipped, with the
/// reason.
void measure_rounds(StageRun& run, const netcheck::Facts& facts,
                    const std::vector<netcheck::Round>& rounds, Pass pass, PairWork work);

/// Measures each node's own paths (host memory, loopback): nodes that share a machine (same boot
/// id) one after the other, different machines at once.
void measure_nodes(StageRun& run, const netcheck::Facts& facts);

/// Runs the stage file's collectives: each group on each rail.
void measure_collectives(StageRun& run, const netcheck::Facts& facts);

/// How many steps these will be, for the progress.
std::size_t count_steps(const StageFile& file, const netcheck::Facts& facts,
                        const netcheck::Plan& plan);

}  // namespace plumbline::agent
