#include "collectives/skew.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/statistics/sampling.hpp"

namespace plumbline::collectives {
namespace {

constexpr double kDrift = 1e-4;  // s a second: a quartz of 50 ppm each way at both ends
constexpr std::size_t kLeastRuns = 8;
constexpr double kOften = 0.8;

/// The smallest time from `from`'s post to `to`'s return, each on its own clock.
double shortest(const RankReport& from, const RankReport& to) {
  double least = std::numeric_limits<double>::infinity();
  const std::size_t meetings = std::min(from.posted.size(), to.returned.size());
  for (std::size_t i = 0; i < meetings; ++i)
    least = std::min(least, to.returned[i] - from.posted[i]);
  return least;
}

}  // namespace

std::vector<ClockBound> bound_clocks(const std::vector<RankReport>& reports) {
  std::vector<ClockBound> bounds(reports.size());
  for (std::size_t rank = 1; rank < reports.size(); ++rank) {
    const double most = shortest(reports[0], reports[rank]);    // clock_r - clock_0 <= most
    const double least = -shortest(reports[rank], reports[0]);  // and >= least
    if (!std::isfinite(most) || !std::isfinite(least)) {
      bounds[rank].error = std::numeric_limits<double>::infinity();
      continue;
    }
    const RankReport& mine = reports[rank];
    const double end = mine.left.empty() ? mine.base : mine.base + mine.left.back();
    const double since = mine.posted.empty() ? 0 : end - mine.posted.back();
    bounds[rank] = {(most + least) / 2, (most - least) / 2 + kDrift * std::max(0.0, since)};
  }
  return bounds;
}

void Skew::add(const std::vector<RankReport>& reports) {
  const auto clocks = bound_clocks(reports);
  last_.resize(reports.size());
  for (const ClockBound& clock : clocks)
    clock_error_ = std::max(clock_error_, clock.error);
  if (reports.size() < 2) return;
  for (std::size_t run = 1; run < reports[0].entered.size(); ++run) {  // the first meets a barrier
    std::vector<double> arrivals;
    for (std::size_t rank = 0; rank < reports.size(); ++rank)
      arrivals.push_back(reports[rank].base + reports[rank].entered[run] - clocks[rank].offset);
    const auto last = std::max_element(arrivals.begin(), arrivals.end());
    const auto rank = static_cast<std::size_t>(last - arrivals.begin());
    const double latest = *last;
    arrivals.erase(last);
    last_[rank].push_back(latest - quantile(arrivals, 0.5));
    ++runs_;
  }
}

std::optional<int> Skew::most_often() const {
  if (runs_ == 0) return std::nullopt;
  const auto most = std::max_element(
      last_.begin(), last_.end(), [](const auto& a, const auto& b) { return a.size() < b.size(); });
  return static_cast<int>(most - last_.begin());
}

std::optional<int> Skew::late(double least) const {
  const auto rank = most_often();
  if (!rank || runs_ < kLeastRuns) return std::nullopt;
  const auto& times = last_[static_cast<std::size_t>(*rank)];
  if (static_cast<double>(times.size()) < kOften * static_cast<double>(runs_)) return std::nullopt;
  if (lateness() <= clock_error_ || lateness() <= least) return std::nullopt;
  return rank;
}

double Skew::lateness() const {
  const auto rank = most_often();
  return rank ? quantile(last_[static_cast<std::size_t>(*rank)], 0.5) : 0;
}

}  // namespace plumbline::collectives
