#pragma once

#include <vector>

namespace plumbline::netcheck {

/// The smallest sets of parts that explain every bad observation.
struct Explanation {
  std::vector<int> certain;            ///< in every smallest explanation
  std::vector<std::vector<int>> open;  ///< sets of parts of which some are at fault and which
                                       ///< cannot be told apart
  bool exact = true;                   ///< false: too large to search whole, explained greedily
};

/// `suspects[i]` are the parts that can have caused observation i, none empty. Independent groups
/// of observations are searched on their own, up to four culprits each; beyond that greedily, where
/// only parts that alone explain something are certain. Deterministic.
Explanation smallest_explanations(std::vector<std::vector<int>> suspects);

}  // namespace plumbline::netcheck
