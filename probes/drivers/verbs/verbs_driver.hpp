#pragma once

#include <memory>

#include "core/result.hpp"
#include "probes/pair/rdma_path.hpp"

namespace plumbline::probes {

/// RDMA by libibverbs. In a build without verbs: the error `unavailable` that says so.
Result<std::unique_ptr<RdmaDriver>> verbs_driver();

}  // namespace plumbline::probes
