#include "collectives/skew.hpp"

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>
#include <set>

using namespace plumbline::collectives;
using Catch::Approx;

namespace {

/// Four ranks whose clocks are ahead of true time by `ahead`; one message takes 50 us, and `late`
/// comes to every run `lateness` after the others.
std::vector<RankReport> batch(const std::vector<double>& ahead, int late, double lateness,
                              int also = -1) {
  std::vector<RankReport> reports;
  for (std::size_t rank = 0; rank < ahead.size(); ++rank) {
    RankReport report;
    const auto clock = [&](double time) { return time + ahead[rank]; };
    report.posted = {clock(1.0), clock(1.001)};
    report.returned = {clock(1.00005), clock(1.00105)};
    report.base = clock(1.01);
    for (int run = 0; run < 12; ++run) {
      const bool comes_late = static_cast<int>(rank) == late || static_cast<int>(rank) == also;
      report.entered.push_back(0.01 * run + (comes_late ? lateness : 0) + 1e-6 * double(rank));
      report.left.push_back(0.01 * run + lateness + 0.008);
    }
    reports.push_back(report);
  }
  return reports;
}

}  // namespace

TEST_CASE("Clocks of any distance are bounded by the time of a message") {
  const auto bounds = bound_clocks(batch({0, 12.5, -3, 0.25}, 0, 0));
  CHECK(bounds[1].offset == Approx(12.5).margin(1e-9));
  CHECK(bounds[2].offset == Approx(-3).margin(1e-9));
  CHECK(bounds[1].error >= 50e-6);  // what the message's time leaves open
  CHECK(bounds[1].error < 80e-6);   // and 100 ppm of the time since
}

TEST_CASE("The rank that always comes last is named, though the clocks differ by seconds") {
  Skew skew;
  skew.add(batch({0, 12.5, -3, 0.25}, 2, 1e-3));
  CHECK(skew.late(0) == std::vector<int>{2});
  CHECK(skew.lateness() == Approx(1e-3).margin(1e-5));
}

TEST_CASE("A rank that is let go late comes late without any fault of its own") {
  auto reports = batch({0, 12.5, -3, 0.25}, 2, 1e-3);
  for (double& left : reports[2].left)
    left += 0.98e-3;  // all of its lateness but what the clocks leave open
  Skew skew;
  skew.add(reports);
  CHECK(skew.late(0).empty());
}

TEST_CASE("Lateness below the clocks' error, or below what matters, names nobody") {
  Skew skew;
  skew.add(batch({0, 12.5, -3, 0.25}, 2, 40e-6));
  CHECK(skew.late(0).empty());
  Skew larger;
  larger.add(batch({0, 0, 0, 0}, 2, 1e-3));
  CHECK(larger.late(2e-3).empty());
}

TEST_CASE("Two ranks that come late together are both named, the order is the clocks' affair") {
  Skew skew;
  skew.add(batch({0, 12.5, -3, 0.25, 1, 7}, 2, 1e-3, 4));
  const auto late = skew.late(0);
  CHECK(late.size() == 2);
  CHECK(std::set<int>(late.begin(), late.end()) == std::set<int>{2, 4});
}

TEST_CASE("The rank for which the others wait is the one that waits for nobody") {
  CHECK(least_patient({0.9, 0.8, 0.1, 1.0}) == 2);
  CHECK_FALSE(least_patient({0.9, 0.8, 0.5, 1.0}));          // too close
  CHECK_FALSE(least_patient({0.9, 0.1, 0.1, 1.0}));          // two alike
  CHECK_FALSE(least_patient({0.004, 0.005, 0.001, 0.006}));  // nobody waits
  CHECK_FALSE(least_patient({0.9, 0.1}));                    // of two, either may be it
  CHECK_FALSE(least_patient({}));
}

TEST_CASE("Last in turn is nobody's lateness") {
  Skew skew;
  skew.add(batch({0, 0, 0, 0}, 1, 1e-3));
  skew.add(batch({0, 0, 0, 0}, 2, 1e-3));
  CHECK(skew.late(0).empty());
}

TEST_CASE("Reports without meetings bound nothing and name nobody") {
  auto reports = batch({0, 1}, 1, 1e-3);
  for (auto& report : reports)
    report.posted = report.returned = {};
  Skew skew;
  skew.add(reports);
  CHECK(skew.late(0).empty());
}

TEST_CASE("A rank's report is read as it was written") {
  RankReport report{12.5, {1, 2}, {1.5, 2.5}, {0, 0.25}, {0.125, 0.5}, 3, "run 0, element 1"};
  const auto read = decode_rank_report(encode(report));
  REQUIRE(read);
  CHECK(read->base == 12.5);
  CHECK(read->returned == report.returned);
  CHECK(read->left == report.left);
  CHECK(read->wrong == 3);
  CHECK(read->what == report.what);
  CHECK(times_of(*read, false) == std::vector<double>{0.125, 0.375});
  CHECK(times_of(*read, true) == std::vector<double>{0.125, 0.25});
}

TEST_CASE("A thousand runs fit into one message") {
  RankReport report;
  report.entered.assign(1000, 123.123456789);
  report.left.assign(1000, 123.123456789);
  CHECK(encode(report).size() < 64U << 10U);
}

TEST_CASE("Reports that make no sense are refused") {
  for (const char* text : {"", "1 \n", "x \n\n\n\n\n0\n", "1 \n\n\n1 \n\n0\n", "1 \n1 \n\n\n\n0\n",
                           "nan \n\n\n\n\n0\n", "inf \n\n\n\n\n0\n", "1 \n\n\n\n\n-1\n",
                           "1 \n\n\n\n\nx\n", "1 2 \n\n\n\n\n0\n", "1\n\n\n\n\n0\n"})
    CHECK_FALSE(decode_rank_report(text));
}
