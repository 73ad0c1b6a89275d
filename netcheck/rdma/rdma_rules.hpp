#pragma once

#include <vector>

#include "netcheck/facts.hpp"

namespace plumbline::netcheck {

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

}  // namespace plumbline::netcheck
