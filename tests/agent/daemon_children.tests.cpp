#include <signal.h>

#include <atomic>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <thread>

#include "tests/agent/support/daemon.hpp"

using namespace plumbline;
using namespace plumbline::agent;
using namespace plumbline::agent::testing;
using Catch::Matchers::ContainsSubstring;
using std::chrono::seconds;

namespace {

/// A measurement in a thread of its own, seen to be under way.
class Running {
 public:
  Running(AgentConnection& connection, MeasureOrder order) {
    thread_ = std::thread([this, &connection, order = std::move(order)] {
      end_ = connection.measure(
          order, [this](const Event&) { ++events_; }, soon());
    });
    REQUIRE(eventually([this] { return events_ > 0; }));
  }
  ~Running() {
    if (thread_.joinable()) thread_.join();
  }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;
  Result<MeasureEnd> end() {
    thread_.join();
    return end_;
  }

 private:
  std::atomic<int> events_ = 0;
  Result<MeasureEnd> end_ = MeasureEnd{};
  std::thread thread_;
};

std::string words(const Result<MeasureEnd>& end) {
  if (!end) return "error " + end.error().message;
  return std::string(to_string(end->fate)) + " " +
         (end->failed ? end->failed->error.message : std::string());
}

}  // namespace

TEST_CASE("A hung probe becomes one failed outcome that blames its node, and the agent goes on") {
  const Daemon daemon;
  const auto connection = daemon.reserved();
  const auto hung = connection->measure(
      order_of("m1", 1), [](const Event&) {}, soon());
  INFO(words(hung));
  REQUIRE(hung);
  CHECK(hung->fate == ChildFate::hung);
  CHECK(hung->failed->blamed == "node-1");
  CHECK_THAT(hung->failed->error.message, ContainsSubstring("T (stopped)"));
  CHECK(alive(daemon.probe()).empty());
  const auto good = connection->measure(
      order_of("m2", 0), [](const Event&) {}, soon());
  REQUIRE(good);
  CHECK(good->fate == ChildFate::finished);
}

TEST_CASE("Two ends meet over the coordinator's exchange") {
  const Daemon daemon;
  const auto connection = daemon.reserved();
  std::string heard;
  const auto end = connection->measure(
      order_of("m", 9),
      [&](const Event& event) {
        if (const auto* const post = std::get_if<PostEvent>(&event)) {
          CHECK(connection->exchange("m", {post->sequence, {post->bytes}}, soon()));
        }
        if (const auto* const told = std::get_if<OutcomeEvent>(&event)) {
          heard = told->outcome.parameters.at("heard");
        }
      },
      soon());
  INFO(words(end));
  REQUIRE(end);
  CHECK(end->fate == ChildFate::finished);
  CHECK(heard == "from rank 0;");
}

TEST_CASE("A device is measured by one measurement at a time") {
  const Daemon daemon;
  const auto connection = daemon.reserved();
  Running first(*connection, order_of("m1", 6));
  const auto second = connection->measure(
      order_of("m2", 0), [](const Event&) {}, soon());
  REQUIRE_FALSE(second);
  CHECK(second.error().code == ErrorCode::conflict);
  CHECK_THAT(second.error().message, ContainsSubstring("device lo is being measured by m1"));
  connection->cancel("m1");
  const auto end = first.end();
  CHECK((!end || end->fate == ChildFate::cancelled));
  CHECK(eventually([&] { return alive(daemon.probe()).empty(); }));
  CHECK(connection->measure(
      order_of("m3", 0), [](const Event&) {}, soon()));
}

TEST_CASE("What is cancelled before it begins does not begin") {
  const Daemon daemon;
  const auto connection = daemon.reserved();
  connection->cancel("m");
  const auto end = connection->measure(
      order_of("m", 0), [](const Event&) {}, soon());
  REQUIRE_FALSE(end);
  CHECK(end.error().code == ErrorCode::cancelled);
}

TEST_CASE("A lease that expires kills its children and frees the node") {
  const Daemon daemon;
  const auto connection = daemon.connect();
  REQUIRE(connection->reserve("run-1", {2}, soon()));
  Running running(*connection, order_of("m", 6));
  const auto end = running.end();
  INFO(words(end));
  REQUIRE(end);
  CHECK(end->fate == ChildFate::cancelled);
  CHECK_THAT(end->failed->error.message, ContainsSubstring("lease has expired"));
  CHECK(alive(daemon.probe()).empty());
  CHECK(daemon.connect("coordinator-2")->reserve("run-2", {30}, soon()));
}

TEST_CASE("A run that takes its lease over stops what its old process had begun") {
  const Daemon daemon;
  const auto before = daemon.reserved("run-1");
  Running running(*before, order_of("m", 6));
  const auto after = daemon.reserved("run-1");
  const auto end = running.end();
  REQUIRE(end);
  CHECK(end->fate == ChildFate::cancelled);
  CHECK(after->measure(
      order_of("m", 0), [](const Event&) {}, soon()));
}

TEST_CASE("A caller that is gone takes its children along") {
  const Daemon daemon;
  const auto connection = daemon.reserved();
  const auto end = connection->measure(
      order_of("m", 6), [](const Event&) {}, Deadline::after(seconds(2)));
  REQUIRE_FALSE(end);
  CHECK(end.error().code == ErrorCode::deadline_exceeded);
  CHECK(eventually([&] { return alive(daemon.probe()).empty(); }));
}

TEST_CASE("A tenant that comes to the device ends its measurement and is named") {
  const Daemon daemon;
  const auto connection = daemon.reserved();
  daemon.give_lo_to("plumbline", "stage-1");  // the stage's own pod
  Running running(*connection, order_of("m", 6, "pair"));
  daemon.give_lo_to("tenant", "trainer-0");
  const auto end = running.end();
  INFO(words(end));
  REQUIRE(end);
  CHECK(end->fate == ChildFate::cancelled);
  CHECK_THAT(end->failed->error.message,
             ContainsSubstring("lo on node-1 is held by pod tenant/trainer-0"));
  const auto again = connection->measure(
      order_of("m2", 0, "pair"), [](const Event&) {}, soon());
  REQUIRE(again);
  CHECK(again->fate == ChildFate::not_started);
  CHECK(again->failed->error.code == ErrorCode::conflict);
}

TEST_CASE("A device whose holder cannot be told is not measured") {
  Daemon daemon;
  const auto connection = daemon.reserved();
  daemon.stop_kubelet();
  const auto end = connection->measure(
      order_of("m", 0, "pair"), [](const Event&) {}, soon());
  REQUIRE(end);
  CHECK(end->fate == ChildFate::not_started);
  CHECK_THAT(end->failed->error.message, ContainsSubstring("cannot be told"));
}

TEST_CASE("SIGTERM leaves no child and status 0") {
  Daemon daemon;
  const auto connection = daemon.reserved();
  Running running(*connection, order_of("m", 6));
  ::kill(daemon.process().id(), SIGTERM);
  const auto end = running.end();
  INFO(words(end));
  CHECK((!end || end->fate == ChildFate::cancelled));
  const auto exit = daemon.process().wait(soon());
  REQUIRE(exit);
  INFO(daemon.log());
  CHECK(exit->status == 0);
  CHECK(alive(daemon.probe()).empty());
}

TEST_CASE("An agent that is killed takes its children along") {
  Daemon daemon;
  const auto connection = daemon.reserved();
  Running running(*connection, order_of("m", 6));
  ::kill(daemon.process().id(), SIGKILL);
  const auto end = running.end();
  REQUIRE_FALSE(end);
  CHECK(end.error().code == ErrorCode::unavailable);
  CHECK_THAT(end.error().message, ContainsSubstring("agent on node-1"));
  CHECK(eventually([&] { return alive(daemon.probe()).empty(); }));
}
