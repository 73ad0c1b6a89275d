#pragma once

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "agent/client/agent_connection.hpp"
#include "agent/stage/stage_sources.hpp"
#include "agent/tls.hpp"
#include "core/log.hpp"
#include "netcheck/facts.hpp"

namespace plumbline::agent {

/// The agents of one stage: reached, reserved, kept reserved by a thread of its own, and released
/// by the destructor. Thread-safe.
class Fleet {
 public:
  /// Connects to every agent at once, takes their leases for `run_id` and asks for their inventory.
  /// An agent that does not answer, is held, or cannot be asked is in the facts with its reason. An
  /// error only when the TLS files cannot be used.
  static Result<std::unique_ptr<Fleet>> gather(const std::vector<StageAgent>& agents,
                                               const TlsFiles& tls, const std::string& run_id,
                                               Log& log);
  /// The same with what is in the TLS files.
  static Result<std::unique_ptr<Fleet>> gather(const std::vector<StageAgent>& agents,
                                               const TlsTexts& tls, const std::string& run_id,
                                               Log& log);
  Fleet(const Fleet&) = delete;
  Fleet& operator=(const Fleet&) = delete;
  ~Fleet();

  /// What each node told, in the order of the agents.
  std::vector<netcheck::NodeFacts> facts() const;
  /// The connection to a node's agent.
  AgentConnection* agent(const std::string& node) const;

  /// Why a node is measured no more: its agent was lost, or its probes hung twice. Nothing while
  /// it is fine.
  std::optional<std::string> given_up(const std::string& node) const;
  /// Keeps in mind that a measurement failed and whom it blames.
  void note(const Failed& failed);

 private:
  struct Member;
  Fleet(std::string run_id, Log& log);
  void greet(Member& member);
  void give_up(Member& member, const std::string& reason);
  void keep_reserved();
  void release_all();

  std::string run_id_;
  Log& log_;
  std::vector<std::unique_ptr<Member>> members_;
  mutable std::mutex mutex_;
  std::map<std::string, int> hangs_;
  std::map<std::string, std::string> given_up_;
  std::condition_variable ending_;
  bool end_ = false;
  std::thread renewing_;
};

}  // namespace plumbline::agent
