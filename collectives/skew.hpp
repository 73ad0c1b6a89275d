#pragma once

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

/// Who comes last, batch after batch. A collective hides a slow rank (it looks fastest, since
/// nobody lets it wait), but its arrival does not.
class Skew {
 public:
  /// Adds a batch of an operation in which all ranks play the same part.
  void add(const std::vector<RankReport>& reports);
  /// The rank that came last in at least 80 % of at least eight runs, by a median time over the
  /// others' median that is above the clocks' error and `least`.
  std::optional<int> late(double least) const;
  /// By how much the rank that came last most often was late, as a median, s.
  double lateness() const;
  /// The largest bound of the clocks' error over all batches, s.
  double clock_error() const { return clock_error_; }

 private:
  std::optional<int> most_often() const;
  std::vector<std::vector<double>> last_;  ///< by rank: its lateness in each run it came last
  std::size_t runs_ = 0;
  double clock_error_ = 0;
};

}  // namespace plumbline::collectives
