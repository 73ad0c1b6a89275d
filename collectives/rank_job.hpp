#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "collectives/communicator.hpp"
#include "collectives/measure.hpp"
#include "core/clock.hpp"
#include "core/files.hpp"
#include "core/protocol/request.hpp"

namespace plumbline::collectives {

/// What one measurement moved, for those who watched it.
struct Moved {
  const Operation& operation;
  int ranks = 0;           ///< of the largest group
  bool whole = true;       ///< all ranks are one group
  std::uint64_t runs = 0;  ///< warm-up included
  double bus_bytes = 0;    ///< of all runs: what a ring sends out of each rank, in bytes
};

/// Another look at how a measurement moved its data, beside the interface of a subnet.
class Witness {
 public:
  virtual ~Witness() = default;
  /// Looks some time before the measurement, just before it, and after it.
  virtual void idle() = 0;
  virtual void before() = 0;
  virtual void after() = 0;
  /// This rank's signs of what was between the last two looks. `library` is what its library says.
  virtual std::vector<Proof> proofs(const Moved& moved, const Proof& library) const = 0;
  /// How long this rank's data waited for other ranks, s; nothing where that is not known.
  virtual std::optional<double> patience() const = 0;
};

/// What one rank's part of a request needs of the world.
struct RankWorld {
  Clock& clock;
  FileTree tree;         ///< "/": where proc/net/dev is
  std::string hostname;  ///< of this rank; an end of that name is this rank's end
  Progress progress;     ///< told on every rank
  /// Given each finished outcome; called on rank 0 only.
  std::function<void(const Outcome&)> finished;
  Witness* witness = nullptr;  ///< borrowed; in place of a subnet's interface where none is named
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
