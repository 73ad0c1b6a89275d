#pragma once

#include <cstdint>
#include <mutex>
#include <vector>

#include "collectives/nccl/profiler/abi.hpp"
#include "collectives/nccl/steps.hpp"

namespace plumbline::collectives {

class Tracker;

/// One event that is followed. Its memory stays when it is over, since NCCL may still name it as a
/// parent.
struct TrackedEvent {
  Tracker* owner = nullptr;
  bool live = false;
  int type = 0;
  StepWait wait = StepWait::none;
  bool sends = false;
  bool directed = false;  ///< `sends` is known
  std::uint64_t since = 0;
  std::uint64_t bytes = 0;  ///< of an operation of the proxy, so far
  int peer = -1;
};

/// What NCCL tells of an event that begins, of any version.
struct Opening {
  int type = 0;
  void* parent = nullptr;
  int algorithm = -1;  ///< index of kAlgorithms
  int protocol = -1;
  const abi::ProxyOperation* operation = nullptr;
  const abi::NetworkEvent* network = nullptr;
};

/// Follows the events of one communicator and counts them into the shared memory. Called by all of
/// NCCL's threads at once. Never fails: what it has no room for is counted as dropped.
class Tracker {
 public:
  /// Maps the memory; null when there is none, or of another version.
  static Tracker* open(const char* path);
  Tracker(const Tracker&) = delete;
  Tracker& operator=(const Tracker&) = delete;

  /// Null for an event that needs no following.
  TrackedEvent* begin(const Opening& opening);
  void end(TrackedEvent& event);
  void record(TrackedEvent& event, int state, std::uint64_t bytes);
  /// NCCL is done with the communicator. The tracker ends with its last open event, at once when
  /// none is open.
  void close();

 private:
  ~Tracker();
  explicit Tracker(StepBlock* block);
  TrackedEvent* take();
  const TrackedEvent* known(const void* handle) const;
  void count_network(const abi::NetworkEvent& network);
  void wait(TrackedEvent& event, StepWait wait);
  void move_bytes(TrackedEvent& event, bool sent, std::uint64_t bytes);

  StepBlock* block_;
  std::mutex mutex_;
  std::vector<TrackedEvent> events_;
  std::vector<TrackedEvent*> free_;
  bool closed_ = false;
};

/// NCCL's number of a name in one of the tables; -1 for another word or none.
int number_of_algorithm(const char* name);
int number_of_protocol(const char* name);

}  // namespace plumbline::collectives
