#pragma once

#include "collectives/operation.hpp"
#include "core/model/measurement.hpp"

namespace plumbline::collectives {

/// What the MPI library says of itself: its version, and the values in force (read through MPI_T,
/// not from the command line) of the transport, its interface and the operation's algorithm. Holds
/// when one transport alone is allowed (TCP, or shared memory) and the algorithm is the one that
/// expectations take for granted.
Proof library_word(int ranks, OperationKind kind);

}  // namespace plumbline::collectives
