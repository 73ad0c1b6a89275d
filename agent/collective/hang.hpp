#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace plumbline::agent {

/// How the steps of NCCL's proxy stood on one rank, by its profiler interface.
struct StepSign {
  std::int64_t untaken = 0;  ///< data came, and the rank's GPU does not take it
  std::int64_t unsent = 0;   ///< handed to the network, and not gone
  int unsent_to = -1;        ///< the rank that the last of them is for
  std::int64_t waiting = 0;  ///< for another rank's data, or for room there
};

/// What is known of one rank when a collective did not end in time. A rank counts every call in
/// which it waits for others: `began` before, `ended` after, outside of the collective itself.
struct RankSign {
  bool dead = false;    ///< somebody saw it end
  bool silent = false;  ///< it said nothing when the others gave up, or only after it was woken
  std::optional<std::uint64_t> began;
  std::optional<std::uint64_t> ended;
  std::optional<StepSign> steps = {};
};

/// Who may be the cause, and how that is known.
struct HangCause {
  std::vector<int> ranks;  ///< one, or an ambiguity set; never empty for a non-empty list of signs
  std::string because;     ///< "rank 3 did not begin call 17, in which the others wait"
};

/// Names the cause: who died; else who is silent; else who has not begun the call in which others
/// wait; else, when all wait in one call and NCCL told how their steps stand, who has data that its
/// GPU does not take while nobody holds it up, or both ends of a transfer that does not leave;
/// else, since none of them looks different, all of them. Pure.
HangCause name_cause(const std::vector<RankSign>& signs);

}  // namespace plumbline::agent
