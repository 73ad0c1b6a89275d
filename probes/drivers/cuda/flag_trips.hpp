#pragma once

#include <cstdint>
#include <vector>

#include "core/clock.hpp"
#include "probes/drivers/cuda/copies.hpp"

namespace plumbline::probes::cuda {

/// The two ends of a flag's round trips.
struct TripEnds {
  Device& first;             ///< begins, and has the clock
  Device* second = nullptr;  ///< absent: a thread of the host answers
  const Machine& machine;    ///< the host
  int numa = 0;              ///< where that thread, or the host memory that is needed, is
};

/// Half round trips in seconds, `count` of them. Both flags lie in host memory when the host
/// answers (a host cannot write a GPU's memory), else each in the memory of the GPU that polls it.
/// Peer access is open both ways.
Result<std::vector<double>> half_trips(const TripEnds& ends, std::uint32_t count,
                                       Deadline deadline);

}  // namespace plumbline::probes::cuda
