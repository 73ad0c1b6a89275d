#include "core/statistics/sampling.hpp"

#include <algorithm>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <numeric>

#include "core/contract.hpp"
#include "core/units.hpp"

namespace plumbline {
namespace {

constexpr std::size_t kFewest = 6;
constexpr double kErrorOfAllLooks = 0.05;

/// Half the width of the interval over `values`: Student's t at an error of 5 % shared equally by
/// all looks (Bonferroni), so that looking several times does not spoil the coverage.
double half_width(const std::vector<double>& values, double middle) {
  double squares = 0;
  for (const double value : values)
    squares += (value - middle) * (value - middle);
  const auto count = static_cast<double>(values.size());
  const double error_of_mean = std::sqrt(squares / (count - 1) / count);
  const double error_of_look = kErrorOfAllLooks / static_cast<double>(looks().size());
  const boost::math::students_t distribution(count - 1);
  return boost::math::quantile(distribution, 1 - error_of_look / 2) * error_of_mean;
}

std::string percent(double share) {
  std::string text = std::to_string(std::round(share * 1000) / 10);
  text.erase(text.find('.') + 2);
  return text + " %";
}

std::vector<double> values_of(const std::vector<Batch>& batches) {
  std::vector<double> values;
  for (const auto& batch : batches)
    values.push_back(batch.value);
  return values;
}

Measured from_estimate(const std::vector<Batch>& batches, double width, Unit unit) {
  const Estimate found = estimate(values_of(batches), width);
  Measured measured;
  measured.unit = unit;
  measured.value = found.value;
  measured.interval = found.interval;
  measured.conclusive = found.conclusive;
  measured.doubt = found.doubt;
  measured.batches = values_of(batches);
  return measured;
}

}  // namespace

const std::vector<std::size_t>& looks() {
  static const std::vector<std::size_t> points{6, 8, 12, 16, 24, 32, 48, 64};
  return points;
}

Estimate estimate(const std::vector<double>& batches, double width) {
  Estimate found;
  found.value = mean(batches);
  if (batches.size() < 2) {
    found.interval = {0, found.value > 0 ? HUGE_VAL : 0};
    found.doubt = "only " + std::to_string(batches.size()) + " batches, six are needed";
    return found;
  }
  const double half = half_width(batches, found.value);
  found.interval = {std::max(0.0, found.value - half), found.value + half};
  const double reached = found.value > 0 ? half / found.value : 1.0;
  if (batches.size() < kFewest) {
    found.doubt = "only " + std::to_string(batches.size()) + " batches, six are needed";
  } else if (found.value <= 0) {
    found.doubt = "nothing arrived in any batch";
  } else if (reached > width) {
    found.doubt = "interval is +-" + percent(reached) + " after " + std::to_string(batches.size()) +
                  " batches, asked was +-" + percent(width);
  }
  found.conclusive = found.doubt.empty();
  return found;
}

bool StopRule::stop(const std::vector<double>& batches, Seconds spent, Bytes sent) const {
  const auto& points = looks();
  if (batches.size() >= points.back()) return true;
  if (!batches.empty()) {
    const double count = static_cast<double>(batches.size());
    const double time_of_next = spent.value * (count + 1) / count;
    const double bytes_of_next = static_cast<double>(sent.count) * (count + 1) / count;
    if (time_of_next > budget_.time.value) return true;
    if (bytes_of_next > static_cast<double>(budget_.bytes.count)) return true;
  }
  const bool at_look = std::find(points.begin(), points.end(), batches.size()) != points.end();
  return at_look && estimate(batches, budget_.width).conclusive;
}

double quantile(std::vector<double> values, double q) {
  require(!values.empty(), "a quantile needs values");
  require(q > 0 && q <= 1, "a quantile lies in (0, 1]");
  const double rank = std::ceil(q * static_cast<double>(values.size()));
  const auto index = static_cast<std::size_t>(std::max(1.0, rank)) - 1;
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(index),
                   values.end());
  return values[index];
}

double mean(const std::vector<double>& values) {
  if (values.empty()) return 0;
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

Measured summarise_bandwidth(const std::vector<Batch>& batches, double width) {
  Measured measured = from_estimate(batches, width, Unit::bytes_per_second);
  std::vector<double> windows;
  for (const auto& batch : batches) {
    windows.insert(windows.end(), batch.windows.begin(), batch.windows.end());
  }
  if (!windows.empty()) {
    measured.median = quantile(windows, 0.5);
    measured.p5 = quantile(windows, 0.05);
  }
  return measured;
}

Measured summarise_latency(const std::vector<Batch>& batches, double width) {
  Measured measured = from_estimate(batches, width, Unit::seconds);
  std::vector<double> samples;
  for (const auto& batch : batches) {
    samples.insert(samples.end(), batch.samples.begin(), batch.samples.end());
  }
  if (!samples.empty()) {
    measured.value = quantile(samples, 0.5);
    // The interval is of the batches' medians; where they are skewed it must still hold the value.
    measured.interval.low = std::min(measured.interval.low, measured.value);
    measured.interval.high = std::max(measured.interval.high, measured.value);
    measured.median = measured.value;
    measured.p99 = quantile(samples, 0.99);
    measured.p999 = quantile(samples, 0.999);
  }
  return measured;
}

}  // namespace plumbline
