#pragma once

#include "core/model/measurement.hpp"

namespace plumbline::collectives {

/// What the MPI library says of itself: its version, and the values in force (read through MPI_T,
/// not from the command line) of the transport, its interface and the forced all-reduce algorithm.
/// Holds when the transport is TCP alone and the algorithm is the ring.
Proof library_word(int ranks);

}  // namespace plumbline::collectives
