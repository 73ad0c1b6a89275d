// Stands in for this room in a build without verbs.

#include "probes/drivers/verbs/verbs_driver.hpp"
#include "probes/drivers/verbs/verbs_facts.hpp"

namespace plumbline::probes {

Result<std::unique_ptr<RdmaDriver>> verbs_driver(std::shared_ptr<GpuMemoryDesk> /*gpus*/) {
  return fail(ErrorCode::unavailable, "this build has no verbs (PLUMBLINE_WITH_VERBS=OFF)");
}

void ask_verbs(RdmaDevice& device) { device.capability = "not tried: this build has no verbs"; }

}  // namespace plumbline::probes
