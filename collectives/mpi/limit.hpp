#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "core/clock.hpp"
#include "core/protocol/child_channel.hpp"
#include "core/protocol/request.hpp"

namespace plumbline::collectives {

/// The sizes of a request that have no outcome yet. Thread-safe.
class Unfinished {
 public:
  explicit Unfinished(std::vector<Bytes> sizes) : sizes_(std::move(sizes)) {}
  /// True for the first outcome of a size; that size is finished then.
  bool take(const Outcome& outcome);
  /// What is left; nothing is left afterwards.
  std::vector<Bytes> sizes() const;

 private:
  mutable std::mutex mutex_;
  mutable std::vector<Bytes> sizes_;
};

/// Ends this process when its time is over, from a thread of its own, since a rank that waits
/// inside MPI cannot be asked to stop. Before: rank 0 sends a failed outcome for every unfinished
/// size, and every rank says on stderr that it was alive and where it waited; who is silent there,
/// or says that it was stopped, is the hung one.
class RankLimit {
 public:
  RankLimit(const Request& request, int rank, std::string hostname, Deadline deadline,
            ChildChannel& channel, Unfinished& unfinished);
  ~RankLimit();
  RankLimit(const RankLimit&) = delete;
  RankLimit& operator=(const RankLimit&) = delete;
  /// What the rank does now, for that last word.
  void step(std::string what) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace plumbline::collectives
