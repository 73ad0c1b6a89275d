#pragma once

#include <cstdint>

#include "probes/pair/messages.hpp"

namespace plumbline::probes {

/// This end's part of one batch, over whatever path: opened, used once, gone with it.
class BatchSide {
 public:
  virtual ~BatchSide() = default;
  /// What the other end needs to know of this one, or why this end cannot take part.
  virtual Opening opening() const = 0;
  /// Connects to the other end and measures. Ends within the schedule whatever the path does.
  /// Latency samples stay in the closing's batch.
  virtual Closing measure(const Opening& other, std::uint64_t batch) = 0;
};

}  // namespace plumbline::probes
