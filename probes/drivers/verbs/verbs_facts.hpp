#pragma once

#include "core/model/rdma.hpp"

namespace plumbline::probes {

/// Adds what only the library knows: the active MTU of each port, and whether a queue pair can be
/// made on the device at all (one is, and is destroyed). In a build without verbs `capability` says
/// so.
void ask_verbs(RdmaDevice& device);

}  // namespace plumbline::probes
