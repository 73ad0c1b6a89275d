#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "core/clock.hpp"
#include "core/statistics/sampling.hpp"

namespace plumbline::probes {

/// The phases of one batch at its receiver.
struct Schedule {
  std::chrono::nanoseconds warm_up{};  ///< from the first byte on; not counted
  std::chrono::nanoseconds timed{};    ///< least length of the timed part
  std::chrono::nanoseconds stall{};    ///< how much longer it waits for the byte that ends it
  std::chrono::nanoseconds window{std::chrono::milliseconds(50)};
};

/// Turns arrivals into a batch. The timed part begins with the first arrival after the warm-up
/// (those bytes do not count) and ends with the first one after `timed` (those do): a whole number
/// of gaps between arrivals, so that stalls are in it as often as they are on the path. A path that
/// stays silent ends it after `timed + stall`, silence included.
class Meter {
 public:
  explicit Meter(Schedule schedule) : schedule_(schedule) {}
  /// `bytes` verified bytes have arrived at `now`; `now` never goes back.
  void arrived(Moment now, std::size_t bytes);
  /// True when the batch is complete, or when it has waited long enough at `now`.
  bool finished(Moment now) const;
  /// The connection broke: what is missing counts as silence up to the end of the timed part.
  void broke(Moment now);
  /// True when any byte has arrived.
  bool heard() const { return first_.has_value(); }
  /// All bytes that have arrived, warm-up included.
  std::uint64_t total() const { return total_; }
  /// The batch as it stands at `now`. Its value is 0 when nothing arrived after the warm-up.
  Batch batch(Moment now) const;

 private:
  /// Adds bytes to the timed part. They came evenly since the arrival before: what a path hands
  /// over in lumps is not the rate of the window that a lump happens to fall into.
  void count(Moment now, std::size_t bytes);
  Schedule schedule_;
  std::optional<Moment> first_;
  std::optional<Moment> start_;
  std::optional<Moment> end_;
  Moment last_{};
  std::uint64_t total_ = 0;
  std::uint64_t counted_ = 0;
  std::vector<double> windows_;
};

}  // namespace plumbline::probes
