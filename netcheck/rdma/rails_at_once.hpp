#pragma once

#include <vector>

#include "netcheck/facts.hpp"
#include "netcheck/plan.hpp"

namespace plumbline::netcheck {

/// Rounds in which one pair of nodes is measured over all its RDMA rails at the same time: nodes
/// two and two, each in one pair at most, where both have at least two rails over RDMA. One round a
/// pair of nodes: the rounds of a plan measure what shares nothing, these what may share a PCIe
/// switch, memory, or a spine.
std::vector<Round> rails_at_once(const Facts& facts, const Plan& plan);

/// The identity of such a number: probe "pair_together", the largest size, from -> to.
Outcome together_identity(const Asked& asked, const PlannedPair& pair);

/// "rails": all rails of two nodes at once against one by one. One finding a pair of nodes and
/// direction: match where together they give what each gives by itself; unclaimed where something
/// that they share gives less, with every rail's share: nobody claims that they are independent.
std::vector<Finding> rails_judged(const Facts& facts);

}  // namespace plumbline::netcheck
