#pragma once

#include <atomic>
#include <filesystem>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "agent/client/agent_connection.hpp"
#include "agent/stage/scratch.hpp"
#include "core/log.hpp"

namespace plumbline::agent {

/// Brings mpirun's daemons into pods: plumbline-mpi-daemon, which mpirun calls instead of ssh, asks
/// here over a socket, and the agent in the pod runs the daemon as one of its measurements. What
/// mpirun wants is read down to a few checked values; no command of its travels. The daemons end
/// with mpirun, at `limit`, and with this object.
class PodLauncher {
 public:
  /// One rank's pod.
  struct Pod {
    AgentConnection* agent = nullptr;  ///< borrowed
    Endpoint end;                      ///< node: the agent's own name, "rank-3"
    std::string address;               ///< the pod's, IPv4
  };
  /// What all daemons of one launch have in common.
  struct Order {
    std::vector<Pod> pods;  ///< by rank: pod_host(rank)
    std::string name;       ///< a measurement's name that no other of the run has
    Seconds limit{30};
  };

  /// Listens from now on. Errors: no socket could be made; a pod's address that is not IPv4.
  static Result<std::unique_ptr<PodLauncher>> open(Order order, Log& log);
  ~PodLauncher();
  PodLauncher(const PodLauncher&) = delete;
  PodLauncher& operator=(const PodLauncher&) = delete;

  /// Where it listens.
  const std::filesystem::path& socket() const { return socket_; }
  /// Why a daemon did not come up or ended badly: the first reason; empty while there is none.
  std::string problem() const;

 private:
  PodLauncher(Order order, Log& log);
  Status listen();
  void accept_all();
  void serve(int caller);
  std::string launch(const std::vector<std::string>& words, int caller);

  Order order_;
  Log& log_;
  std::optional<Scratch> folder_;
  std::filesystem::path socket_;
  int listening_ = -1;
  std::atomic<bool> end_ = false;
  mutable std::mutex mutex_;
  std::string problem_;
  std::list<std::thread> serving_;  ///< accept_all()'s own
  std::thread accepting_;
};

}  // namespace plumbline::agent
