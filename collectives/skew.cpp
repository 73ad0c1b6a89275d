#include "collectives/skew.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/statistics/sampling.hpp"

namespace plumbline::collectives {
namespace {

constexpr double kDrift = 1e-4;  // s a second: a quartz of 50 ppm each way at both ends
constexpr std::size_t kLeastRuns = 8;
constexpr std::size_t kMostRuns = 500;
constexpr double kOften = 0.8;
constexpr double kWaited = 0.01;  // s: less is nobody's fault

/// The smallest time from `from`'s post to `to`'s return, each on its own clock.
double shortest(const RankReport& from, const RankReport& to) {
  double least = std::numeric_limits<double>::infinity();
  const std::size_t meetings = std::min(from.posted.size(), to.returned.size());
  for (std::size_t i = 0; i < meetings; ++i)
    least = std::min(least, to.returned[i] - from.posted[i]);
  return least;
}

/// How much later one time is than the median of the others.
double behind_others(std::vector<double> times, std::size_t one) {
  const double mine = times[one];
  times.erase(times.begin() + static_cast<std::ptrdiff_t>(one));
  return mine - quantile(times, 0.5);
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

std::optional<int> least_patient(const std::vector<double>& waited) {
  if (waited.size() < 3) return std::nullopt;
  const auto least = std::min_element(waited.begin(), waited.end());
  for (auto other = waited.begin(); other != waited.end(); ++other)
    if (other != least && (*other < kWaited || *least >= *other / 2)) return std::nullopt;
  return static_cast<int>(least - waited.begin());
}

void Skew::add(const std::vector<RankReport>& reports) {
  const auto clocks = bound_clocks(reports);
  lateness_.resize(reports.size());
  for (const ClockBound& clock : clocks)
    clock_error_ = std::max(clock_error_, clock.error);
  if (reports.size() < 2) return;
  for (std::size_t run = 1; run < reports[0].entered.size(); ++run) {  // the first meets a barrier
    std::vector<double> arrivals;
    std::vector<double> departures;  // from the run before
    for (std::size_t rank = 0; rank < reports.size(); ++rank) {
      const double start = reports[rank].base - clocks[rank].offset;
      arrivals.push_back(start + reports[rank].entered[run]);
      departures.push_back(start + reports[rank].left[run - 1]);
    }
    for (std::size_t rank = 0; rank < reports.size(); ++rank) {
      // Who was let go late comes late without any fault of his.
      const double held = std::max(0.0, behind_others(departures, rank));
      auto& mine = lateness_[rank];
      mine.push_back(behind_others(arrivals, rank) - held);
      if (mine.size() > kMostRuns) mine.erase(mine.begin());
    }
  }
}

std::vector<int> Skew::late(double least) const {
  std::vector<int> ranks;
  const double limit = std::max(clock_error_, least);
  for (std::size_t rank = 0; rank < lateness_.size(); ++rank) {
    const auto& mine = lateness_[rank];
    const auto often = std::count_if(mine.begin(), mine.end(),
                                     [limit](double lateness) { return lateness > limit; });
    const bool enough = mine.size() >= kLeastRuns;
    if (enough && static_cast<double>(often) >= kOften * static_cast<double>(mine.size()))
      ranks.push_back(static_cast<int>(rank));
  }
  std::stable_sort(ranks.begin(), ranks.end(), [this](int one, int other) {
    return median_of(static_cast<std::size_t>(one)) > median_of(static_cast<std::size_t>(other));
  });
  return ranks;
}

double Skew::median_of(std::size_t rank) const {
  return lateness_[rank].empty() ? 0 : quantile(lateness_[rank], 0.5);
}

double Skew::lateness() const {
  double most = 0;
  for (std::size_t rank = 0; rank < lateness_.size(); ++rank)
    most = std::max(most, median_of(rank));
  return most;
}

}  // namespace plumbline::collectives
