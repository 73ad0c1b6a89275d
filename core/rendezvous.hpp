#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/clock.hpp"
#include "core/result.hpp"

namespace plumbline {

/// Where the ends of one measurement meet: small messages over an authenticated channel, never the
/// measured path itself. One object a rank; calls of one rank come from one thread.
class Rendezvous {
 public:
  virtual ~Rendezvous() = default;
  /// This end's number, 0..size-1.
  virtual int rank() const = 0;
  /// How many ends there are.
  virtual int size() const = 0;
  /// Gives `bytes` (at most 64 KiB) and returns everybody's in rank order, once all have given. All
  /// ranks call it equally often; it is a barrier too. Fails when the deadline passes or an end is
  /// gone, then names what is known of the missing rank.
  virtual Result<std::vector<std::string>> allgather(std::string bytes, Deadline deadline) = 0;
};

/// `size` ends in one process, for tests of measurement code: element i belongs to rank i's thread.
std::vector<std::unique_ptr<Rendezvous>> in_memory_rendezvous(int size);

}  // namespace plumbline
