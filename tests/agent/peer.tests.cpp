#include "agent/service/peer.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include "core/files.hpp"
#include "tests/agent/support/pki.hpp"
#include "tests/agent/support/programs.hpp"

using namespace plumbline;
using namespace plumbline::agent;
using namespace plumbline::agent::testing;
using Catch::Matchers::ContainsSubstring;

namespace {

Result<Peer> peer_with(const Pki& pki, const std::string& file, const std::string& subject) {
  const auto pem = read_file(pki.issue_subject(file, subject).certificate);
  REQUIRE(pem);
  return read_peer(*pem);
}

std::string refusal(const Result<Peer>& peer) { return peer ? "accepted" : peer.error().message; }

}  // namespace

TEST_CASE("Role and name stand in a certificate's subject") {
  const Scratch scratch;
  const Pki pki(scratch / "pki");
  const auto coordinator = peer_with(pki, "c", "/O=plumbline/OU=coordinator/CN=stage-1");
  REQUIRE(coordinator);
  CHECK(coordinator->role == Role::coordinator);
  CHECK(coordinator->name == "stage-1");
  CHECK(may_command(*coordinator));
  const auto agent = peer_with(pki, "a", "/O=plumbline/OU=agent/CN=node-1");
  REQUIRE(agent);
  const auto may = may_command(*agent);
  REQUIRE_FALSE(may);
  CHECK(may.error().code == ErrorCode::permission_denied);
  CHECK_THAT(may.error().message, ContainsSubstring("role \"agent\" of node-1"));
}

TEST_CASE("A subject that does not say one role clearly is refused") {
  const Scratch scratch;
  const Pki pki(scratch / "pki");
  CHECK_THAT(refusal(peer_with(pki, "1", "/O=plumbline/OU=agent/OU=coordinator/CN=x")),
             ContainsSubstring("more than one role"));
  CHECK_THAT(refusal(peer_with(pki, "2", "/O=plumbline/OU=root/CN=x")),
             ContainsSubstring("unknown role \"root\""));
  CHECK_THAT(refusal(peer_with(pki, "3", "/O=plumbline/CN=x")), ContainsSubstring("no role"));
  CHECK_THAT(refusal(peer_with(pki, "4", "/O=other/OU=coordinator/CN=x")),
             ContainsSubstring("organization \"other\""));
  CHECK_THAT(refusal(peer_with(pki, "5", "/O=plumbline/OU=coordinator")),
             ContainsSubstring("no name"));
}

TEST_CASE("What is no certificate has no role") {
  for (const auto* const bad : {"", "x", "-----BEGIN CERTIFICATE-----\nAAAA\n"}) {
    CHECK_FALSE(read_peer(bad));
  }
}
