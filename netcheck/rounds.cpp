#include "netcheck/rounds.hpp"

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <utility>

namespace plumbline::netcheck {
namespace {

constexpr std::size_t kSmallPlan = 600;  ///< pairs; more are packed in one order only
constexpr int kShuffles = 100;

/// A pair by its place in the list and by numbers for all that it occupies.
struct Job {
  std::size_t place = 0;
  std::vector<std::size_t> needs;
  bool alone = false;
};

/// What the pairs of one round occupy.
struct Occupied {
  std::vector<bool> taken;
  std::vector<std::size_t> places;
  bool closed = false;

  bool admits(const Job& job) const {
    if (closed || (job.alone && !places.empty())) return false;
    return std::none_of(job.needs.begin(), job.needs.end(),
                        [this](std::size_t need) { return taken[need]; });
  }
  void take(const Job& job) {
    for (const std::size_t need : job.needs)
      taken[need] = true;
    places.push_back(job.place);
    closed = job.alone;
  }
};

/// The jobs of all pairs; `names` becomes the number of different things they occupy.
std::vector<Job> jobs_of(const std::vector<WaitingPair>& pairs, std::size_t& names) {
  std::map<std::string, std::size_t> numbers;
  std::vector<Job> jobs;
  for (const WaitingPair& waiting : pairs) {
    Job job{jobs.size(), {}, waiting.alone};
    std::vector<std::string> needs = waiting.pair.hops;
    needs.push_back("node " + waiting.pair.from.node);
    needs.push_back("node " + waiting.pair.to.node);
    for (const std::string& need : needs) {
      job.needs.push_back(numbers.emplace(need, numbers.size()).first->second);
    }
    jobs.push_back(std::move(job));
  }
  names = numbers.size();
  return jobs;
}

std::vector<Occupied> first_fit(const std::vector<Job>& jobs, std::size_t names) {
  std::vector<Occupied> rounds;
  for (const Job& job : jobs) {
    auto round = std::find_if(rounds.begin(), rounds.end(),
                              [&](const Occupied& occupied) { return occupied.admits(job); });
    if (round == rounds.end()) {
      round = rounds.insert(rounds.end(), Occupied{std::vector<bool>(names, false), {}, false});
    }
    round->take(job);
  }
  return rounds;
}

/// No plan has fewer rounds than the busiest node or hop has pairs.
std::size_t least_rounds(const std::vector<Job>& jobs, std::size_t names) {
  std::vector<std::size_t> uses(names, 0);
  for (const Job& job : jobs) {
    for (const std::size_t need : job.needs)
      ++uses[need];
  }
  return uses.empty() ? 0 : *std::max_element(uses.begin(), uses.end());
}

/// Steps of a fixed linear congruential sequence (Knuth's MMIX constants): the same on every
/// machine.
struct Sequence {
  std::uint64_t state = 0;
  std::size_t below(std::size_t bound) {
    state = state * 6364136223846793005ULL + 1442695040888963407ULL;
    return static_cast<std::size_t>(state >> 33U) % bound;
  }
};

void shuffle(std::vector<Job>& jobs, std::uint64_t seed) {
  Sequence sequence{seed};
  for (std::size_t left = jobs.size(); left > 1; --left) {
    std::swap(jobs[left - 1], jobs[sequence.below(left)]);
  }
}

void longest_first(std::vector<Job>& jobs) {
  std::stable_sort(jobs.begin(), jobs.end(), [](const Job& one, const Job& other) {
    return one.needs.size() > other.needs.size();
  });
}

}  // namespace

std::vector<Round> pack(const std::vector<WaitingPair>& pairs) {
  std::size_t names = 0;
  std::vector<Job> jobs = jobs_of(pairs, names);
  longest_first(jobs);
  std::vector<Occupied> best = first_fit(jobs, names);
  const std::size_t least = least_rounds(jobs, names);
  for (int attempt = 1; attempt <= kShuffles; ++attempt) {
    if (pairs.size() > kSmallPlan || best.size() <= least) break;
    std::vector<Job> mixed = jobs;
    shuffle(mixed, static_cast<std::uint64_t>(attempt));
    longest_first(mixed);
    std::vector<Occupied> rounds = first_fit(mixed, names);
    if (rounds.size() < best.size()) best = std::move(rounds);
  }
  std::vector<Round> rounds;
  for (const Occupied& occupied : best) {
    rounds.emplace_back();
    for (const std::size_t place : occupied.places)
      rounds.back().pairs.push_back(pairs[place].pair);
  }
  return rounds;
}

}  // namespace plumbline::netcheck
