#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.hpp"

namespace plumbline::collectives {

/// What one rank tells the others after a batch. Times are seconds on its own clock; `entered` and
/// `left` count from `base`.
struct RankReport {
  double base = 0;
  std::vector<double> posted;    ///< when it gave its part to each meeting before the batch
  std::vector<double> returned;  ///< when it had everybody's
  std::vector<double> entered;   ///< by run
  std::vector<double> left;
  std::uint64_t wrong = 0;  ///< wrong elements
  std::string what;         ///< what is wrong first; empty: nothing
};

/// One line of numbers for each list, then the words. At most 64 KiB for 1000 runs.
std::string encode(const RankReport& report);

/// Reads it back. Refused: a missing line, what is no number up to 1e9, lists of other lengths,
/// more than 100000 numbers.
Result<RankReport> decode_rank_report(std::string_view text);

/// How long each run took, from the end of the one before (from its beginning when `alone`).
std::vector<double> times_of(const RankReport& report, bool alone);

}  // namespace plumbline::collectives
