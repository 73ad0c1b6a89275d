#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace plumbline::netcheck {

/// One number among others of its kind.
struct PeerValue {
  std::string kind;  ///< what makes numbers comparable: probe, size, direction, links, distance
  double value = 0;  ///< B/s; more is better
};

/// How a number stands among its peers.
struct PeerStanding {
  double median = 0;     ///< of all of its kind
  double deviation = 0;  ///< their spread: 1.4826 x MAD, at least the floor
  std::size_t count = 0;
  double probability = 1;  ///< of a number this low among healthy peers
  bool low = false;        ///< an outlier, after false-discovery control over all numbers
};

/// Fewer of a kind say nothing about one of them.
inline constexpr std::size_t kPeersLeast = 8;
/// The spread of healthy paths is taken to be at least this share of their median, so that peers
/// that agree to the last digit do not make an outlier of the next: paths of one node spread by
/// 0.2 % (eight H200, 55.06 to 55.43 GB/s with 0.10 between GPUs), nodes by a few percent.
inline constexpr double kPeerFloor = 0.02;
/// No more than this share of the numbers called low are low by chance (Benjamini and Hochberg
/// 1995).
inline constexpr double kFalseDiscoveries = 0.01;
/// A difference below this share of the median is no finding, however sure.
inline constexpr double kPeerEffect = 0.05;

/// Each number among those of its kind, in the order given; nothing where the kind has fewer than
/// eight. Median and MAD bear up to half of the kind being bad; one-sided, since too fast is not a
/// fault here. Pure.
std::vector<std::optional<PeerStanding>> among_peers(const std::vector<PeerValue>& values);

/// "median of 56 peers 396 GB/s, this is 0.45 of it".
std::string text_of(const PeerStanding& standing, double value);

}  // namespace plumbline::netcheck
