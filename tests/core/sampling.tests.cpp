#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>
#include <cmath>
#include <functional>
#include <random>

#include "core/statistics/sampling.hpp"

using namespace plumbline;

namespace {

using Path = std::function<double(std::mt19937_64&)>;  // one batch over a fresh connection

constexpr int kSamplesInBatch = 40;

/// Samples within a batch follow AR(1) at 0.9; each batch starts anew.
double correlated_batch(std::mt19937_64& random) {
  std::normal_distribution<double> noise(0, 1);
  double state = noise(random) / std::sqrt(1 - 0.81);
  double sum = 0;
  for (int sample = 0; sample < kSamplesInBatch; ++sample) {
    sum += 100 + state;
    state = 0.9 * state + noise(random);
  }
  return sum / kSamplesInBatch;
}

/// A path that stands still a quarter of the time, in stretches.
double stalling_batch(std::mt19937_64& random) {
  std::uniform_real_distribution<double> chance(0, 1);
  bool stalled = chance(random) < 0.25;
  double sum = 0;
  for (int sample = 0; sample < kSamplesInBatch; ++sample) {
    sum += stalled ? 0 : 100;
    stalled = chance(random) < (stalled ? 0.7 : 0.1);
  }
  return sum / kSamplesInBatch;
}

/// Each connection is hashed onto a fast or a slow path.
double bimodal_batch(std::mt19937_64& random) {
  std::uniform_real_distribution<double> chance(0, 1);
  std::normal_distribution<double> noise(0, 0.1);
  return (chance(random) < 0.5 ? 100 : 80) + noise(random);
}

/// How often the interval, at whatever look sampling stopped, holds the true mean.
double coverage(const Path& path, double truth, double width) {
  constexpr int runs = 2000;
  int covered = 0;
  for (unsigned run = 0; run < runs; ++run) {
    std::mt19937_64 random(run);
    const StopRule rule(Budget{width, {1e9}, {~0ULL >> 1U}, {0.3}});
    std::vector<double> batches;
    while (!rule.stop(batches, {1}, {1}))
      batches.push_back(path(random));
    const Estimate found = estimate(batches, width);
    if (found.interval.low <= truth && truth <= found.interval.high) ++covered;
  }
  return static_cast<double>(covered) / runs;
}

}  // namespace

TEST_CASE("The interval covers the truth on correlated, stalling and bimodal paths") {
  for (const double width : {0.01, 0.03, 0.1}) {
    const double correlated = coverage(correlated_batch, 100, width);
    const double stalling = coverage(stalling_batch, 75, width);
    const double bimodal = coverage(bimodal_batch, 90, width);
    WARN("asked +-" << width * 100 << " %: correlated " << correlated * 100 << " %, stalling "
                    << stalling * 100 << " %, bimodal " << bimodal * 100 << " % (2000 runs each)");
    CHECK(correlated >= 0.93);
    CHECK(stalling >= 0.93);
    CHECK(bimodal >= 0.93);
  }
}

TEST_CASE("A naive interval over correlated samples fails where batches hold") {
  int covered = 0;
  constexpr int runs = 1000;
  for (unsigned run = 0; run < runs; ++run) {
    std::mt19937_64 random(run);
    std::normal_distribution<double> noise(0, 1);
    std::vector<double> samples;
    double state = noise(random) / std::sqrt(1 - 0.81);
    for (int sample = 0; sample < 400; ++sample) {
      samples.push_back(100 + state);
      state = 0.9 * state + noise(random);
    }
    double squares = 0;
    const double middle = mean(samples);
    for (const double sample : samples)
      squares += (sample - middle) * (sample - middle);
    const double half = 1.96 * std::sqrt(squares / 399 / 400);
    if (std::abs(middle - 100) <= half) ++covered;
  }
  CHECK(covered < runs / 2);
}

TEST_CASE("Fewer than six batches are never conclusive, however alike") {
  const Estimate five = estimate({100, 100, 100, 100, 100}, 0.01);
  CHECK_FALSE(five.conclusive);
  CHECK(five.doubt.find("six") != std::string::npos);
  CHECK_FALSE(estimate({100}, 0.01).conclusive);
  CHECK_FALSE(estimate({}, 0.01).conclusive);
  CHECK(estimate({100, 100, 100, 100, 100, 100}, 0.01).conclusive);
}

TEST_CASE("A path that delivers nothing is not a conclusive zero") {
  const Estimate dead = estimate({0, 0, 0, 0, 0, 0}, 0.01);
  CHECK_FALSE(dead.conclusive);
  CHECK(dead.doubt == "nothing arrived in any batch");
}

TEST_CASE("Sampling stops at looks only, or when the budget is spent") {
  const StopRule rule(Budget{0.01, {10}, {1000}, {0.3}});
  const std::vector<double> alike(6, 100.0);
  CHECK(rule.stop(alike, {1}, {10}));
  CHECK_FALSE(rule.stop({100, 100, 100, 100, 100}, {1}, {10}));
  CHECK_FALSE(rule.stop(std::vector<double>(7, 100.0), {1}, {10}));
  CHECK_FALSE(rule.stop({100, 90, 110, 95, 105, 100}, {1}, {10}));
  CHECK(rule.stop({100, 90}, {8}, {10}));   // a third batch would take 12 s
  CHECK(rule.stop({100, 90}, {1}, {800}));  // and 1200 bytes
  CHECK_FALSE(rule.stop({}, {0}, {0}));
  CHECK(rule.stop(std::vector<double>(64, 100.0), {1}, {10}));
}

TEST_CASE("A wide interval says how wide and after how many batches") {
  const Estimate wide = estimate({100, 80, 120, 90, 110, 100}, 0.01);
  CHECK_FALSE(wide.conclusive);
  CHECK(wide.doubt.find("after 6 batches, asked was +-1.0 %") != std::string::npos);
}

TEST_CASE("Quantiles are nearest rank") {
  CHECK(quantile({3, 1, 2}, 0.5) == 2);
  CHECK(quantile({1, 2, 3, 4}, 0.5) == 2);
  CHECK(quantile({1, 2, 3, 4}, 1.0) == 4);
  std::vector<double> thousand;
  for (int value = 1; value <= 1000; ++value)
    thousand.push_back(value);
  CHECK(quantile(thousand, 0.999) == 999);
  CHECK(quantile(thousand, 0.05) == 50);
}

TEST_CASE("A stalling quarter shows in goodput and p5 though the median is fine") {
  std::vector<Batch> batches;
  for (int number = 0; number < 8; ++number) {
    batches.push_back({75, Bytes{1}, {100, 100, 0, 100}, {}});
  }
  const Measured measured = summarise_bandwidth(batches, 0.01);
  CHECK(measured.value == Catch::Approx(75));
  CHECK(measured.median == 100);
  CHECK(measured.p5 == 0);
}

TEST_CASE("A latency is told by p50, p99 and p99.9 of its samples") {
  std::vector<Batch> batches;
  for (int number = 0; number < 6; ++number) {
    std::vector<double> samples(999, 10e-6);
    samples.push_back(1e-3);
    batches.push_back({10e-6, Bytes{8000}, {}, samples});
  }
  const Measured measured = summarise_latency(batches, 0.01);
  CHECK(measured.unit == Unit::seconds);
  CHECK(measured.value == 10e-6);
  CHECK(measured.p99 == 10e-6);
  CHECK(measured.p999 == 10e-6);
  CHECK(measured.conclusive);
}
