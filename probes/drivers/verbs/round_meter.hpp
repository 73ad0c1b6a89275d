#pragma once

#include <chrono>

#include "core/statistics/sampling.hpp"
#include "probes/pair/meter.hpp"

namespace plumbline::probes {

/// Turns rounds into a batch: its goodput is all verified bytes over all time between first posts
/// and last completions, the warm-up left out; windows are whole rounds of together at least 50 ms.
class RoundMeter {
 public:
  RoundMeter(Schedule schedule, Moment start) : schedule_(schedule), start_(start) {}
  /// A round of `bytes` verified bytes took `span` and is over at `now`.
  void round(Moment now, std::uint64_t bytes, std::chrono::nanoseconds span);
  /// The path broke within a round: `span` gave nothing.
  void broke(std::chrono::nanoseconds span);
  /// True when enough is timed, or when it has taken too long.
  bool finished(Moment now) const;
  /// How many messages of `size` the next round should have to last the timed part.
  std::uint64_t next_count(std::uint64_t size, std::uint64_t least, std::uint64_t most) const;
  Batch batch() const;

 private:
  void close_window();
  Schedule schedule_;
  Moment start_;
  std::chrono::nanoseconds timed_{};
  std::chrono::nanoseconds window_{};
  std::uint64_t window_bytes_ = 0;
  std::uint64_t bytes_ = 0;
  double rate_ = 0;               ///< of the last round
  std::uint64_t last_bytes_ = 0;  ///< of the last round
  std::vector<double> windows_;
};

}  // namespace plumbline::probes
