#pragma once

#include <cstdio>
#include <memory>
#include <mutex>
#include <string>

#include "core/protocol/request.hpp"
#include "core/rendezvous.hpp"
#include "core/result.hpp"

namespace plumbline {

/// The child's side of the protocol: one request line in, event lines out. Sending is thread-safe;
/// reading belongs to one thread. Borrowed descriptors, not closed.
class ChildChannel {
 public:
  /// Speaks over `input` and `output` (a child's 0 and 1).
  ChildChannel(int input, int output);
  ~ChildChannel();

  /// The request, the first line.
  Result<Request> receive_request(Deadline deadline);
  /// Writes one event line at once.
  Status send(const Event& event);
  /// A rendezvous over post and gathered events. The channel must outlive it.
  std::unique_ptr<Rendezvous> rendezvous(int rank, int size);

 private:
  class Meeting;
  Result<std::string> read_line(Deadline deadline);
  int input_;
  int output_;
  std::string buffer_;
  std::mutex sending_;
};

/// Sends a ProgressEvent with the last step given every 200 ms from a thread of its own while it
/// lives, so that a busy probe is not taken for a hung one. The thread is this process's: a stopped
/// or dead process is silent.
class Heartbeat {
 public:
  explicit Heartbeat(ChildChannel& channel);
  ~Heartbeat();
  Heartbeat(const Heartbeat&) = delete;
  Heartbeat& operator=(const Heartbeat&) = delete;
  /// What is being done now, and the share of the work done.
  void step(std::string step, double share);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace plumbline
