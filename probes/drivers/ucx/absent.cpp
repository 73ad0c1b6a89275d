#include "probes/drivers/ucx/ucx_path.hpp"

namespace plumbline::probes {

Result<std::unique_ptr<PathDriver>> ucx_paths() {
  return fail(ErrorCode::unavailable, "this build has no UCX (PLUMBLINE_WITH_UCX)");
}

Result<std::unique_ptr<PathDriver>> ucx_rdma_paths() { return ucx_paths(); }

}  // namespace plumbline::probes
