#pragma once

#include "collectives/operation.hpp"

namespace plumbline::collectives {

/// busbw = algbw * factor, with algbw = S / time: what makes the figure comparable with the rate of
/// one link whatever the number of ranks (nccl-tests, doc/PERFORMANCE.md). all_reduce 2(n-1)/n;
/// all_gather, reduce_scatter, alltoall, gather, scatter (n-1)/n; broadcast, reduce, sendrecv,
/// hypercube 1. Zero where one rank alone moves nothing. `ranks` is at least 1.
double bus_factor(OperationKind kind, int ranks) noexcept;

/// busbw of an operation that took `time` on its slowest rank.
BytesPerSecond bus_bandwidth(const Operation& operation, int ranks, Seconds time) noexcept;

}  // namespace plumbline::collectives
