#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "netcheck/facts.hpp"

namespace plumbline::netcheck {

/// What two nodes reach with each other on one rail, best direction.
struct RailShare {
  double share = 0;      ///< of what the slower of their two NICs carries
  BytesPerSecond value;  ///< the goodput itself
  std::string key;       ///< Outcome::key() of it
};

/// Two nodes and what they reach; rails without a measured goodput are absent.
struct Edge {
  std::size_t a = 0;  ///< index into Edges::nodes, a < b
  std::size_t b = 0;
  std::map<std::string, RailShare> rails;
};

/// All that is known of who reaches whom, before racks are known.
struct Edges {
  std::vector<std::string> nodes;  ///< in the stage file's order
  std::vector<Edge> edges;         ///< pairs with at least one measured goodput
  std::map<std::string, double>
      uplink_shares;  ///< rail -> least declared uplink, as a share of a NIC
};

/// Reads the edges out of the outcomes: one-way goodputs of the judged size, the better direction.
Edges edges_of(const Facts& facts);

/// One way to cut the nodes into clusters of full speed.
struct Level {
  double cut = 0;               ///< share from which on an edge is fast
  std::vector<int> cluster_of;  ///< by node index; -1: nothing places the node
  int clusters = 0;
  std::set<std::pair<int, int>> apart;  ///< clusters that a slow edge between them proves apart
};

/// True when an edge is fast on some rail at this cut; `rail`, when not null, receives which.
bool is_fast(const Edges& edges, const Edge& edge, double cut, std::string* rail);

/// True when an edge is slow on a rail on which both of its ends are fast with somebody: then it is
/// the way between them that is slow, and not a NIC. Not the opposite of is_fast.
bool is_slow(const Edges& edges, const Edge& edge, double cut, std::string* rail);

/// Every cut at a gap of at least 1.25 between the shares whose fast edges make at least two
/// disjoint clusters without a slow edge inside and with one between, finest first. Empty: nothing
/// separates the nodes. A bad NIC, rail or uplink does not hide the clusters as long as another
/// rail or neighbour shows them.
std::vector<Level> levels_of(const Edges& edges);

}  // namespace plumbline::netcheck
