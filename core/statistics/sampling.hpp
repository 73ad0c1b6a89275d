#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/clock.hpp"
#include "core/model/measurement.hpp"
#include "core/protocol/request.hpp"
#include "core/result.hpp"

namespace plumbline {

/// One independent batch, measured over a fresh connection.
struct Batch {
  double value = 0;             ///< goodput in B/s, or median latency in s
  Bytes payload;                ///< verified payload of the batch
  std::vector<double> windows;  ///< goodput of each window of at least 50 ms (bandwidth)
  std::vector<double> samples;  ///< each sample (latency), bounded by the caller
};

/// Why sampling stopped, and what it came to.
struct Estimate {
  double value = 0;   ///< mean of the batch values
  Interval interval;  ///< 95 %, Student's t over the batch values, widened for the number of looks
  bool conclusive = false;
  std::string doubt;
};

/// Batch counts at which the interval is looked at: 6, 8, 12, 16, 24, 32, 48, 64.
const std::vector<std::size_t>& looks();

/// The estimate from batch values. Fewer than six batches are never conclusive. Guarantee, tested
/// on simulated correlated, stalling and bimodal paths: covers the true mean in at least 93 % of
/// runs.
Estimate estimate(const std::vector<double>& batches, double width);

/// Decides, at one end for both, whether another batch is needed.
class StopRule {
 public:
  explicit StopRule(Budget budget) : budget_(budget) {}
  /// True when `batches` is a look and the estimate is narrow enough, or when the budget of time or
  /// bytes cannot take another batch, or the last look is reached.
  bool stop(const std::vector<double>& batches, Seconds spent, Bytes sent) const;

 private:
  Budget budget_;
};

/// The linear-interpolation-free (nearest rank) quantile, 0 < q <= 1, of a non-empty list.
double quantile(std::vector<double> values, double q);

/// The mean; zero for an empty list.
double mean(const std::vector<double>& values);

/// Puts batches together into a Measured: value, interval, and over all windows median and p5, or
/// over all samples p50 (as the value), p99, p99.9.
Measured summarise_bandwidth(const std::vector<Batch>& batches, double width);
Measured summarise_latency(const std::vector<Batch>& batches, double width);

}  // namespace plumbline
