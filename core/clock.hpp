#pragma once

#include <chrono>
#include <mutex>
#include <string>

namespace plumbline {

/// A moment on the monotonic clock.
using Moment = std::chrono::steady_clock::time_point;

/// Time, passed in so that tests own it. Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  /// The monotonic now.
  virtual Moment now() const = 0;
  /// Returns when `until` is reached; a test's clock moves on instead of waiting.
  virtual void wait_until(Moment until) = 0;
  /// The wall time now, as "2026-11-23T06:24:35.123Z".
  virtual std::string wall_time() const = 0;
};

/// The machine's clock.
class SystemClock final : public Clock {
 public:
  Moment now() const override;
  void wait_until(Moment until) override;
  std::string wall_time() const override;
};

/// A clock that moves only when told, or when somebody waits on it.
class ManualClock final : public Clock {
 public:
  Moment now() const override;
  void wait_until(Moment until) override;
  std::string wall_time() const override;
  /// Moves time on by `span`.
  void advance(std::chrono::nanoseconds span);

 private:
  mutable std::mutex mutex_;
  Moment now_{};
};

/// The moment after which an operation must have given up. A value; every call that can block takes
/// one.
class Deadline {
 public:
  /// `span` from now on the machine's monotonic clock.
  static Deadline after(std::chrono::nanoseconds span);
  /// At a moment.
  static constexpr Deadline at(Moment moment) { return Deadline(moment); }
  /// No limit of its own; for work that a child's deadline bounds already.
  static constexpr Deadline never() { return Deadline(Moment::max()); }

  /// The moment itself.
  constexpr Moment moment() const { return moment_; }
  /// True when it has passed.
  bool passed() const;
  /// What is left, never negative, at most a year.
  std::chrono::nanoseconds left() const;
  /// What is left in whole milliseconds rounded up, for poll(); never negative.
  int left_ms() const;
  /// The earlier of the two.
  constexpr Deadline earlier(Deadline other) const {
    return Deadline(moment_ < other.moment_ ? moment_ : other.moment_);
  }

 private:
  constexpr explicit Deadline(Moment moment) : moment_(moment) {}
  Moment moment_;
};

}  // namespace plumbline
