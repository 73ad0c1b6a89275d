#include "agent/service/lease_table.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <chrono>
#include <limits>

using namespace plumbline;
using namespace plumbline::agent;
using Catch::Matchers::ContainsSubstring;
using std::chrono::seconds;

namespace {

struct Fixture {
  ManualClock clock;
  int given = 0;
  LeaseTable table{clock, [this] { return "lease-" + std::to_string(++given); }};

  std::string take(const std::string& peer, const std::string& run_id) {
    const auto grant = table.reserve(peer, {run_id, {30}, ""});
    REQUIRE(grant);
    return grant->lease;
  }
};

}  // namespace

TEST_CASE("A lease belongs to one peer and one run, and others are told who and how long") {
  Fixture fixture;
  fixture.take("alice", "run-1");
  fixture.clock.advance(seconds(10));
  const auto other_run = fixture.table.reserve("alice", {"run-2", {30}, ""});
  REQUIRE_FALSE(other_run);
  CHECK(other_run.error().code == ErrorCode::conflict);
  CHECK(other_run.error().message == "the node is held by alice for run run-1, 20 s left");
  const auto other_peer = fixture.table.reserve("bob", {"run-1", {30}, ""});
  REQUIRE_FALSE(other_peer);
  CHECK(other_peer.error().code == ErrorCode::conflict);
}

TEST_CASE("A lease that is not renewed frees its node") {
  Fixture fixture;
  const auto lease = fixture.take("alice", "run-1");
  fixture.clock.advance(seconds(29));
  CHECK(fixture.table.check("alice", lease));
  fixture.clock.advance(seconds(1));
  CHECK_FALSE(fixture.table.check("alice", lease));
  CHECK_FALSE(fixture.table.holder());
  CHECK(fixture.table.reserve("bob", {"run-2", {30}, ""}));
}

TEST_CASE("The lease of a holder who was lost ends sooner, unless the holder lives and renews it") {
  Fixture fixture;
  const auto lease = fixture.take("alice", "run-1");
  fixture.table.doubt("another lease");
  CHECK(fixture.table.holder()->left.value == 30);
  fixture.table.doubt(lease);
  CHECK(fixture.table.holder()->left.value == kLeaseDoubted);
  REQUIRE(fixture.table.reserve("alice", {"run-1", {30}, lease}));
  CHECK(fixture.table.holder()->left.value == 30);
  fixture.table.doubt(lease);
  fixture.clock.advance(seconds(4));
  fixture.table.doubt(lease);  // again, later: that makes it no longer
  CHECK(fixture.table.holder()->left.value == kLeaseDoubted - 4);
  fixture.clock.advance(seconds(8));
  CHECK_FALSE(fixture.table.holder());
  fixture.table.doubt(lease);
  CHECK(fixture.table.reserve("bob", {"run-2", {30}, ""}));
}

TEST_CASE("Renewing keeps the lease's name and starts its time again") {
  Fixture fixture;
  const auto lease = fixture.take("alice", "run-1");
  fixture.clock.advance(seconds(20));
  const auto renewed = fixture.table.reserve("alice", {"run-1", {30}, lease});
  REQUIRE(renewed);
  CHECK(renewed->lease == lease);
  fixture.clock.advance(seconds(20));
  CHECK(fixture.table.check("alice", lease));
}

TEST_CASE("An expired lease is not renewed, it is reserved again") {
  Fixture fixture;
  const auto lease = fixture.take("alice", "run-1");
  fixture.clock.advance(seconds(31));
  const auto renewed = fixture.table.reserve("alice", {"run-1", {30}, lease});
  REQUIRE_FALSE(renewed);
  CHECK_THAT(renewed.error().message, ContainsSubstring("reserve again"));
}

TEST_CASE("A resumed run takes its own lease over and the old process has lost it") {
  Fixture fixture;
  const auto before = fixture.take("alice", "run-1");
  const auto after = fixture.take("alice", "run-1");
  CHECK(before != after);
  CHECK(fixture.table.check("alice", after));
  CHECK_FALSE(fixture.table.check("alice", before));
  const auto renewed = fixture.table.reserve("alice", {"run-1", {30}, before});
  REQUIRE_FALSE(renewed);
  CHECK_THAT(renewed.error().message, ContainsSubstring("taken over"));
}

TEST_CASE("A lease's name alone is worth nothing to another peer") {
  Fixture fixture;
  const auto lease = fixture.take("alice", "run-1");
  const auto checked = fixture.table.check("bob", lease);
  REQUIRE_FALSE(checked);
  CHECK(checked.error().code == ErrorCode::permission_denied);
  CHECK_FALSE(fixture.table.release("bob", lease));
  CHECK(fixture.table.release("alice", lease));
  CHECK_FALSE(fixture.table.check("alice", lease));
}

TEST_CASE("A reservation's run id and time are bounded") {
  Fixture fixture;
  const double not_a_number = std::numeric_limits<double>::quiet_NaN();
  for (const double bad : {0.0, 0.5, -1.0, 601.0, not_a_number}) {
    const auto refused = fixture.table.reserve("alice", {"run-1", {bad}, ""});
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == ErrorCode::invalid_input);
  }
  for (const auto& bad :
       {std::string(), std::string(129, 'x'), std::string("a b"), std::string("a\nb")}) {
    CHECK_FALSE(fixture.table.reserve("alice", {bad, {30}, ""}));
  }
}

TEST_CASE("Two nonces differ and are long") {
  CHECK(random_nonce().size() == 32);
  CHECK(random_nonce() != random_nonce());
}
