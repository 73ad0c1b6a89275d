#pragma once

#include <string>

#include "netcheck/judging/numbers.hpp"

namespace plumbline::netcheck {

/// Holds every measured pair, GPU copy and collective against its peers of the same kind (size,
/// direction, rail and rack, or NVLinks and distance; ranks and racks of a group, whose small sizes
/// are compared by latency). A number that has an expectation of its links keeps it and
/// its verdict, and its derivation gets the peers' word; one that has none is held against their
/// median. Kinds of fewer than eight say nothing.
void add_peers(Judged& judged);

/// What makes a measured number comparable with others; empty for one that has no peers.
std::string kind_of(const Judged& judged, const Outcome& outcome);

/// The largest message size of each GPU copy's identity is judged: true when this is it.
bool is_judged_copy(const std::vector<const Outcome*>& outcomes, const Outcome& outcome);

}  // namespace plumbline::netcheck
