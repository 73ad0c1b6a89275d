#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "collectives/host_buffers.hpp"
#include "collectives/operation.hpp"
#include "core/clock.hpp"
#include "core/model/measurement.hpp"
#include "core/result.hpp"

namespace plumbline::collectives {

/// When one run began and ended on one rank, on that rank's clock.
struct Span {
  Moment entered{};
  Moment left{};
};

/// nccl-tests' -z: whether the ranks wait for each other between two runs.
enum class Blocking {
  none,           ///< 0: back to back (2 waits, without a barrier: what a host's call does anyway)
  with_barrier,   ///< 1: a barrier after each run, inside its time
  before_barrier  ///< 3: a barrier after each run, outside of its time
};

/// One rank's end of a group of ranks that work together. Every rank calls the same functions in
/// the same order with the same arguments, from one thread. Owns the memory that the operation
/// works on (a device's, where the library wants that).
class Communicator {
 public:
  virtual ~Communicator() = default;
  /// This end's number, 0..size-1, among all that were started together.
  virtual int rank() const = 0;
  /// How many ends there are.
  virtual int size() const = 0;
  /// Why this library has no such operation; nothing where it has. The same on every rank.
  virtual std::optional<std::string> cannot(const Operation& /*operation*/) const {
    return std::nullopt;
  }
  /// Cuts all ranks into groups that each work on their own at the same time: `colours[r]` is rank
  /// r's, and ranks of one colour are numbered in order. Called by all before the first prepare();
  /// rank(), size() and share() stay those of all.
  virtual Status split(const std::vector<int>& colours) = 0;
  /// Makes ready for `repeats` runs of one batch: this rank's input from `seed`, a poisoned
  /// destination for each run, and a channel of its own where the library has such a thing.
  virtual Status prepare(const Operation& operation, std::uint64_t seed, int repeats) = 0;
  /// After a barrier, runs what was prepared, all repeats one after the other, and returns when
  /// each began and ended here. Fails at the deadline where the library can be interrupted; else
  /// the program's own limit ends it.
  virtual Result<std::vector<Span>> run(const Operation& operation, int repeats, Blocking blocking,
                                        Deadline deadline) = 0;
  /// Compares the destination of every run with the exact result. Nothing: all are right.
  virtual Result<std::optional<Wrong>> verify(const Operation& operation) = 0;
  /// Everybody's `bytes` (at most 64 KiB) in rank order, never during a timed part; a barrier too.
  virtual Result<std::vector<std::string>> share(std::string bytes, Deadline deadline) = 0;
  /// What the library says of itself and of the path it uses.
  virtual Proof library() const = 0;
};

/// One rank's place in its group.
struct GroupPlace {
  int rank = 0;
  int size = 1;
  int colour = 0;
};

/// The place of `rank` among the ranks of its colour; without colours all are one group. Pure.
GroupPlace place_in(const std::vector<int>& colours, int rank, int ranks);

}  // namespace plumbline::collectives
