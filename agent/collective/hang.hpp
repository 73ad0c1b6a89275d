#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace plumbline::agent {

/// What is known of one rank when a collective did not end in time. A rank counts every call in
/// which it waits for others: `began` before, `ended` after, outside of the collective itself.
struct RankSign {
  bool dead = false;    ///< somebody saw it end
  bool silent = false;  ///< it said nothing when the others gave up, or only after it was woken
  std::optional<std::uint64_t> began;
  std::optional<std::uint64_t> ended;
};

/// Who may be the cause, and how that is known.
struct HangCause {
  std::vector<int> ranks;  ///< one, or an ambiguity set; never empty for a non-empty list of signs
  std::string because;     ///< "rank 3 did not begin call 17, in which the others wait"
};

/// Names the cause: who died; else who is silent; else who has not begun the call in which others
/// wait; else, since all wait in one call and none of them looks different, all of them. Pure.
HangCause name_cause(const std::vector<RankSign>& signs);

}  // namespace plumbline::agent
