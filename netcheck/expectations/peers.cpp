#include "netcheck/expectations/peers.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <map>

#include "core/units.hpp"

namespace plumbline::netcheck {
namespace {

constexpr double kNormal = 1.4826;  ///< MAD to standard deviation of a normal distribution

double median_of(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const std::size_t half = values.size() / 2;
  return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

/// The chance of a value this far below the median or farther, were the spread normal.
double chance(double value, const PeerStanding& standing) {
  const double distance = (standing.median - value) / standing.deviation;
  return 0.5 * std::erfc(distance / std::sqrt(2.0));
}

PeerStanding standing_of(const std::vector<double>& peers) {
  PeerStanding standing;
  standing.count = peers.size();
  standing.median = median_of(peers);
  std::vector<double> distances;
  for (const double peer : peers)
    distances.push_back(std::abs(peer - standing.median));
  standing.deviation =
      std::max(kNormal * median_of(std::move(distances)), kPeerFloor * standing.median);
  return standing;
}

/// The largest probability that is still a discovery (Benjamini and Hochberg).
double limit_of(const std::vector<std::optional<PeerStanding>>& standings) {
  std::vector<double> chances;
  for (const auto& standing : standings) {
    if (standing) chances.push_back(standing->probability);
  }
  std::sort(chances.begin(), chances.end());
  double limit = -1;
  for (std::size_t rank = 0; rank < chances.size(); ++rank) {
    const double allowed =
        kFalseDiscoveries * static_cast<double>(rank + 1) / static_cast<double>(chances.size());
    if (chances[rank] <= allowed) limit = chances[rank];
  }
  return limit;
}

}  // namespace

std::vector<std::optional<PeerStanding>> among_peers(const std::vector<PeerValue>& values) {
  std::map<std::string, std::vector<double>> kinds;
  for (const PeerValue& one : values)
    kinds[one.kind].push_back(one.value);
  std::vector<std::optional<PeerStanding>> standings;
  for (const PeerValue& one : values) {
    const auto& peers = kinds[one.kind];
    if (peers.size() < kPeersLeast) {
      standings.emplace_back();
      continue;
    }
    PeerStanding standing = standing_of(peers);
    standing.probability = standing.deviation > 0 ? chance(one.value, standing) : 1;
    standings.emplace_back(standing);
  }
  const double limit = limit_of(standings);
  for (std::size_t index = 0; index < values.size(); ++index) {
    if (!standings[index]) continue;
    PeerStanding& standing = *standings[index];
    const bool far = values[index].value < (1 - kPeerEffect) * standing.median;
    standing.low = far && standing.probability <= limit;
  }
  return standings;
}

std::string text_of(const PeerStanding& standing, double value) {
  std::array<char, 32> share{};
  const double part = standing.median > 0 ? value / standing.median : 0;
  static_cast<void>(std::snprintf(share.data(), share.size(), "%.2f", part));
  return "median of " + std::to_string(standing.count) + " peers " +
         format_rate({standing.median}) + ", this is " + share.data() + " of it" +
         (standing.low ? ": an outlier" : "");
}

}  // namespace plumbline::netcheck
