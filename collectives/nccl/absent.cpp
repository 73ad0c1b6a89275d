#include "collectives/nccl/communicator.hpp"

namespace plumbline::collectives {

Result<std::unique_ptr<Communicator>> open_nccl(Rendezvous& /*meeting*/, Pulse& /*pulse*/,
                                                const NcclSettings& /*settings*/,
                                                Deadline /*deadline*/) {
  return fail(ErrorCode::unavailable, "this plumbline-rank was built without NCCL's headers");
}

}  // namespace plumbline::collectives
