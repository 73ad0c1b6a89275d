#pragma once

#include "collectives/operation.hpp"

namespace plumbline::collectives {

/// busbw = algbw * factor, with algbw = S / time: what makes the figure comparable with the rate of
/// one link whatever the number of ranks (nccl-tests, doc/PERFORMANCE.md). all_reduce 2(n-1)/n;
/// all_gather, reduce_scatter, alltoall, gather, scatter (n-1)/n; broadcast, reduce, sendrecv,
/// hypercube 1. Zero where one rank alone moves nothing. `ranks` is at least 1.
double bus_factor(OperationKind kind, int ranks) noexcept;

/// algbw of an operation that took `time` on its slowest rank: moved_size() over time; of hypercube
/// only the (n-1)/n that move (nccl-tests, src/hypercube.cu).
BytesPerSecond alg_bandwidth(const Operation& operation, int ranks, Seconds time) noexcept;

/// busbw of an operation that took `time` on its slowest rank.
BytesPerSecond bus_bandwidth(const Operation& operation, int ranks, Seconds time) noexcept;

/// What one rank must at least put on the wire and take from it in one run.
struct WireLoad {
  Bytes sent;
  Bytes received;
};

/// For all_reduce the ring's 2(n-1) blocks of S/n, the largest block left out where they are
/// uneven; for the others what any algorithm without help of a switch needs. Without headers.
WireLoad wire_load(const Operation& operation, int ranks, int rank) noexcept;

/// What each accelerator's NIC carries at a bus bandwidth, by the hierarchical model busbw *
/// (k-1)/(N-1) with k nodes and N ranks (ml-engineering, network/README.md): a ring inside the
/// nodes, one NIC a rank between them. With one rank a node it is the bus bandwidth. Zero on one
/// node.
BytesPerSecond nic_rate(BytesPerSecond bus, int nodes, int ranks) noexcept;

}  // namespace plumbline::collectives
