#pragma once

#include <vector>

#include "netcheck/facts.hpp"

namespace plumbline::netcheck {

/// X04 for RDMA: what the claims gave a pod as RDMA it can open, by the uverbs nodes in its own
/// mount namespaces, and nothing that another pod was given. Nothing for pods into which nobody
/// looked and that were given no RDMA, and on nodes without RDMA.
std::vector<Finding> x04_rdma_given(const Facts& facts);

/// X15 for RDMA: where a driver wrote addresses of a pod's RoCE device, the device's port has a
/// GID of each; without one no queue pair of the pod reaches anybody. Nothing for InfiniBand, whose
/// GIDs stand for no IP address.
std::vector<Finding> x15_rdma_gid(const Facts& facts);

/// X18: virtual functions of one physical function that are with different pods share its port. One
/// finding a physical function: measured together they reach the port's rate, or not; measured one
/// by one they prove nothing.
std::vector<Finding> x18_functions(const Facts& facts);

/// X20 for RDMA: each device that a slice publishes as RDMA is an RDMA device on which a queue pair
/// can be made.
std::vector<Finding> x20_rdma_counts(const Facts& facts);

/// "rail_mtu": the RDMA ports of a rail have one active MTU. One finding a port that has another
/// than most (of two ports the smaller one), else one match a rail. A rail with fewer than two such
/// ports has none.
std::vector<Finding> rail_mtu(const Facts& facts);

/// "rail_switch": the switch that each NIC of a rail hears by LLDP is its rail's and its rack's. A
/// NIC whose switch serves another rail's NICs is a violation that names it; a node that hears
/// another rack's switches on every rail is a drift of its label, on one rail alone a violation of
/// that NIC. Else one match a rail; nothing where nobody on a rail heard a switch. A switch that
/// serves rails or racks alike says nothing of them.
std::vector<Finding> rail_switch(const Facts& facts);

/// "second_opinion": what another library measured over the same RDMA ports beside our own verbs.
/// match when the intervals meet, or the values differ by no more than 2 % (the library's own
/// headers); else unclaimed, with the one that is lower: a library that is slower than the path is
/// nobody's fault, and one that is faster puts our own number in doubt. Nothing where no other
/// library measured; a second opinion that failed is unobservable.
std::vector<Finding> second_opinion(const Facts& facts);

/// "rails_told": that no rail is declared, and which ones were found instead and how: unclaimed; or
/// unobservable, when none was.
std::vector<Finding> rails_told(const Facts& facts);

}  // namespace plumbline::netcheck
