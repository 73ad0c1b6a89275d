#include "probes/drivers/cuda/cuda_machine.hpp"
#include "probes/drivers/cuda/cuda_memories.hpp"

namespace plumbline::probes {

Result<std::unique_ptr<GpuMachine>> open_cuda_machine(const std::string& /*library*/) {
  return fail(ErrorCode::unavailable, cuda_left_out());
}

Result<std::unique_ptr<GpuMemories>> cuda_memories(const std::string& /*library*/) {
  return fail(ErrorCode::unavailable, cuda_left_out());
}

std::string cuda_left_out() { return "this program was built without the CUDA toolkit"; }

}  // namespace plumbline::probes
