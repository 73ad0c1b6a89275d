#pragma once

#include <string>
#include <vector>

#include "netcheck/facts.hpp"

namespace plumbline::netcheck {

/// Two NICs of one rail to be measured against each other.
struct PlannedPair {
  Endpoint from;
  Endpoint to;
  std::vector<std::string> hops;  ///< "nic node-1/rail-a", "uplink rack-1/rail-a", ... in order
};

/// Pairs that run at the same time: no two share an end (node) or a declared hop.
struct Round {
  std::vector<PlannedPair> pairs;
};

/// What will be measured, in order. Goodput rounds first, then the latency rounds (each pair
/// alone).
struct Plan {
  std::vector<Round> goodput;
  std::vector<Round> latency;
  std::vector<Outcome> skipped;  ///< pairs that cannot run, as skipped outcomes with the reason
};

/// Every pair of nodes on every rail, packed into few rounds. A NIC that the gate refuses, a node
/// without topology, or a rail that a node is not on becomes skipped outcomes of the same identity
/// that the measurement would have had; the reason names the node and why. Racks are those of the
/// labels; a pair with a node of unknown rack runs alone. Nothing when no pairs are asked for.
/// Deterministic. Pure.
Plan plan(const Facts& facts);

/// The pairs among `outcomes` that are degraded, failed or inconclusive and worth measuring again,
/// one a round, alone: not those that were skipped, or failed because of an agent or a probe. The
/// outcome measured again replaces the older one of its key by standing behind it.
std::vector<Round> suspects(const Facts& facts);

/// The identities (skipped outcomes with an empty reason) of what one planned pair is asked for
/// (Facts::asked): for goodput "pair_goodput" of each size, one_way from->to and to->from, then
/// both_ways of the largest size; for latency one "pair_latency" from->to with size 8. These keys
/// are what the pair probe gives.
std::vector<Outcome> identities(const Asked& asked, const PlannedPair& pair, bool latency);

}  // namespace plumbline::netcheck
