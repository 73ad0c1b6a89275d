#pragma once

#include <memory>

#include "collectives/communicator.hpp"
#include "collectives/pulse.hpp"

namespace plumbline::collectives {

/// This process's end of all ranks that its MPI launcher started; MPI begins here and ends with the
/// object, counting on `pulse` (borrowed). Blocked calls of MPI cannot be interrupted: the
/// program's own limit must end them. A program built without MPI answers unavailable.
Result<std::unique_ptr<Communicator>> open_mpi(Pulse& pulse);

}  // namespace plumbline::collectives
