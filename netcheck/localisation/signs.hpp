#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "netcheck/localisation/scene.hpp"

namespace plumbline::netcheck {

/// Direct signs of a fault at one part, which no other pair's goodput can clear.
struct Signs {
  double carrier_downs = 0;  ///< times the carrier went away during measurements
  std::string state;         ///< operstate when the NIC told that it is not up
  /// Loss towards (in) or from (out) the part: retransmitted share of the segments, and what is
  /// usual for pairs of its kind.
  struct Loss {
    double share = 0;
    double usual = 0;
    std::size_t pairs = 0;
  };
  std::optional<Loss> loss_in;
  std::optional<Loss> loss_out;
  bool any() const { return carrier_downs > 0 || !state.empty() || loss_in || loss_out; }
};

/// The retransmitted share of the segments that an outcome's sender sent; nothing when its counters
/// do not tell.
std::optional<double> retransmitted(const Outcome& outcome);

/// The signs at each part of the scene, by its index; parts without a sign are absent. Loss is a
/// sign when every measured pair of at least three that goes the same way through the part loses
/// more than kLossLimit and kLossMargin times the median of pairs of the same kind (in a rack, or
/// between racks), and no other part explains it.
std::map<std::size_t, Signs> signs_of(const Scene& scene);

}  // namespace plumbline::netcheck
