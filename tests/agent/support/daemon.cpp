#include "tests/agent/support/daemon.hpp"

#include <civetweb.h>

#include <array>
#include <catch2/catch_test_macros.hpp>
#include <charconv>

#include "core/files.hpp"

namespace plumbline::agent::testing {

using std::chrono::seconds;

Deadline soon() { return Deadline::after(seconds(30)); }

Daemon::Daemon() : pki_(std::make_unique<Pki>(scratch_ / "pki")) {
  give_lo_to("", "");
  const auto socket = scratch_ / "kubelet.sock";
  auto kubelet = ChildProcess::start(
      {.program = PLUMBLINE_KUBELET,
       .arguments = {"--socket", socket.string(), "--answer", (scratch_ / "pods.json").string()}});
  REQUIRE(kubelet);
  kubelet_.emplace(std::move(*kubelet));
  REQUIRE(eventually([&] { return std::filesystem::exists(socket); }));
  std::filesystem::create_symlink(PLUMBLINE_FAKE_PROBE, probe());
  const auto tls = pki_->issue("node-1", "agent");
  auto process = ChildProcess::start(
      {.program = PLUMBLINE_PROGRAM,
       .arguments = {"agent", "--node", "node-1", "--listen", "127.0.0.1:0", "--metrics",
                     "127.0.0.1:0", "--tls-ca", tls.ca.string(), "--tls-cert",
                     tls.certificate.string(), "--tls-key", tls.key.string(), "--kubelet-socket",
                     socket.string(), "--cni-results", "/nowhere/cni", "--probe", probe().string()},
       .environment = environment_of({"PATH", "TMPDIR", "ASAN_OPTIONS", "TSAN_OPTIONS"}),
       .error_log = scratch_ / "agent.log"});
  REQUIRE(process);
  process_.emplace(std::move(*process));
  const bool listens =
      eventually([&] { return log().find("listens on port") != std::string::npos; });
  INFO(log());
  REQUIRE(listens);
  port_ = port_in_log("listens on port ");
  http_port_ = port_in_log("metrics on port ");
}

std::string Daemon::log() const { return read_file(scratch_ / "agent.log").value_or(""); }

int Daemon::port_in_log(const std::string& before) const {
  const auto text = log();
  const auto found = text.find(before);
  REQUIRE(found != std::string::npos);
  int port = 0;
  std::from_chars(text.data() + found + before.size(), text.data() + text.size(), port);
  return port;
}

std::unique_ptr<AgentConnection> Daemon::connect(const std::string& name,
                                                 const std::string& role) const {
  auto connection = AgentConnection::connect({"node-1", address()}, pki_->issue(name, role));
  REQUIRE(connection);
  return std::move(*connection);
}

std::unique_ptr<AgentConnection> Daemon::reserved(const std::string& run_id) const {
  auto connection = connect();
  const auto taken = connection->reserve(run_id, {60}, soon());
  INFO((taken ? "" : taken.error().message));
  REQUIRE(taken);
  return connection;
}

void Daemon::give_lo_to(const std::string& pod_namespace, const std::string& pod) const {
  std::string pods;
  if (!pod.empty()) {
    pods = R"({"name":")" + pod + R"(","namespace":")" + pod_namespace +
           R"(","containers":[{"name":"main","dynamic_resources":[{"claim_name":"nic",)" +
           R"("claim_namespace":")" + pod_namespace +
           R"(","claim_resources":[{"driver_name":"dra.net","pool_name":"node-1",)" +
           R"("device_name":"lo","cdi_devices":[]}]}]}]})";
  }
  REQUIRE(write_file(scratch_ / "pods.json",
                     R"({"pod_resources":[)" + pods +
                         R"(],"allocatable":{"devices":[],"cpu_ids":[],"memory":[]}})"));
}

std::string Daemon::get(const std::string& path) const {
  std::array<char, 256> problem{};
  mg_connection* const connection =
      mg_download("127.0.0.1", http_port_, 0, problem.data(), problem.size(),
                  "GET %s HTTP/1.0\r\nHost: localhost\r\n\r\n", path.c_str());
  INFO(problem.data());
  REQUIRE(connection != nullptr);
  std::string text = std::to_string(mg_get_response_info(connection)->status_code) + " ";
  std::array<char, 4096> chunk{};
  for (int got = 1; got > 0;) {
    got = mg_read(connection, chunk.data(), chunk.size());
    if (got > 0) text.append(chunk.data(), static_cast<std::size_t>(got));
  }
  mg_close_connection(connection);
  return text;
}

MeasureOrder order_of(const std::string& name, std::uint64_t seed, const std::string& probe) {
  MeasureOrder order;
  order.measurement = name;
  order.own_namespace = "plumbline";
  order.request.probe = probe;
  order.request.ends = {{"node-1", "lo", ""}};
  order.request.seed = seed;
  order.request.limit = {20};
  if (probe == "pair") {
    order.request.size = 2;
    order.request.ends.push_back({"node-2", "lo", ""});
    order.request.sizes = {{65536}};
    order.request.measure = {"one_way"};
  }
  return order;
}

}  // namespace plumbline::agent::testing
