#include "agent/supervisor/child_run.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <thread>

#include "core/files.hpp"
#include "tests/agent/support/programs.hpp"

using namespace plumbline;
using namespace plumbline::agent;
using namespace plumbline::agent::testing;
using Catch::Matchers::ContainsSubstring;

namespace {

/// A child of its own path, so that its processes can be told from other tests'.
struct Fixture {
  Scratch scratch;
  SystemClock clock;
  std::filesystem::path program = scratch / "fake-probe";
  std::vector<Event> events;
  ChildRun child{{program, "node-5", child_environment(), {0.8}}, clock};

  Fixture() { std::filesystem::create_symlink(PLUMBLINE_FAKE_PROBE, program); }

  static Request request(std::uint64_t seed, double limit = 20) {
    Request request;
    request.probe = "memory_copy";
    request.ends = {{"node-5", "numa0", ""}};
    request.seed = seed;
    request.limit = {limit};
    return request;
  }

  MeasureEnd run(
      const Request& asked, const StopWish& stop = [] { return std::nullopt; }) {
    auto end = child.run(
        asked,
        [this](const Event& event) {
          events.push_back(event);
          return true;
        },
        stop);
    CHECK(end.released);
    CHECK(alive(program).empty());
    return end;
  }

  std::size_t outcomes() const {
    return static_cast<std::size_t>(std::count_if(events.begin(), events.end(), [](const auto& e) {
      return std::holds_alternative<OutcomeEvent>(e);
    }));
  }
};

}  // namespace

TEST_CASE("A good child's outcomes are handed on and it blames nobody") {
  Fixture fixture;
  const auto end = fixture.run(Fixture::request(0));
  CHECK(end.fate == ChildFate::finished);
  CHECK_FALSE(end.failed);
  CHECK(fixture.outcomes() == 1);
  CHECK_FALSE(fixture.child.killed());
}

TEST_CASE("A stopped child is hung: killed, its state and node named") {
  Fixture fixture;
  const auto end = fixture.run(Fixture::request(1));
  CHECK(end.fate == ChildFate::hung);
  REQUIRE(end.failed);
  CHECK(end.failed->blamed == "node-5");
  CHECK(end.failed->error.code == ErrorCode::deadline_exceeded);
  CHECK_THAT(end.failed->error.message,
             ContainsSubstring("on node-5 is hung") && ContainsSubstring("T (stopped)"));
  CHECK(fixture.child.killed());
}

TEST_CASE("A silent child is hung") {
  Fixture fixture;
  CHECK(fixture.run(Fixture::request(12)).fate == ChildFate::hung);
}

TEST_CASE("A child that dies is told with its signal") {
  Fixture fixture;
  const auto end = fixture.run(Fixture::request(2));
  CHECK(end.fate == ChildFate::died);
  CHECK_THAT(end.failed->error.message, ContainsSubstring("signal 11"));
  CHECK(end.failed->blamed == "node-5");
}

TEST_CASE("A child that leaves early is told with its status and last words") {
  Fixture fixture;
  const auto end = fixture.run(Fixture::request(3));
  CHECK(end.fate == ChildFate::exited);
  CHECK_THAT(end.failed->error.message, ContainsSubstring("left with status 3"));
  CHECK_THAT(end.last_words, ContainsSubstring("the device is on fire"));
}

TEST_CASE("One end of a pair that leaves early blames nobody, for the other may be why") {
  Fixture fixture;
  auto request = Fixture::request(3);
  request.size = 2;
  request.ends.push_back({"node-6", "ens1", ""});
  CHECK(fixture.run(request).failed->blamed.empty());
}

TEST_CASE("Garbage and floods are ended") {
  for (const std::uint64_t seed : {4U, 5U, 10U}) {
    Fixture fixture;
    const auto end = fixture.run(Fixture::request(seed));
    INFO("seed " << seed);
    CHECK(end.fate == ChildFate::babbled);
    CHECK(end.failed->blamed == "node-5");
    CHECK(fixture.outcomes() <= 10000);
  }
}

TEST_CASE("A child that works beyond its limit is killed") {
  Fixture fixture;
  const auto end = fixture.run(Fixture::request(6, 0.2));
  CHECK(end.fate == ChildFate::overran);
  CHECK_THAT(end.failed->error.message, ContainsSubstring("limit of 200 ms"));
}

TEST_CASE("What a child leaves behind does not survive it") {
  Fixture fixture;
  const auto end = fixture.run(Fixture::request(7));
  CHECK(end.fate == ChildFate::finished);
}

TEST_CASE("A child that is done and does not leave is hung") {
  Fixture fixture;
  const auto end = fixture.run(Fixture::request(11));
  CHECK(end.fate == ChildFate::hung);
  CHECK(fixture.outcomes() == 1);
}

TEST_CASE("Of a child's stderr the end is kept, and a flood does not block it") {
  Fixture fixture;
  const auto end = fixture.run(Fixture::request(8));
  CHECK(end.fate == ChildFate::finished);
  CHECK(end.last_words.size() <= 2048);
  CHECK_THAT(end.last_words, ContainsSubstring("the last line"));
}

TEST_CASE("A wish to stop ends a working child and says why") {
  Fixture fixture;
  const auto end = fixture.run(Fixture::request(6), [&]() -> std::optional<Error> {
    if (fixture.events.empty()) return std::nullopt;
    return Error{ErrorCode::cancelled, "a tenant came"};
  });
  CHECK(end.fate == ChildFate::cancelled);
  CHECK(end.failed->error.message == "a tenant came");
  CHECK(end.failed->blamed.empty());
}

TEST_CASE("A missing program is a child that was not started") {
  SystemClock clock;
  ChildRun child({"/nowhere/plumbline-probe", "node-5", {}, {1}}, clock);
  const auto end = child.run(
      Fixture::request(0), [](const Event&) { return true; }, [] { return std::nullopt; });
  CHECK(end.fate == ChildFate::not_started);
  CHECK(end.failed->error.code == ErrorCode::not_found);
}

TEST_CASE("Gathered bytes reach the child from another thread") {
  Fixture fixture;
  std::thread other;
  bool given = false;  // told after the thread has ended: assertions are not for several
  const auto end = fixture.child.run(
      Fixture::request(9),
      [&](const Event& event) {
        fixture.events.push_back(event);
        if (const auto* const post = std::get_if<PostEvent>(&event)) {
          other = std::thread([&, gathered = GatheredEvent{post->sequence, {post->bytes}}] {
            given =
                fixture.child.give(gathered, Deadline::after(std::chrono::seconds(5))).has_value();
          });
        }
        return true;
      },
      [] { return std::nullopt; });
  other.join();
  INFO(end.last_words);
  CHECK(given);
  CHECK(end.fate == ChildFate::finished);
  CHECK(fixture.outcomes() == 1);
  CHECK_FALSE(fixture.child.give({1, {}}, Deadline::after(std::chrono::seconds(1))));
}

TEST_CASE("No run leaves a descriptor or a file behind") {
  const auto count = [] {
    return FileTree("/proc/self/fd").list(".").value_or(std::vector<std::string>{}).size();
  };
  {
    Fixture warm_up;
    warm_up.run(Fixture::request(0));
  }
  const auto before = count();
  for (const std::uint64_t seed : {0U, 2U, 3U, 4U}) {
    Fixture fixture;
    fixture.run(Fixture::request(seed));
  }
  CHECK(count() == before);
}
