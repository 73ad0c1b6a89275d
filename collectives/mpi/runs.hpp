#pragma once

#include <mpi.h>

#include <optional>
#include <string>

#include "collectives/communicator.hpp"
#include "collectives/host_buffers.hpp"
#include "collectives/mpi/gpu_memory.hpp"
#include "collectives/mpi/types.hpp"

namespace plumbline::collectives {

/// Where one rank's runs happen.
struct MpiPlace {
  MPI_Comm group = MPI_COMM_NULL;
  int rank = 0;  ///< in the group
  int size = 1;
};

/// Runs `operation` number `run` of `buffers` once on this rank and waits for it; on the GPU's copy
/// of them where `gpu` is not null, which MPI must be able to reach (see cannot_on_gpu()). What MPI
/// itself does not have is done here, inside the time: the division of an average, the factors of a
/// scaled sum, hypercube's rounds, a broadcast out of place, and in place the move of
/// reduce_scatter's block from the front, where MPI puts it.
Status run_once(const Operation& operation, const MpiPlace& place, const MpiKinds& kinds,
                HostBuffers& buffers, int run, const GpuMemory* gpu);

/// Why an operation is not done in GPU memory: what MPI itself does not have is done by the
/// processor here, which does not reach there. Nothing where it is. Pure.
std::optional<std::string> cannot_on_gpu(const Operation& operation);

}  // namespace plumbline::collectives
