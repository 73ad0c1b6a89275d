#include "collectives/pulse.hpp"

#include <array>
#include <catch2/catch_test_macros.hpp>

using namespace plumbline;
using namespace plumbline::collectives;

TEST_CASE("A fault is read word by word") {
  const auto slow = parse_fault("slow:3:17:2ms");
  REQUIRE(slow);
  CHECK(slow->kind == Fault::Kind::slow);
  CHECK(slow->rank == 3);
  CHECK(slow->operation == 17);
  CHECK(slow->time.value == 0.002);
  CHECK(parse_fault("kill:0:1")->kind == Fault::Kind::kill);
}

TEST_CASE("What is no fault is refused") {
  for (const char* text : {"", "kill", "kill:1", "kill:1:0", "kill:-1:2", "kill:1:2:3s", "slow:1:2",
                           "slow:1:2:3", "burn:1:2", "kill:x:1", "stop:1:2x", "delay:1:2:"})
    CHECK_FALSE(parse_fault(text));
}

TEST_CASE("A fault waits for its rank and its operation") {
  ManualClock clock;
  const Fault delay{Fault::Kind::delay, 1, 2, {5}};
  CHECK_FALSE(commit(delay, 0, clock).before);
  Pulse pulse(commit(delay, 1, clock));
  CHECK(pulse.enter());
  CHECK(clock.now() == Moment{});
  CHECK(pulse.enter());
  CHECK(clock.now() == Moment{} + std::chrono::seconds(5));
  CHECK(pulse.entered() == 2);
  pulse.begin();
  CHECK(pulse.began() == 3);
  CHECK(pulse.ended() == 0);
}

TEST_CASE("A slow rank is slow from its operation on; a corrupt one changes one bit each time") {
  ManualClock clock;
  Pulse slow(commit({Fault::Kind::slow, 0, 2, {1}}, 0, clock));
  for (int operation = 0; operation < 4; ++operation)
    CHECK(slow.enter());
  CHECK(clock.now() == Moment{} + std::chrono::seconds(3));
  Pulse corrupt(commit({Fault::Kind::corrupt, 0, 1, {0}}, 0, clock));
  std::array<std::byte, 3> result{};
  CHECK(corrupt.enter());
  corrupt.leave(result);
  CHECK(result == std::array<std::byte, 3>{std::byte{0}, std::byte{1}, std::byte{0}});
  CHECK(corrupt.ended() == 1);
}
