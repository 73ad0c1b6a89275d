#pragma once

#include <memory>
#include <string>

#include "core/result.hpp"
#include "probes/pair/path.hpp"

namespace plumbline::probes {

/// Connections by UCX over TCP, each pinned to one network device. In a build without UCX: the
/// error `unavailable` that says so.
Result<std::unique_ptr<PathDriver>> ucx_paths();

/// Connections by UCX over queue pairs (rc_verbs, with ud_verbs to find each other), each pinned to
/// the one port that a device's name means: a second opinion beside our own verbs. On a software
/// device by its link-local GID: UCX 1.13 drops there what comes for an IPv4 one. In a build
/// without UCX: the error `unavailable` that says so.
Result<std::unique_ptr<PathDriver>> ucx_rdma_paths();

}  // namespace plumbline::probes
