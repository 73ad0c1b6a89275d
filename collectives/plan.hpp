#pragma once

#include <vector>

#include "collectives/operation.hpp"
#include "core/protocol/request.hpp"

namespace plumbline::collectives {

/// What will be measured for one size, and what can be said of it before.
struct Planned {
  Operation operation;
  int ranks = 0;
  Bytes
      least_sent;  ///< bytes that each rank puts on the wire in one run of a ring, without headers
};

/// One entry a size, in the order asked. Refused, naming what is wrong: an operation that is not
/// known or not measured yet, fewer than two ranks, a size that is no whole number of elements for
/// every rank or is over 1 GiB, more ranks than sums stay exact for. Pure.
Result<std::vector<Planned>> plan(const Request& request);

/// The identity of an outcome of this measurement, with an empty skip as its result.
Outcome identity(const Request& request, Bytes size);

/// Bytes that every rank sends at least in one ring run: 2(n-1) blocks of S/n for all_reduce, the
/// largest block left out where they are uneven.
Bytes ring_load(const Operation& operation, int ranks) noexcept;

/// How many runs one batch takes so that it lasts `batch`, when one run takes `once`: at least 1,
/// at most what 256 MiB of destinations and 1000 runs allow.
int repeats_for(const Operation& operation, Seconds once, Seconds batch) noexcept;

}  // namespace plumbline::collectives
