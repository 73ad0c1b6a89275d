#pragma once

#include <optional>
#include <vector>

#include "collectives/communicator.hpp"
#include "collectives/measure.hpp"
#include "collectives/operation.hpp"
#include "core/protocol/request.hpp"

namespace plumbline::collectives {

/// What will be measured for one size, and what can be said of it before.
struct Planned {
  Operation operation;
  int ranks = 0;  ///< in all groups
  std::optional<FixedCounts> fixed;
  Blocking blocking = Blocking::none;
  std::vector<int> colours;  ///< empty: all ranks are one group
};

/// One entry a size and placement, in the order asked: out of place before in place. Options:
/// "type" (double), "redop" (sum), "root" (0), "place" (out | in | both), "iterations" and "warmup"
/// (nccl-tests' counts instead of sampling), "blocking" (0..3), "colours" ("0,0,1,1": the groups
/// that work at once), "group" (a name). Refused, naming what is wrong: an operation, type or
/// reduction that is not known, a size over 1 GiB or that is no whole number of elements, no or
/// over 4096 ranks, a root that no group has, hypercube over ranks that are no power of two. Pure.
Result<std::vector<Planned>> plan(const Request& request);

/// The identity of an outcome of this measurement, with an empty skip as its result. "type",
/// "redop", "root", "place", "transport" and "memory" are in it where the request names them.
Outcome identity(const Request& request, const Planned& planned);

/// The identities of all that a request asks for, also of one that is refused.
std::vector<Outcome> identities(const Request& request);

/// How many runs one batch takes so that it lasts `batch`, when one run takes `once`: at least 1,
/// at most what 256 MiB of destinations and 1000 runs allow.
int repeats_for(const Operation& operation, Seconds once, Seconds batch) noexcept;

}  // namespace plumbline::collectives
