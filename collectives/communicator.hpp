#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "collectives/operation.hpp"
#include "core/clock.hpp"
#include "core/model/measurement.hpp"
#include "core/result.hpp"

namespace plumbline::collectives {

/// One rank's end of a group of ranks that work together. Every rank calls the same functions in
/// the same order with the same arguments, from one thread. Owns the memory that the operation
/// works on (a device's, where the library wants that).
class Communicator {
 public:
  virtual ~Communicator() = default;
  /// This end's number, 0..size-1.
  virtual int rank() const = 0;
  /// How many ends there are.
  virtual int size() const = 0;
  /// Makes ready for `repeats` runs of one batch: this rank's input from `seed`, a poisoned
  /// destination for each run, and a channel of its own where the library has such a thing.
  virtual Status prepare(const Operation& operation, std::uint64_t seed, int repeats) = 0;
  /// After a barrier, runs what was prepared, all repeats back to back, and returns how long each
  /// took here. Time is the caller's: the slowest rank's counts. Fails at the deadline where the
  /// library can be interrupted; else the program's own limit ends it.
  virtual Result<std::vector<Seconds>> run(const Operation& operation, int repeats,
                                           Deadline deadline) = 0;
  /// Compares the destination of every run with the exact result. Nothing: all are right; else what
  /// is wrong first ("run 1, element 17 is 3, expected 21, 4 elements are wrong").
  virtual Result<std::optional<std::string>> verify(const Operation& operation) = 0;
  /// Everybody's `bytes` (at most 64 KiB) in rank order, never during a timed part; a barrier too.
  virtual Result<std::vector<std::string>> share(std::string bytes, Deadline deadline) = 0;
  /// What the library says of itself and of the path it uses.
  virtual Proof library() const = 0;
};

}  // namespace plumbline::collectives
