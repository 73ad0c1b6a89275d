#include "netcheck/rounds.hpp"

#include <algorithm>
#include <cstdint>
#include <set>
#include <string>
#include <utility>

namespace plumbline::netcheck {
namespace {

constexpr std::size_t kSmallPlan = 600;  ///< pairs; more are packed in one order only
constexpr int kShuffles = 200;

/// What the pairs of one round occupy.
struct Occupied {
  std::set<std::string> taken;
  bool closed = false;

  static std::vector<std::string> needs(const PlannedPair& pair) {
    std::vector<std::string> names = pair.hops;
    names.push_back("node " + pair.from.node);
    names.push_back("node " + pair.to.node);
    return names;
  }
  bool admits(const std::vector<std::string>& needs, bool alone) const {
    if (closed || (alone && !taken.empty())) return false;
    return std::none_of(needs.begin(), needs.end(),
                        [this](const auto& name) { return taken.count(name) != 0; });
  }
  void take(const std::vector<std::string>& needs, bool alone) {
    taken.insert(needs.begin(), needs.end());
    closed = alone;
  }
};

std::vector<Round> first_fit(const std::vector<WaitingPair>& pairs) {
  std::vector<Round> rounds;
  std::vector<Occupied> occupied;
  for (const WaitingPair& waiting : pairs) {
    const auto needs = Occupied::needs(waiting.pair);
    std::size_t place = 0;
    while (place < rounds.size() && !occupied[place].admits(needs, waiting.alone)) ++place;
    if (place == rounds.size()) {
      rounds.emplace_back();
      occupied.emplace_back();
    }
    rounds[place].pairs.push_back(waiting.pair);
    occupied[place].take(needs, waiting.alone);
  }
  return rounds;
}

/// Steps of a fixed linear congruential sequence (Knuth's MMIX constants): the same on every machine.
struct Sequence {
  std::uint64_t state = 0;
  std::size_t below(std::size_t bound) {
    state = state * 6364136223846793005ULL + 1442695040888963407ULL;
    return static_cast<std::size_t>(state >> 33U) % bound;
  }
};

void shuffle(std::vector<WaitingPair>& pairs, std::uint64_t seed) {
  Sequence sequence{seed};
  for (std::size_t left = pairs.size(); left > 1; --left) {
    std::swap(pairs[left - 1], pairs[sequence.below(left)]);
  }
}

void longest_first(std::vector<WaitingPair>& pairs) {
  std::stable_sort(pairs.begin(), pairs.end(), [](const auto& one, const auto& other) {
    return one.pair.hops.size() > other.pair.hops.size();
  });
}

}  // namespace

std::vector<Round> pack(std::vector<WaitingPair> pairs) {
  longest_first(pairs);
  std::vector<Round> best = first_fit(pairs);
  if (pairs.size() > kSmallPlan) return best;
  for (int attempt = 1; attempt <= kShuffles; ++attempt) {
    std::vector<WaitingPair> mixed = pairs;
    shuffle(mixed, static_cast<std::uint64_t>(attempt));
    longest_first(mixed);
    std::vector<Round> rounds = first_fit(mixed);
    if (rounds.size() < best.size()) best = std::move(rounds);
  }
  return best;
}

}  // namespace plumbline::netcheck
