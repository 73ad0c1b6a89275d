#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/client/agent_connection.hpp"
#include "core/child.hpp"
#include "tests/agent/support/pki.hpp"
#include "tests/agent/support/programs.hpp"

namespace plumbline::agent::testing {

/// A real `plumbline agent` of node-1 over a fake probe and a stand-in kubelet, in a directory of
/// its own.
class Daemon {
 public:
  Daemon();

  int port() const { return port_; }
  int http_port() const { return http_port_; }
  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
  std::string log() const;
  const Pki& pki() const { return *pki_; }
  /// The probe's path, which no other test's children have.
  std::filesystem::path probe() const { return scratch_ / "fake-probe"; }
  ChildProcess& process() { return *process_; }

  /// A connection with a certificate of that name and role.
  std::unique_ptr<AgentConnection> connect(const std::string& name = "coordinator-1",
                                           const std::string& role = "coordinator") const;
  /// The same, with the lease taken.
  std::unique_ptr<AgentConnection> reserved(const std::string& run_id = "run-1") const;
  /// What the kubelet answers from now on: who holds `lo`; empty = nobody.
  void give_lo_to(const std::string& pod_namespace, const std::string& pod) const;
  /// Ends the kubelet.
  void stop_kubelet() { kubelet_.reset(); }
  /// "200 body" of one page.
  std::string get(const std::string& path) const;

 private:
  int port_in_log(const std::string& before) const;
  Scratch scratch_;
  std::unique_ptr<Pki> pki_;
  std::optional<ChildProcess> kubelet_;
  std::optional<ChildProcess> process_;
  int port_ = 0;
  int http_port_ = 0;
};

/// A measurement on this daemon; the seed says how the fake probe behaves.
MeasureOrder order_of(const std::string& name, std::uint64_t seed,
                      const std::string& probe = "memory_copy");

/// Far enough for everything here.
Deadline soon();

}  // namespace plumbline::agent::testing
