#include "netcheck/localisation/hitting_set.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <set>

namespace plumbline::netcheck {
namespace {

using Sets = std::vector<std::vector<int>>;

constexpr std::size_t kMostCulprits = 4;
constexpr int kMostSteps = 50000;

bool contains(const std::vector<int>& set, int part) {
  return std::binary_search(set.begin(), set.end(), part);
}

/// Sorted, without doubles and without sets that hold another one whole.
Sets reduced(Sets sets) {
  for (auto& set : sets) {
    std::sort(set.begin(), set.end());
    set.erase(std::unique(set.begin(), set.end()), set.end());
  }
  std::sort(sets.begin(), sets.end(), [](const auto& one, const auto& other) {
    return one.size() != other.size() ? one.size() < other.size() : one < other;
  });
  Sets kept;
  for (const auto& set : sets) {
    const bool implied = std::any_of(kept.begin(), kept.end(), [&](const auto& small) {
      return std::includes(set.begin(), set.end(), small.begin(), small.end());
    });
    if (!implied && !set.empty()) kept.push_back(set);
  }
  return kept;
}

/// Groups of sets that share parts.
std::vector<Sets> independent(const Sets& sets) {
  std::vector<Sets> groups;
  std::vector<bool> taken(sets.size(), false);
  for (std::size_t start = 0; start < sets.size(); ++start) {
    if (taken[start]) continue;
    std::set<int> parts(sets[start].begin(), sets[start].end());
    Sets group;
    bool grown = true;
    while (grown) {
      grown = false;
      for (std::size_t next = start; next < sets.size(); ++next) {
        const bool linked = std::any_of(sets[next].begin(), sets[next].end(),
                                        [&](int part) { return parts.count(part) != 0; });
        if (taken[next] || !linked) continue;
        taken[next] = grown = true;
        parts.insert(sets[next].begin(), sets[next].end());
        group.push_back(sets[next]);
      }
    }
    groups.push_back(std::move(group));
  }
  return groups;
}

/// All hitting sets of one size, by branching on the first set that is not hit.
class Search {
 public:
  Search(const Sets& sets, std::size_t size) : sets_(sets), size_(size) {}

  /// Nothing when the search would be too long.
  std::optional<std::set<std::set<int>>> all() {
    descend();
    if (steps_ > kMostSteps) return std::nullopt;
    return found_;
  }

 private:
  void descend() {
    if (++steps_ > kMostSteps) return;
    const auto open = std::find_if(sets_.begin(), sets_.end(), [this](const auto& set) {
      return std::none_of(set.begin(), set.end(),
                          [this](int part) { return chosen_.count(part) != 0; });
    });
    if (open == sets_.end()) {
      found_.insert(chosen_);
      return;
    }
    if (chosen_.size() == size_) return;
    for (const int part : *open) {
      chosen_.insert(part);
      descend();
      chosen_.erase(part);
    }
  }

  const Sets& sets_;
  std::size_t size_;
  int steps_ = 0;
  std::set<int> chosen_;
  std::set<std::set<int>> found_;
};

std::vector<int> most_hitting_first(const Sets& sets) {
  Sets open = sets;
  std::vector<int> chosen;
  while (!open.empty()) {
    std::map<int, int> hits;
    for (const auto& set : open) {
      for (const int part : set)
        ++hits[part];
    }
    const auto best = std::max_element(
        hits.begin(), hits.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
    const int part = best->first;
    chosen.push_back(part);
    open.erase(std::remove_if(open.begin(), open.end(),
                              [part](const auto& set) { return contains(set, part); }),
               open.end());
  }
  return chosen;
}

void explain_greedily(const Sets& sets, Explanation& result) {
  result.exact = false;
  std::vector<int> open;
  for (const int part : most_hitting_first(sets)) {
    const bool alone = std::any_of(sets.begin(), sets.end(), [part](const auto& set) {
      return set.size() == 1 && set.front() == part;
    });
    (alone ? result.certain : open).push_back(part);
  }
  if (!open.empty()) result.open.push_back(std::move(open));
}

/// Splits what is not certain into sets that do not depend on each other.
void add_open(const Sets& sets, const std::set<int>& certain, const std::set<int>& possible,
              Explanation& result) {
  Sets left;
  for (const auto& set : sets) {
    std::vector<int> parts;
    bool explained = false;
    for (const int part : set) {
      explained = explained || certain.count(part) != 0;
      if (possible.count(part) != 0) parts.push_back(part);
    }
    if (!explained) left.push_back(std::move(parts));
  }
  for (const Sets& group : independent(reduced(left))) {
    std::set<int> parts;
    for (const auto& set : group)
      parts.insert(set.begin(), set.end());
    result.open.emplace_back(parts.begin(), parts.end());
  }
}

void explain(const Sets& sets, Explanation& result) {
  for (std::size_t size = 1; size <= kMostCulprits; ++size) {
    const auto found = Search(sets, size).all();
    if (!found) break;
    if (found->empty()) continue;
    std::set<int> certain = *found->begin();
    std::set<int> possible;
    for (const auto& solution : *found) {
      possible.insert(solution.begin(), solution.end());
      std::set<int> both;
      std::set_intersection(certain.begin(), certain.end(), solution.begin(), solution.end(),
                            std::inserter(both, both.begin()));
      certain = std::move(both);
    }
    result.certain.insert(result.certain.end(), certain.begin(), certain.end());
    add_open(sets, certain, possible, result);
    return;
  }
  explain_greedily(sets, result);
}

}  // namespace

Explanation smallest_explanations(std::vector<std::vector<int>> suspects) {
  Explanation result;
  for (const Sets& group : independent(reduced(std::move(suspects))))
    explain(group, result);
  std::sort(result.certain.begin(), result.certain.end());
  return result;
}

}  // namespace plumbline::netcheck
