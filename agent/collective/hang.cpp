#include "agent/collective/hang.hpp"

#include <algorithm>

namespace plumbline::agent {
namespace {

std::string names(const std::vector<int>& ranks) {
  std::string text;
  for (const int rank : ranks)
    text += (text.empty() ? "rank " : ", rank ") + std::to_string(rank);
  return text;
}

template <typename Wanted>
std::vector<int> those(const std::vector<RankSign>& signs, Wanted wanted) {
  std::vector<int> ranks;
  for (std::size_t rank = 0; rank < signs.size(); ++rank)
    if (wanted(signs[rank])) ranks.push_back(static_cast<int>(rank));
  return ranks;
}

/// The ranks that stand before a call which all others have begun.
std::optional<HangCause> behind(const std::vector<RankSign>& signs) {
  std::uint64_t least = ~std::uint64_t{0};
  std::uint64_t most = 0;
  for (const RankSign& sign : signs) {
    if (!sign.began || !sign.ended) return std::nullopt;
    least = std::min(least, *sign.began);
    most = std::max(most, *sign.began);
  }
  if (least == most) return std::nullopt;
  // One that stands inside the earliest call waits for somebody itself; one outside does not.
  auto last = those(signs, [least](const RankSign& sign) {
    return *sign.began == least && *sign.ended == least;
  });
  const bool outside = !last.empty();
  if (!outside) last = those(signs, [least](const RankSign& sign) { return *sign.began == least; });
  return HangCause{last, names(last) + (outside ? " did not begin call " : " did not end call ") +
                             std::to_string(outside ? least + 1 : least) +
                             ", the others are further"};
}

/// Who stands still by the steps of NCCL's proxy. A rank that cannot pass on what came waits for
/// room at the next one; the one where the data lies and that waits for nobody is the cause.
std::optional<HangCause> by_steps(const std::vector<RankSign>& signs) {
  const bool told = std::all_of(signs.begin(), signs.end(),
                                [](const RankSign& sign) { return sign.steps.has_value(); });
  if (!told) return std::nullopt;
  const auto keeps = those(signs, [](const RankSign& sign) {
    return sign.steps->untaken > 0 && sign.steps->unsent == 0 && sign.steps->waiting == 0;
  });
  if (!keeps.empty() && keeps.size() < signs.size())
    return HangCause{keeps, "by NCCL's steps data came to " + names(keeps) +
                                " and no GPU takes it there, the others wait"};
  std::vector<int> ends;
  for (std::size_t rank = 0; rank < signs.size(); ++rank) {
    const StepSign& steps = *signs[rank].steps;
    if (steps.unsent == 0) continue;
    ends.push_back(static_cast<int>(rank));
    const bool known = steps.unsent_to >= 0 && steps.unsent_to < static_cast<int>(signs.size());
    if (!known) return std::nullopt;
    ends.push_back(steps.unsent_to);
  }
  std::sort(ends.begin(), ends.end());
  ends.erase(std::unique(ends.begin(), ends.end()), ends.end());
  if (ends.empty() || ends.size() == signs.size()) return std::nullopt;
  return HangCause{ends, "by NCCL's steps what was handed to the network between " + names(ends) +
                             " does not leave"};
}

}  // namespace

HangCause name_cause(const std::vector<RankSign>& signs) {
  if (auto dead = those(signs, [](const RankSign& sign) { return sign.dead; }); !dead.empty())
    return {dead, names(dead) + " died"};
  auto silent = those(signs, [](const RankSign& sign) { return sign.silent; });
  if (!silent.empty() && silent.size() < signs.size())
    return {silent, names(silent) + " did not answer, the others waited"};
  if (auto last = behind(signs)) return *last;
  if (auto still = by_steps(signs)) return *still;
  auto all = those(signs, [](const RankSign&) { return true; });
  const bool mute = silent.size() == signs.size();
  return {all, mute ? "no rank answered" : "all ranks wait in one call, and none looks different"};
}

}  // namespace plumbline::agent
