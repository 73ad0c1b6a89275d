#pragma once

#include <memory>
#include <string>

#include "collectives/communicator.hpp"
#include "collectives/pulse.hpp"

namespace plumbline::collectives {

/// Where an MPI rank's data lies.
struct MpiMemory {
  bool gpu = false;  ///< in a GPU's memory, if the MPI reaches there
  std::string
      driver;      ///< a stand-in for libcuda.so.1 in tests, which every MPI reaches; else empty
  int device = 0;  ///< which of this process's GPUs
};

/// This process's end of all ranks that its MPI launcher started; MPI begins here and ends with the
/// object, counting on `pulse` (borrowed). Blocked calls of MPI cannot be interrupted: the
/// program's own limit must end them. Unavailable, with a reason to skip: a program built without
/// MPI, GPU memory where the MPI is not CUDA-aware by its own word (MPIX_Query_cuda_support), or
/// without a driver or GPU on any rank; then all ranks get that answer.
Result<std::unique_ptr<Communicator>> open_mpi(Pulse& pulse, const MpiMemory& memory);

}  // namespace plumbline::collectives
