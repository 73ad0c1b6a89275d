#pragma once

#include <memory>
#include <string>

#include "core/result.hpp"
#include "probes/pair/path.hpp"

namespace plumbline::probes {

/// Connections by UCX over TCP, each pinned to one network device. In a build without UCX: the
/// error `unavailable` that says so.
Result<std::unique_ptr<PathDriver>> ucx_paths();

}  // namespace plumbline::probes
