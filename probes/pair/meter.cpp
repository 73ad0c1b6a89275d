#include "probes/pair/meter.hpp"

#include <algorithm>

namespace plumbline::probes {

void Meter::arrived(Moment now, std::size_t bytes) {
  total_ += bytes;
  if (!first_) first_ = now;
  if (end_) return;
  if (start_) {
    count(now, bytes);
    if (now - *start_ >= schedule_.timed) end_ = now;
  } else if (now - *first_ >= schedule_.warm_up) {
    start_ = now;
    last_ = now;
  }
}

void Meter::count(Moment now, std::size_t bytes) {
  counted_ += bytes;
  const auto gap = std::max<std::chrono::nanoseconds>(now - last_, std::chrono::nanoseconds(1));
  const double per_ns = static_cast<double>(bytes) / static_cast<double>(gap.count());
  for (Moment from = now - gap; from < now;) {
    const auto index = static_cast<std::size_t>((from - *start_) / schedule_.window);
    const Moment edge = *start_ + (index + 1) * schedule_.window;
    const auto share = std::min(edge, now) - from;
    if (windows_.size() <= index) windows_.resize(index + 1);
    windows_[index] += per_ns * static_cast<double>(share.count());
    from += share;
  }
  last_ = now;
}

bool Meter::finished(Moment now) const {
  if (end_) return true;
  if (start_) return now - *start_ >= schedule_.timed + schedule_.stall;
  return first_ && now - *first_ >= schedule_.warm_up + schedule_.timed + schedule_.stall;
}

void Meter::broke(Moment now) {
  if (end_ || !first_) return;
  if (!start_) start_ = *first_ + schedule_.warm_up;
  end_ = std::max(now, *start_ + schedule_.timed);
}

Batch Meter::batch(Moment now) const {
  Batch batch;
  batch.payload = Bytes{counted_};
  if (!first_) return batch;
  const Moment start = start_.value_or(*first_ + schedule_.warm_up);
  const auto elapsed = end_.value_or(now) - start;
  batch.value = rate(Bytes{counted_}, in_seconds(elapsed)).value;
  const auto whole =
      elapsed > elapsed.zero() ? static_cast<std::size_t>(elapsed / schedule_.window) : 0;
  batch.windows = windows_;
  batch.windows.resize(whole);
  for (double& window : batch.windows)
    window /= in_seconds(schedule_.window).value;
  return batch;
}

}  // namespace plumbline::probes
