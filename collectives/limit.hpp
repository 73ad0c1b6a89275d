#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "collectives/pulse.hpp"
#include "core/clock.hpp"
#include "core/protocol/child_channel.hpp"
#include "core/protocol/request.hpp"

namespace plumbline::collectives {

/// What a request asks for and has no outcome yet. Thread-safe.
class Unfinished {
 public:
  explicit Unfinished(std::vector<Outcome> identities) : identities_(std::move(identities)) {}
  /// True for the first outcome of an identity, which is finished then.
  bool take(const Outcome& outcome);
  /// The identities that are left; nothing is left afterwards.
  std::vector<Outcome> take_rest() const;

 private:
  mutable std::mutex mutex_;
  mutable std::vector<Outcome> identities_;
};

/// Who a rank is, for its last words.
struct RankSelf {
  std::string program;  ///< "plumbline-rank-mpi"
  int rank = 0;
  std::string hostname;
  /// What else its last words tell of how it stands; empty: nothing. Called by another thread.
  std::function<std::string()> standing = {};
};

/// Ends this process when its time is over, from a thread of its own, since a rank that waits
/// inside its library cannot be asked to stop. Before: rank 0 sends a failed outcome for everything
/// unfinished, and every rank says on stderr that it was alive, where it waited and how many
/// operations it had begun and ended. Who is silent there, says that it was stopped, or is behind
/// the others, is the hung one.
class RankLimit {
 public:
  RankLimit(RankSelf self, const Request& request, Deadline deadline, ChildChannel& channel,
            Unfinished& unfinished, const Pulse& pulse);
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
