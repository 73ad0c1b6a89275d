#pragma once

#include <memory>

#include "probes/pair/batch.hpp"
#include "probes/probe.hpp"

namespace plumbline::probes {

/// "pair": goodput and latency between two devices of two nodes. One request gives, on rank 0, an
/// outcome for every size and every word of Request.measure: `pair_goodput` with the parameters
/// size and direction, `pair_latency` with size 8. Rank 1 gives progress only. Once the path is
/// known to be dead, or an end does not come, the numbers that are left fail with that reason at
/// once. The option "peer_subnets" (networks, comma-separated) bounds where the other end may be.
/// `paths` may be an error (a build without UCX): then the probe is inapplicable.
std::unique_ptr<Probe> pair_probe(Result<std::unique_ptr<PathDriver>> paths, LinkReader read_links,
                                  Patience patience = {});

}  // namespace plumbline::probes
