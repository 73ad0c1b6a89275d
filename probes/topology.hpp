#pragma once

#include "core/clock.hpp"
#include "core/model/topology.hpp"
#include "core/protocol/request.hpp"

namespace plumbline::probes {

/// What a measuring probe needs to know of this machine, quickly: its network devices. The
/// inventory looks closer. What could not be read is in Topology.problems.
Topology look_around(const Request& request, Deadline deadline);

}  // namespace plumbline::probes
