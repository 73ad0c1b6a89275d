#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>

#include "core/clock.hpp"
#include "core/quantity.hpp"
#include "core/units.hpp"

using namespace plumbline;
using namespace std::chrono_literals;

TEST_CASE("A manual clock moves by being waited on") {
  ManualClock clock;
  const Moment start = clock.now();
  clock.wait_until(start + 5s);
  clock.advance(1s);
  CHECK(clock.now() - start == 6s);
  CHECK(clock.wall_time() == "1970-01-01T00:00:06.000Z");
}

TEST_CASE("A deadline that has passed leaves nothing") {
  const Deadline past = Deadline::at(std::chrono::steady_clock::now() - 1s);
  CHECK(past.passed());
  CHECK(past.left() == 0ns);
  CHECK(past.left_ms() == 0);
  CHECK(past.earlier(Deadline::never()).passed());
  CHECK_FALSE(Deadline::never().passed());
  CHECK(Deadline::never().left_ms() > 0);
}

TEST_CASE("Rates are read in bits and in bytes") {
  CHECK(parse_rate("200Mb/s")->value == Catch::Approx(25e6));
  CHECK(parse_rate(" 10 Gb/s ")->value == Catch::Approx(1.25e9));
  CHECK(parse_rate("1.5GB/s")->value == Catch::Approx(1.5e9));
  for (const char* const bad : {"", "fast", "200", "200 Mbit", "-3Gb/s", "nanGb/s", "infGb/s"}) {
    INFO(bad);
    CHECK_FALSE(parse_rate(bad).has_value());
  }
}

TEST_CASE("Sizes are binary as in nccl-tests, decimal when asked") {
  CHECK(parse_size("64KiB")->count == 65536);
  CHECK(parse_size("8G")->count == 8ULL << 30U);
  CHECK(parse_size("1MB")->count == 1000000);
  CHECK(parse_size("17")->count == 17);
  CHECK_FALSE(parse_size("1 parsec").has_value());
  CHECK_FALSE(parse_size("99999999999 TiB").has_value());
}

TEST_CASE("Durations are read with their unit") {
  CHECK(*parse_duration("300ms") == 300ms);
  CHECK(*parse_duration("10m") == 10min);
  CHECK_FALSE(parse_duration("10").has_value());
  CHECK_FALSE(parse_duration("1e30h").has_value());
}

TEST_CASE("Numbers are written with three digits and their unit") {
  CHECK(format_rate({1.25e9}) == "1.25 GB/s");
  CHECK(format_rate({24.9e6}) == "24.9 MB/s");
  CHECK(format_rate({0}) == "0 B/s");
  CHECK(format_rate({999.9e6}) == "1 GB/s");
  CHECK(format_link_rate(bits_per_second(200e6)) == "200 Mb/s");
  CHECK(format_size({65536}) == "64 KiB");
  CHECK(format_size({17}) == "17 B");
  CHECK(format_time({4.5e-6}) == "4.5 us");
  CHECK(format_time({1.2e-3}) == "1.2 ms");
}

TEST_CASE("Whole Kubernetes quantities are numbers in every form that servers write") {
  CHECK(whole_quantity("8") == 8);
  CHECK(whole_quantity("0") == 0);
  CHECK(whole_quantity("-3") == -3);
  CHECK(whole_quantity("1k") == 1000);
  CHECK(whole_quantity("2Ki") == 2048);
  CHECK(whole_quantity("3M") == 3'000'000);
  CHECK(whole_quantity("1Gi") == 1'073'741'824);
  CHECK(whole_quantity("7E") == 7'000'000'000'000'000'000);
  CHECK(whole_quantity("3e2") == 300);
  CHECK(whole_quantity("3E2") == 300);
  CHECK(whole_quantity("3e+2") == 300);
  CHECK(whole_quantity("5000m") == 5);
  for (const char* const text :
       {"", "many", "1.5", "1500m", "8Ei", "1e19", "1e-1", "1e", "1 k", "99999999999999999999"})
    CHECK_FALSE(whole_quantity(text));
}
