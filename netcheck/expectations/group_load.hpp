#pragma once

#include <string>
#include <vector>

#include "netcheck/components.hpp"

namespace plumbline::netcheck {

/// How much goes through a part of the fabric while a collective runs.
struct PartLoad {
  Component part;
  double share = 1;  ///< its busier direction's rate, as a multiple of the bus bandwidth
};

/// The load of every part that a collective of these nodes uses, one rank a node in the given
/// order, by the algorithm that is forced where a rate is expected: rings for all_reduce,
/// all_gather and reduce_scatter, a chain for broadcast and reduce, every rank to the root (rank 0)
/// or from it for gather and scatter, pairwise for alltoall, to the next rank for sendrecv,
/// doubling for hypercube. Bus bandwidth is nccl-tests' (doc/PERFORMANCE.md). A ring loads each
/// part with exactly the bus bandwidth; an alltoall loads the uplink of k of n nodes with
/// k(n-k)/(n-1) of it. Nothing when a rack is not known or the operation is not one of the ten.
/// Pure.
std::vector<PartLoad> loads_of(const std::string& operation, const Racks& racks,
                               const std::string& rail, const std::vector<std::string>& nodes);

}  // namespace plumbline::netcheck
