#pragma once

#include <string>
#include <vector>

#include "agent/stage/stage_run.hpp"
#include "netcheck/controls/misaligned.hpp"
#include "netcheck/controls/placed_paths.hpp"
#include "netcheck/facts.hpp"
#include "netcheck/groups/group_testing.hpp"
#include "netcheck/plan.hpp"

namespace plumbline::agent {

/// What is asked of the pairs of a round; together: one way, told as "pair_together".
enum class PairWork { goodput, latency, together };

/// What is measured again gets so many times the budget: what noise left open is decided by more
/// batches.
constexpr double kMoreTimeAlone = 3;

/// Measures every round's pairs that are not finished in this pass, the pairs of a round at once,
/// and keeps their outcomes. A pair on a node that was given up is kept as skipped, with the
/// reason.
void measure_rounds(StageRun& run, const netcheck::Facts& facts,
                    const std::vector<netcheck::Round>& rounds, Pass pass, PairWork work);

/// Measures each node's own paths (host memory, loopback): nodes that share a machine (same boot
/// id) one after the other, different machines at once.
void measure_nodes(StageRun& run, const netcheck::Facts& facts);

/// Runs the stage file's collectives: each node by itself, by shared memory and by sockets alone;
/// each group of nodes on each rail.
void measure_collectives(StageRun& run, const netcheck::Facts& facts);

/// Runs the stage file's collectives over the nodes' GPUs, where it asks for them: NCCL's ranks,
/// started by the agents. A group without GPUs is kept as skipped.
void measure_gpu_collectives(StageRun& run, const netcheck::Facts& facts);

class Placement;

/// The stage file's collectives of several nodes between the gang's pods on these nodes (parameter
/// "scope": "placed"), over the rails whose devices the pods hold.
void measure_placed_collectives(StageRun& run, const netcheck::Facts& facts,
                                const Placement& placement);

/// Runs one more collective that group testing asks for, between nodes or, with a placement,
/// between its pods; in the pass "alone" with more time.
void measure_group_test(StageRun& run, const netcheck::Facts& facts,
                        const netcheck::GroupTest& test, const Placement* placement, Pass pass);

/// Measures between the pods that the stage had placed, from inside, as planned (probe
/// "placed_goodput"), after the nodes' own agents; in the pass "alone" with more time.
void measure_placed(StageRun& run, const netcheck::Facts& facts, const netcheck::PlacedPlan& placed,
                    const Placement& placement, Pass pass);

/// Measures between the two pods that stand in different racks on the rail where that must be worse
/// (probe "misaligned_goodput").
void measure_misaligned(StageRun& run, const netcheck::Facts& facts,
                        const netcheck::Misalignment& misalignment, const Placement& placement);

/// How many steps these will be, for the progress.
std::size_t count_steps(const StageFile& file, const netcheck::Facts& facts,
                        const netcheck::Plan& plan);

}  // namespace plumbline::agent
