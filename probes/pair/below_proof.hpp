#pragma once

#include <vector>

#include "probes/pair/proof.hpp"

namespace plumbline::probes {

/// Signs of the network device under one end's port of a software RDMA device: that it moved the
/// payload above its own idle rate, and that no other network device moved half as much. Such a
/// device counts the packets that it gives to the kernel, whatever way the kernel sends them; only
/// these counters show the way. Empty for a port of hardware, whose bytes no network device counts.
std::vector<Proof> prove_below(const Witness& witness, std::size_t rank, const PortCount& port);

}  // namespace plumbline::probes
