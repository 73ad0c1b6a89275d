#include "netcheck/inference/assignment.hpp"

#include <algorithm>
#include <map>
#include <set>

namespace plumbline::netcheck {
namespace {

constexpr std::size_t kWholeSearch = 8;
constexpr std::size_t kManyBest = 1000;

using Overlap = std::map<int, std::map<std::string, int>>;  ///< cluster -> label -> nodes
using Choice = std::map<int, std::string>;                  ///< cluster -> label

/// Clusters that are linked by common labels.
std::vector<std::vector<int>> entangled(const Overlap& overlap) {
  std::vector<std::vector<int>> groups;
  std::set<int> seen;
  for (const auto& [start, labels] : overlap) {
    if (!seen.insert(start).second) continue;
    std::vector<int> group{start};
    for (std::size_t next = 0; next < group.size(); ++next) {
      for (const auto& [other, other_labels] : overlap) {
        if (seen.count(other) != 0) continue;
        const auto& own = overlap.at(group[next]);
        const bool shared = std::any_of(other_labels.begin(), other_labels.end(),
                                        [&](const auto& entry) { return own.count(entry.first); });
        if (!shared) continue;
        seen.insert(other);
        group.push_back(other);
      }
    }
    groups.push_back(std::move(group));
  }
  return groups;
}

/// All one-to-one choices of one group that keep the most nodes' labels true.
class Search {
 public:
  Search(const Overlap& overlap, const std::vector<int>& group)
      : overlap_(overlap), group_(group) {}

  std::vector<Choice> best() {
    descend(0, 0);
    return best_;
  }

 private:
  void descend(std::size_t place, int kept) {
    if (place == group_.size()) {
      if (kept < most_) return;
      if (kept > most_) best_.clear();
      most_ = kept;
      if (best_.size() < kManyBest) best_.push_back(choice_);
      return;
    }
    const int cluster = group_[place];
    for (const auto& [label, count] : overlap_.at(cluster)) {
      if (!used_.insert(label).second) continue;
      choice_[cluster] = label;
      descend(place + 1, kept + count);
      choice_.erase(cluster);
      used_.erase(label);
    }
    descend(place + 1, kept);
  }

  const Overlap& overlap_;
  const std::vector<int>& group_;
  int most_ = 0;
  Choice choice_;
  std::set<std::string> used_;
  std::vector<Choice> best_;
};

Choice greedy(const Overlap& overlap, std::vector<int> group) {
  Choice choice;
  std::set<std::string> used;
  while (true) {
    int most = 0;
    std::pair<int, std::string> chosen;
    for (const int cluster : group) {
      if (choice.count(cluster) != 0) continue;
      for (const auto& [label, count] : overlap.at(cluster)) {
        if (used.count(label) != 0 || count <= most) continue;
        most = count;
        chosen = {cluster, label};
      }
    }
    if (most == 0) return choice;
    choice.insert(chosen);
    used.insert(chosen.second);
  }
}

std::set<std::string> liars_under(const Choice& choice, const std::vector<int>& group,
                                  const std::vector<PlacedNode>& nodes) {
  std::set<std::string> liars;
  for (const PlacedNode& node : nodes) {
    if (std::find(group.begin(), group.end(), node.cluster) == group.end()) continue;
    const auto label = choice.find(node.cluster);
    if (label == choice.end() || label->second != node.label) liars.insert(node.node);
  }
  return liars;
}

}  // namespace

Assignment assign_labels(const std::vector<PlacedNode>& nodes, int clusters) {
  Assignment result;
  result.label_of.resize(static_cast<std::size_t>(clusters));
  Overlap overlap;
  for (const PlacedNode& node : nodes)
    ++overlap[node.cluster][node.label];
  for (const auto& group : entangled(overlap)) {
    std::vector<Choice> choices = group.size() <= kWholeSearch
                                      ? Search(overlap, group).best()
                                      : std::vector<Choice>{greedy(overlap, group)};
    for (const auto& [cluster, label] : choices.front()) {
      result.label_of[static_cast<std::size_t>(cluster)] = label;
    }
    std::map<std::string, std::size_t> lies;
    for (const Choice& choice : choices) {
      for (const std::string& liar : liars_under(choice, group, nodes))
        ++lies[liar];
    }
    std::vector<std::string> open;
    for (const auto& [node, times] : lies) {
      (times == choices.size() ? result.liars : open).push_back(node);
    }
    if (!open.empty()) result.open.push_back(std::move(open));
  }
  return result;
}

}  // namespace plumbline::netcheck
