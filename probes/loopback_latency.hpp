#pragma once

#include <memory>

#include "probes/probe.hpp"

namespace plumbline::probes {

/// "loopback_latency": half round trips of eight bytes over TCP on 127.0.0.1, from {node, "lo"} to
/// itself: the kernel's share of every network latency of this node.
std::unique_ptr<Probe> loopback_latency_probe();

}  // namespace plumbline::probes
