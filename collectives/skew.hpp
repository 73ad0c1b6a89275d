#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "collectives/rank_report.hpp"

namespace plumbline::collectives {

/// How far a rank's clock is ahead of rank 0's.
struct ClockBound {
  double offset = 0;  ///< s
  double error = 0;   ///< s: the true offset is within this of it
};

/// Bounds from the meetings before a batch: nobody has everybody's words before the last has given
/// his, so a rank's return is never before another's post. The narrowest of all meetings counts;
/// 100 ppm of drift are added for the time since. By rank; pure.
std::vector<ClockBound> bound_clocks(const std::vector<RankReport>& reports);

/// The rank for which the others wait, by how long each rank's data waited for others (seconds over
/// one measurement): the one that waited less than half as long as any other, where the others
/// waited 10 ms and more. Nothing where two are alike, or nobody waited. Pure.
std::optional<int> least_patient(const std::vector<double>& waited);

/// Who comes late, batch after batch. A collective hides a slow rank (it looks fastest, since
/// nobody lets it wait), but its arrival does not. The last 500 runs count.
class Skew {
 public:
  /// Adds a batch of an operation in which all ranks play the same part.
  void add(const std::vector<RankReport>& reports);
  /// The ranks that came later than the median of the others by more than the clocks' error and
  /// `least`, beyond what they left the run before later than the others, in at least 80 % of at
  /// least eight runs, the latest first. Several are all late: which of two is the later one may be
  /// within the clocks' error.
  std::vector<int> late(double least) const;
  /// By how much the latest rank was late, as a median, s; zero without a run.
  double lateness() const;
  /// The largest bound of the clocks' error over all batches, s.
  double clock_error() const { return clock_error_; }

 private:
  double median_of(std::size_t rank) const;
  std::vector<std::vector<double>> lateness_;  ///< by rank, of each run
  double clock_error_ = 0;
};

}  // namespace plumbline::collectives
