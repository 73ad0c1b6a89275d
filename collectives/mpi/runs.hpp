#pragma once

#include <mpi.h>

#include "collectives/communicator.hpp"
#include "collectives/host_buffers.hpp"
#include "collectives/mpi/types.hpp"

namespace plumbline::collectives {

/// Where one rank's runs happen.
struct MpiPlace {
  MPI_Comm group = MPI_COMM_NULL;
  int rank = 0;  ///< in the group
  int size = 1;
};

/// Runs `operation` number `run` of `buffers` once on this rank and waits for it. What MPI itself
/// does not have is done here, inside the time: the division of an average, the factors of a scaled
/// sum, hypercube's rounds, a broadcast out of place, and in place the move of reduce_scatter's
/// block from the front, where MPI puts it.
Status run_once(const Operation& operation, const MpiPlace& place, const MpiKinds& kinds,
                HostBuffers& buffers, int run);

}  // namespace plumbline::collectives
