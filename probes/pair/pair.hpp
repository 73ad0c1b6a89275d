#pragma once

#include <memory>

#include "probes/pair/batch.hpp"
#include "probes/probe.hpp"

namespace plumbline::probes {

/// What a pair can be measured by; an error is a way that this build does not have.
struct PairDrivers {
  Result<std::unique_ptr<PathDriver>> paths;
  Result<std::unique_ptr<RdmaDriver>> rdma;
  /// A library's connections over RDMA devices.
  Result<std::unique_ptr<PathDriver>> rdma_paths =
      fail(ErrorCode::unavailable, "there is no library over RDMA");
};

/// "pair": goodput and latency between two devices of two nodes. One request gives, on rank 0, an
/// outcome for every size and every word of Request.measure: `pair_goodput` with the parameters
/// size and direction, `pair_latency` with size 8. Rank 1 gives progress only. Once the path is
/// known to be dead, or an end does not come, the numbers that are left fail with that reason at
/// once. The option "peer_subnets" (networks, comma-separated) bounds where the other end may be.
/// The option "transport" = "verbs" measures over RDMA queue pairs, see rdma_numbers.hpp for its
/// other options; "ucx" by UCX over the same RDMA device, with the parameter library = ucx. A
/// request for what the build does not have is inapplicable.
std::unique_ptr<Probe> pair_probe(PairDrivers drivers, LinkReader read_links,
                                  Patience patience = {});

}  // namespace plumbline::probes
