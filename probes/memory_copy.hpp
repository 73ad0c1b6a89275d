#pragma once

#include <memory>

#include "probes/probe.hpp"

namespace plumbline::probes {

/// "memory_copy": bytes a second that one thread on the CPUs of {node, "numa<from>"} copies within
/// the memory of {node, "numa<to>"}, for every pair of NUMA nodes that has CPUs and memory. Copied
/// bytes count once. Source and destination are several times the largest cache, filled anew for
/// every batch, bounded by an eighth of the free memory.
std::unique_ptr<Probe> memory_copy_probe();

}  // namespace plumbline::probes
