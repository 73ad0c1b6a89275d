#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "probes/pair/meter.hpp"
#include "probes/pair/path.hpp"
#include "probes/pattern.hpp"

namespace plumbline::probes {

/// What both ends of a batch need to know beforehand.
struct BatchPlan {
  Schedule schedule;
  std::chrono::nanoseconds silence{
      std::chrono::seconds(4)};  ///< nothing for so long at first: dead
  Pattern pattern;               ///< what is sent; outlives the connection
};

/// What one end says of its half of a batch.
struct HalfResult {
  Batch batch;  ///< the receiver's; a latency batch is rank 0's
  std::uint64_t total =
      0;  ///< verified bytes that arrived, or bytes given to the path; warm-up included
  bool silent = false;         ///< nothing arrived (receiver), nothing was taken (sender)
  std::optional<Error> error;  ///< corrupt data, or how the connection broke
};

/// Sends messages until the receiver says that it has enough, the connection ends, or the plan's
/// time is over. Keeps 2 to 64 messages, about 4 MiB, under way.
HalfResult send_batch(Connection& connection, const Clock& clock, const BatchPlan& plan,
                      Deadline deadline);

/// Receives, verifies and measures a batch, then tells the sender to stop. Every byte is compared
/// with the pattern before it counts, in a destination that was poisoned before it arrived.
HalfResult receive_batch(Connection& connection, const Clock& clock, const BatchPlan& plan,
                         Deadline deadline);

/// Half round trips of eight bytes as rank 0 sees them; the value is their median. Samples bounded.
HalfResult ping_batch(Connection& connection, const Clock& clock, const BatchPlan& plan,
                      Deadline deadline);

/// The other end of ping_batch(): sends back what comes until told to stop.
HalfResult pong_batch(Connection& connection, const BatchPlan& plan, Deadline deadline);

/// How many messages of a size are kept under way.
std::size_t messages_under_way(std::size_t message_size);

}  // namespace plumbline::probes
