#include "netcheck/inference/levels.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>

#include "netcheck/expectations/thresholds.hpp"

namespace plumbline::netcheck {
namespace {

/// Least ratio between neighbouring shares that counts as a gap: far above the spread of a measured
/// number (1 to 3 %) and of TCP's shares, below any usual oversubscription (3:2 and more).
constexpr double kGap = 1.25;

/// From which share on an edge of this rail is fast: never below what a declared uplink carries.
double limit_on(const Edges& edges, const std::string& rail, double cut) {
  const auto uplink = edges.uplink_shares.find(rail);
  return uplink == edges.uplink_shares.end() ? cut : std::max(cut, kImpossible * uplink->second);
}

bool fast_on(const Edges& edges, const std::string& rail, const RailShare& share, double cut) {
  return share.share >= limit_on(edges, rail, cut);
}

/// Whether a node is fast with anybody on a rail.
bool proves_itself(const Edges& edges, std::size_t node, const std::string& rail, double cut) {
  return std::any_of(edges.edges.begin(), edges.edges.end(), [&](const Edge& edge) {
    if (edge.a != node && edge.b != node) return false;
    const auto share = edge.rails.find(rail);
    return share != edge.rails.end() && fast_on(edges, rail, share->second, cut);
  });
}

/// The middle of every gap between the shares, highest first; and 0, where only the declared
/// uplinks decide.
std::vector<double> cuts_of(const Edges& edges) {
  std::vector<double> shares;
  for (const Edge& edge : edges.edges) {
    for (const auto& [rail, share] : edge.rails) {
      if (share.share > 0) shares.push_back(share.share);
    }
  }
  std::sort(shares.rbegin(), shares.rend());
  std::vector<double> cuts;
  for (std::size_t place = 0; place + 1 < shares.size(); ++place) {
    if (shares[place] < kGap * shares[place + 1]) continue;
    cuts.push_back(std::sqrt(shares[place] * shares[place + 1]));
  }
  const bool all_narrow =
      std::all_of(edges.uplink_shares.begin(), edges.uplink_shares.end(),
                  [](const auto& uplink) { return uplink.second * kGap <= 1.0; });
  if (!edges.uplink_shares.empty() && all_narrow) cuts.push_back(0);
  return cuts;
}

std::size_t root(std::vector<std::size_t>& parents, std::size_t node) {
  while (parents[node] != node)
    node = parents[node] = parents[parents[node]];
  return node;
}

/// Clusters joined by fast edges, numbered in node order; -1 for nodes without one.
Level joined(const Edges& edges, double cut) {
  std::vector<std::size_t> parents(edges.nodes.size());
  std::iota(parents.begin(), parents.end(), 0U);
  std::vector<bool> placed(edges.nodes.size(), false);
  for (const Edge& edge : edges.edges) {
    if (!is_fast(edges, edge, cut, nullptr)) continue;
    placed[edge.a] = placed[edge.b] = true;
    parents[root(parents, edge.b)] = root(parents, edge.a);
  }
  Level level;
  level.cut = cut;
  level.cluster_of.assign(edges.nodes.size(), -1);
  std::map<std::size_t, int> numbers;
  for (std::size_t node = 0; node < edges.nodes.size(); ++node) {
    if (!placed[node]) continue;
    const auto [number, fresh] = numbers.emplace(root(parents, node), level.clusters);
    if (fresh) ++level.clusters;
    level.cluster_of[node] = number->second;
  }
  return level;
}

std::optional<Level> level_at(const Edges& edges, double cut) {
  Level level = joined(edges, cut);
  if (level.clusters < 2) return std::nullopt;
  for (const Edge& edge : edges.edges) {
    const int one = level.cluster_of[edge.a];
    const int other = level.cluster_of[edge.b];
    if (one < 0 || other < 0 || is_fast(edges, edge, cut, nullptr)) continue;
    if (!is_slow(edges, edge, cut, nullptr)) continue;
    if (one == other) return std::nullopt;
    level.apart.insert({std::min(one, other), std::max(one, other)});
  }
  if (level.apart.empty()) return std::nullopt;
  return level;
}

}  // namespace

bool is_fast(const Edges& edges, const Edge& edge, double cut, std::string* rail) {
  for (const auto& [name, share] : edge.rails) {
    if (!fast_on(edges, name, share, cut)) continue;
    if (rail != nullptr) *rail = name;
    return true;
  }
  return false;
}

bool is_slow(const Edges& edges, const Edge& edge, double cut, std::string* rail) {
  for (const auto& [name, share] : edge.rails) {
    if (fast_on(edges, name, share, cut)) continue;
    const bool told =
        proves_itself(edges, edge.a, name, cut) && proves_itself(edges, edge.b, name, cut);
    if (!told) continue;
    if (rail != nullptr) *rail = name;
    return true;
  }
  return false;
}

std::vector<Level> levels_of(const Edges& edges) {
  std::vector<Level> levels;
  for (const double cut : cuts_of(edges)) {
    auto level = level_at(edges, cut);
    if (!level) continue;
    const bool known = std::any_of(levels.begin(), levels.end(), [&](const Level& other) {
      return other.cluster_of == level->cluster_of;
    });
    if (!known) levels.push_back(std::move(*level));
  }
  return levels;
}

}  // namespace plumbline::netcheck
