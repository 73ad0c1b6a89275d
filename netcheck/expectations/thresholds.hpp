#pragma once

#include <string>

namespace plumbline::netcheck {

/// One row of the table of least shares: from which share of its expectation on a number is ok.
struct Threshold {
  const char* probe;      ///< Outcome.probe
  const char* direction;  ///< one_way | both_ways; empty: any
  double least;           ///< t, 0..1
  const char* source;     ///< where the figure comes from
  const char* date;       ///< when it was taken from there
};

/// The row of a probe and direction; null when numbers of that kind are not held against anything.
const Threshold* threshold_for(const std::string& probe, const std::string& direction);

/// A number whose interval lies above this share of the slowest hop's rate is an error of the
/// measurement or of the declaration: no link carries more than its rate. The 5 % leave room for a
/// token bucket's burst in a short batch.
inline constexpr double kImpossible = 1.05;

/// A part of the fabric is cleared of a slow pair when another pair got this many times as much
/// through it.
inline constexpr double kClears = 1.1;

/// Packet loss above this share of segments is a fault when the peers do not show it too: the bound
/// of ITU-T Y.1541 (12/2011), table 1, IP packet loss ratio of classes 0 to 4.
inline constexpr double kLossLimit = 1e-3;

/// Loss that costs no pair its goodput is a finding of its own only from here on: five times the
/// limit, so that a burst at a busy host is none. On idle shaped links TCP sends 0 to 0.02 % again,
/// at 2 % injected loss 1.6 to 2.0 % (iperf3 on the virtual rack, 2026-11-23).
inline constexpr double kLossAlone = 5e-3;

/// Retransmissions count as those of a lossy part only when they are this many times the median of
/// pairs of the same kind: every shaped link drops some when its queue overflows.
inline constexpr double kLossMargin = 4.0;

}  // namespace plumbline::netcheck
