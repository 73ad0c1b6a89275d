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

/// What will be measured, in order. Goodput rounds first, then the latency rounds (each pair alone).
struct Plan {
  std::vector<Round> goodput;
  std::vector<Round> latency;
  std::vector<Outcome> skipped;  ///< pairs that cannot run, as skipped outcomes with the reason
};

/// Every pair of nodes on every rail, packed into few rounds. A NIC that the gate refuses, a node
/// without topology, or a rail that a node is not on becomes skipped outcomes of the same identity
/// that the measurement would have had. Deterministic. Pure.
Plan plan(const Facts& facts);

/// The pairs among `outcomes` that are degraded, failed or inconclusive and worth measuring again,
/// one a round, alone.
std::vector<Round> suspects(const Facts& facts);

/// The identities (skipped outcomes with an empty reason) that one planned pair produces:
/// "pair_goodput" one_way both directions and both_ways, or "pair_latency".
std::vector<Outcome> identities(const PlannedPair& pair, bool latency);

}  // namespace plumbline::netcheck
