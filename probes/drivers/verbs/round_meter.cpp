#include "probes/drivers/verbs/round_meter.hpp"

#include <algorithm>

namespace plumbline::probes {

namespace {

constexpr std::uint64_t kGrowth = 8;  ///< a round is at most so many times the one before

}  // namespace

void RoundMeter::round(Moment now, std::uint64_t bytes, std::chrono::nanoseconds span) {
  rate_ = rate(Bytes{bytes}, in_seconds(span)).value;
  last_bytes_ = bytes;
  if (bytes_ == 0 && timed_.count() == 0 && now - start_ < schedule_.warm_up) return;
  bytes_ += bytes;
  timed_ += span;
  window_bytes_ += bytes;
  window_ += span;
  if (window_ >= schedule_.window) close_window();
}

void RoundMeter::broke(std::chrono::nanoseconds span) {
  timed_ += span;
  window_ += span;
  if (window_ >= schedule_.window) close_window();
}

void RoundMeter::close_window() {
  windows_.push_back(rate(Bytes{window_bytes_}, in_seconds(window_)).value);
  window_bytes_ = 0;
  window_ = {};
}

bool RoundMeter::finished(Moment now) const {
  // Verification may take longer than what it verifies.
  const auto most = schedule_.warm_up + 4 * schedule_.timed + schedule_.stall;
  return timed_ >= schedule_.timed || (bytes_ > 0 && now - start_ >= most);
}

std::uint64_t RoundMeter::next_count(std::uint64_t size, std::uint64_t least,
                                     std::uint64_t most) const {
  if (last_bytes_ == 0 || rate_ <= 0) return std::min(least, most);
  // As long as memory allows: a completion that is seen late at an end of a round matters less.
  const double span = in_seconds(std::max(2 * schedule_.window, schedule_.timed)).value;
  const auto wanted = static_cast<std::uint64_t>(rate_ * span / static_cast<double>(size)) + 1;
  return std::clamp(std::min(wanted, last_bytes_ / size * kGrowth), std::min(least, most), most);
}

Batch RoundMeter::batch() const {
  Batch batch;
  batch.payload = Bytes{bytes_};
  batch.value = rate(Bytes{bytes_}, in_seconds(timed_)).value;
  batch.windows = windows_;
  return batch;
}

}  // namespace plumbline::probes
