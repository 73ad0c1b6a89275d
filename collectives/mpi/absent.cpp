#include "collectives/mpi/communicator.hpp"

namespace plumbline::collectives {

Result<std::unique_ptr<Communicator>> open_mpi(Pulse& /*pulse*/, const MpiMemory& /*memory*/) {
  return fail(ErrorCode::unavailable, "this plumbline-rank-mpi was built without MPI");
}

}  // namespace plumbline::collectives
