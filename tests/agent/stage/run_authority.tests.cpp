#include <catch2/catch_test_macros.hpp>

#include "agent/service/peer.hpp"
#include "agent/stage/run_authority.hpp"

using namespace plumbline;
using namespace plumbline::agent;

TEST_CASE("A run's authority makes one end that commands and one that serves") {
  const auto made = make_identities("abc23", {"rank-0", "rank-1"});
  REQUIRE(made);
  CHECK(made->coordinator.ca == made->agents.ca);
  CHECK(made->coordinator.key != made->agents.key);
  const auto coordinator = read_peer(made->coordinator.certificate);
  REQUIRE(coordinator);
  CHECK(coordinator->role == Role::coordinator);
  CHECK(may_command(*coordinator));
  const auto agents = read_peer(made->agents.certificate);
  REQUIRE(agents);
  CHECK(agents->role == Role::agent);
  CHECK_FALSE(may_command(*agents));
}

TEST_CASE("Every run has an authority of its own") {
  const auto one = make_identities("abc23", {"rank-0"});
  const auto other = make_identities("abc23", {"rank-0"});
  REQUIRE(one);
  REQUIRE(other);
  CHECK(one->agents.ca != other->agents.ca);
}
