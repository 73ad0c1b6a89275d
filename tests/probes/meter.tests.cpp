#include "probes/pair/meter.hpp"

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>

using namespace plumbline;
using namespace plumbline::probes;
using Catch::Approx;
using std::chrono::milliseconds;

namespace {

const Schedule kSchedule{milliseconds(100), milliseconds(200), milliseconds(500), milliseconds(50)};

Moment at(int ms) { return Moment{} + milliseconds(ms); }

/// 1000 bytes every millisecond but where `silent` says so.
template <typename Silent>
Meter fed(int from, int to, Silent silent) {
  Meter meter(kSchedule);
  for (int ms = from; ms < to && !meter.finished(at(ms)); ++ms) {
    if (!silent(ms)) meter.arrived(at(ms), 1000);
  }
  return meter;
}

}  // namespace

TEST_CASE("A steady path is measured at its rate, without its warm-up") {
  const Meter meter = fed(0, 1000, [](int) { return false; });
  const Batch batch = meter.batch(at(1000));
  CHECK(batch.value == Approx(1e6));
  CHECK(batch.payload.count == 200000);
  CHECK(meter.total() == 301000);
  REQUIRE(batch.windows.size() == 4);
  for (const double window : batch.windows)
    CHECK(window == Approx(1e6));
}

TEST_CASE("A path that hands over in lumps has its rate in every window") {
  Meter meter(kSchedule);
  for (int ms = 0; !meter.finished(at(ms)); ms += 9)
    meter.arrived(at(ms), 9000);
  for (const double window : meter.batch(at(400)).windows)
    CHECK(window == Approx(1e6));
}

TEST_CASE("A burst during the warm-up does not count") {
  Meter meter(kSchedule);
  for (int ms = 0; ms < 100; ++ms)
    meter.arrived(at(ms), 100000);
  for (int ms = 100; ms <= 300; ++ms)
    meter.arrived(at(ms), 1000);
  CHECK(meter.finished(at(300)));
  CHECK(meter.batch(at(300)).value == Approx(1e6));
}

TEST_CASE("Stalls inside a batch count as time") {
  const Meter meter = fed(0, 1000, [](int ms) { return ms >= 150 && ms < 200; });
  const Batch batch = meter.batch(at(1000));
  CHECK(batch.value == Approx(0.75e6).epsilon(0.01));
  CHECK(batch.windows[1] == Approx(1000 / 0.051));
}

TEST_CASE("A stall at the end is waited for and counts as a whole") {
  const Meter meter = fed(0, 2000, [](int ms) { return ms >= 280 && ms < 600; });
  const Batch batch = meter.batch(at(2000));
  // 179 ms of bytes and the one that ends it, over 500 ms.
  CHECK(batch.value == Approx(180e3 / 0.5).epsilon(0.01));
}

TEST_CASE("A path that falls silent ends after the stall limit, silence included") {
  const auto silent = [](int ms) { return ms >= 200; };
  Meter meter = fed(0, 700, silent);
  CHECK_FALSE(meter.finished(at(799)));
  CHECK(meter.finished(at(800)));
  CHECK(meter.batch(at(800)).value == Approx(99e3 / 0.7).epsilon(0.02));
}

TEST_CASE("A path that gives nothing after its warm-up has a goodput of zero") {
  const Meter meter = fed(0, 2000, [](int ms) { return ms >= 50; });
  CHECK(meter.finished(at(900)));
  CHECK(meter.heard());
  CHECK(meter.batch(at(900)).value == 0);
}

TEST_CASE("A path that never gave a byte was not heard") {
  Meter meter(kSchedule);
  CHECK_FALSE(meter.heard());
  CHECK_FALSE(meter.finished(at(100000)));
  CHECK(meter.batch(at(100000)).value == 0);
}

TEST_CASE("A broken connection is silent up to the end of its timed part") {
  Meter meter = fed(0, 200, [](int) { return false; });
  meter.broke(at(200));
  CHECK(meter.finished(at(200)));
  CHECK(meter.batch(at(200)).value == Approx(99e3 / 0.2).epsilon(0.02));
}

TEST_CASE("A path that stalls a quarter of the time keeps its median and loses its goodput") {
  const Meter meter = fed(3, 4000, [](int ms) { return ms % 200 >= 150; });
  const Batch batch = meter.batch(at(4000));
  CHECK(batch.value == Approx(0.75e6).epsilon(0.02));
}
