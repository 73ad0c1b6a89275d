#pragma once

#include <string>
#include <vector>

#include "netcheck/facts.hpp"

namespace plumbline::netcheck {

/// Where the stage file declares no rail, finds them in what the nodes tell of their NICs and sets
/// `facts.fabric`: a rail is a subnet that NICs of two nodes are in. Where any NIC has an RDMA
/// device, only such NICs count, else those with hardware behind them, else all. A subnet in which
/// a node has several NICs is as many rails as there are switches, when each of its NICs has heard
/// one; else it is one rail. Networks that hold one of `others` (the agents' own addresses, the
/// management network) are no rails. Names: "subnet-10.70.1.0/24", "switch-leaf-1". Declared rails
/// stay as they are. Pure.
void tell_rails(Facts& facts, const std::vector<std::string>& others);

}  // namespace plumbline::netcheck
