#pragma once

#include "probes/pair/batch.hpp"

namespace plumbline::probes {

/// Looks for a moment at what this end's device, and its port where a number may go over RDMA, move
/// while nothing of ours does, and keeps it in `world`. What could not be read counts as still.
void look_at_idle(const Task& task, PairWorld& world);

/// True when it sends or receives anything.
bool moves(const Idle& idle);

/// Keeps the smaller of both rates, each way: bytes of whoever measured before may drain through
/// one look, and would then be taken off what was sent later, but not through all of them.
void keep_least(Idle& kept, const Idle& look);

}  // namespace plumbline::probes
