#pragma once

#include <functional>
#include <string>

#include "collectives/communicator.hpp"
#include "collectives/measure.hpp"
#include "core/clock.hpp"
#include "core/files.hpp"
#include "core/protocol/request.hpp"

namespace plumbline::collectives {

/// What one rank's part of a request needs of the world.
struct RankWorld {
  Clock& clock;
  FileTree tree;         ///< "/": where proc/net/dev is
  std::string hostname;  ///< of this rank; an end of that name is this rank's end
  Progress progress;     ///< told on every rank
  /// Given each finished outcome; called on rank 0 only.
  std::function<void(const Outcome&)> finished;
};

/// Measures everything `request` asks for together with the other ranks and hands whole outcomes,
/// with every rank's proof, to rank 0's `finished`: options "group" and "rail" name them, option
/// "subnet" says whose counters are the proof (by option "transport" of "shared_memory": that none
/// moved), sizes up to option "latency_upto" are told as a latency (see plan() for the others).
/// What fails for one size is that size's Failed outcome; an error is returned where the ranks
/// cannot go on together. All ranks call it with the same request.
Status run_request(Communicator& communicator, const Request& request, RankWorld& world,
                   Deadline deadline);

/// `identity` as an outcome that failed after `took`.
Outcome failed_outcome(Outcome identity, Failed failed, Seconds took, const Clock& clock);

}  // namespace plumbline::collectives
