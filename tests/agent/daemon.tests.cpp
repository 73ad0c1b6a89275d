#include <grpcpp/grpcpp.h>
#include <signal.h>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include "agent.grpc.pb.h"
#include "agent/service/bounds.hpp"
#include "tests/agent/support/daemon.hpp"

using namespace plumbline;
using namespace plumbline::agent;
using namespace plumbline::agent::testing;
using Catch::Matchers::ContainsSubstring;
using std::chrono::seconds;

namespace {

/// One bare call, as a stranger would make it.
grpc::Status call(const Daemon& daemon, const std::string& text, const TlsFiles* own) {
  grpc::SslCredentialsOptions options;
  const auto tls = read_tls(own != nullptr ? *own : daemon.pki().issue("stranger", "coordinator"));
  REQUIRE(tls);
  options.pem_root_certs = tls->ca;
  if (own != nullptr) {
    options.pem_cert_chain = tls->certificate;
    options.pem_private_key = tls->key;
  }
  grpc::ChannelArguments arguments;
  arguments.SetSslTargetNameOverride("node-1");
  const auto stub = v1::Agent::NewStub(
      grpc::CreateCustomChannel(daemon.address(), grpc::SslCredentials(options), arguments));
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + seconds(20));
  v1::Json asked;
  v1::Json answer;
  asked.set_json(text);
  return stub->Reserve(&context, asked, &answer);
}

}  // namespace

TEST_CASE("A caller without a certificate is not served") {
  const Daemon daemon;
  const auto status = call(daemon, R"({"run_id":"r","time_to_live_s":30})", nullptr);
  CHECK_FALSE(status.ok());
  CHECK(status.error_code() == grpc::StatusCode::UNAVAILABLE);
}

TEST_CASE("A certificate of another authority is not served") {
  const Daemon daemon;
  const Scratch scratch;
  const Pki other(scratch / "pki");
  auto files = other.issue("coordinator-1", "coordinator");
  files.ca = daemon.pki().directory() / "ca.pem";
  CHECK_FALSE(call(daemon, R"({"run_id":"r","time_to_live_s":30})", &files).ok());
}

TEST_CASE("An agent's certificate may not command an agent, and its role is named") {
  const Daemon daemon;
  const auto connection = daemon.connect("node-2", "agent");
  const auto taken = connection->reserve("run-1", {30}, soon());
  REQUIRE_FALSE(taken);
  CHECK(taken.error().code == ErrorCode::permission_denied);
  CHECK_THAT(taken.error().message, ContainsSubstring("role \"agent\" of node-2"));
  const auto seen = connection->inventory(soon());
  REQUIRE_FALSE(seen);
  CHECK(seen.error().code == ErrorCode::permission_denied);
}

TEST_CASE("A message over its bound is refused and the agent goes on") {
  const Daemon daemon;
  const auto files = daemon.pki().issue("coordinator-1", "coordinator");
  const auto status = call(daemon, std::string(bounds::kMessageMost + 1, ' '), &files);
  CHECK(status.error_code() == grpc::StatusCode::RESOURCE_EXHAUSTED);
  CHECK(call(daemon, R"({"run_id":"r","time_to_live_s":30})", &files).ok());
  const auto garbage = call(daemon, "{", &files);
  CHECK(garbage.error_code() == grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_CASE("An agent that another node's certificate belongs to is not believed") {
  const Daemon daemon;
  const auto files = daemon.pki().issue("coordinator-1", "coordinator");
  const auto connection = AgentConnection::connect({"node-2", daemon.address()}, files);
  REQUIRE(connection);
  const auto seen = (*connection)->inventory(soon());
  REQUIRE_FALSE(seen);
  CHECK_THAT(seen.error().message, ContainsSubstring("agent on node-2"));
}

TEST_CASE("An agent that is not there is named with its address") {
  const Scratch scratch;
  const Pki pki(scratch / "pki");
  const auto connection = AgentConnection::connect({"node-5", "127.0.0.1:1"},
                                                   pki.issue("coordinator-1", "coordinator"));
  REQUIRE(connection);
  const auto seen = (*connection)->inventory(soon());
  REQUIRE_FALSE(seen);
  CHECK(seen.error().code == ErrorCode::unavailable);
  CHECK_THAT(seen.error().message,
             ContainsSubstring("agent on node-5 (127.0.0.1:1) does not answer"));
}

TEST_CASE("An inventory has both halves, each there or with its problem") {
  const Daemon daemon;
  const auto facts = daemon.connect()->inventory(soon());
  REQUIRE(facts);
  CHECK(facts->node == "node-1");
  INFO(facts->topology_problem << " " << facts->holdings_problem);
  REQUIRE(facts->topology);
  CHECK(facts->topology->node == "node-1");
  CHECK(facts->topology->problems == std::vector<std::string>{"/nowhere/cni"});
  REQUIRE(facts->holdings);
  CHECK(facts->holdings->holdings.empty());
}

TEST_CASE("Another run is told who holds the node, and the same run may take over") {
  const Daemon daemon;
  const auto first = daemon.reserved("run-1");
  const auto second = daemon.connect();
  const auto other = second->reserve("run-2", {30}, soon());
  REQUIRE_FALSE(other);
  CHECK(other.error().code == ErrorCode::conflict);
  CHECK_THAT(other.error().message, ContainsSubstring("held by coordinator-1 for run run-1"));
  CHECK(second->reserve("run-1", {30}, soon()));
  CHECK_FALSE(first->renew(soon()));
  CHECK(second->renew(soon()));
  CHECK(second->release(soon()));
  CHECK(first->reserve("run-3", {30}, soon()));
}

TEST_CASE("Nothing is measured without a lease, and only what is bounded") {
  const Daemon daemon;
  const auto without = daemon.connect()->measure(
      order_of("m", 0), [](const Event&) {}, soon());
  REQUIRE_FALSE(without);
  CHECK(without.error().code == ErrorCode::conflict);
  const auto connection = daemon.reserved();
  auto order = order_of("m", 0);
  order.request.probe = "sh";
  const auto refused = connection->measure(
      order, [](const Event&) {}, soon());
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ErrorCode::invalid_input);
  CHECK_THAT(refused.error().message, ContainsSubstring("no such probe"));
}

TEST_CASE("The plain pages tell health, readiness and what was counted") {
  const Daemon daemon;
  CHECK_THAT(daemon.get("/healthz"), ContainsSubstring("200 alive"));
  CHECK_THAT(daemon.get("/readyz"), ContainsSubstring("200 ready"));
  CHECK_THAT(daemon.get("/secret"), ContainsSubstring("404"));
  const auto connection = daemon.reserved();
  REQUIRE(connection->measure(
      order_of("m", 2), [](const Event&) {}, soon()));
  const auto page = daemon.get("/metrics");
  CHECK_THAT(page, ContainsSubstring("plumbline_agent_info{") &&
                       ContainsSubstring("plumbline_agent_leases_total 1") &&
                       ContainsSubstring(R"(plumbline_agent_measurements_total{fate="died")"));
}

TEST_CASE("An agent without a kubelet serves and says that it is not ready") {
  Daemon daemon;
  daemon.stop_kubelet();
  CHECK_THAT(daemon.get("/healthz"), ContainsSubstring("200"));
  CHECK_THAT(daemon.get("/readyz"), ContainsSubstring("503"));
  const auto facts = daemon.connect()->inventory(soon());
  REQUIRE(facts);
  CHECK(facts->topology);
  CHECK_FALSE(facts->holdings);
  CHECK_THAT(facts->holdings_problem, ContainsSubstring("kubelet.sock"));
}
