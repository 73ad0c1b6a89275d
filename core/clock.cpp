#include "core/clock.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>
#include <thread>

namespace plumbline {
namespace {

std::string utc(std::chrono::milliseconds since_epoch) {
  const std::time_t seconds = since_epoch.count() / 1000;
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  std::array<char, 80> text{};
  std::snprintf(text.data(), text.size(), "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ",
                parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min,
                parts.tm_sec, static_cast<int>(since_epoch.count() % 1000));
  return text.data();
}

std::chrono::milliseconds milliseconds_of(std::chrono::nanoseconds span) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(span);
}

}  // namespace

Moment SystemClock::now() const { return std::chrono::steady_clock::now(); }

void SystemClock::wait_until(Moment until) { std::this_thread::sleep_until(until); }

std::string SystemClock::wall_time() const {
  return utc(milliseconds_of(std::chrono::system_clock::now().time_since_epoch()));
}

Moment ManualClock::now() const {
  const std::lock_guard lock(mutex_);
  return now_;
}

void ManualClock::wait_until(Moment until) {
  const std::lock_guard lock(mutex_);
  now_ = std::max(now_, until);
}

std::string ManualClock::wall_time() const {
  return utc(milliseconds_of(now().time_since_epoch()));
}

void ManualClock::advance(std::chrono::nanoseconds span) {
  const std::lock_guard lock(mutex_);
  now_ += span;
}

Deadline Deadline::after(std::chrono::nanoseconds span) {
  return Deadline(std::chrono::steady_clock::now() + span);
}

bool Deadline::passed() const { return std::chrono::steady_clock::now() >= moment_; }

std::chrono::nanoseconds Deadline::left() const {
  constexpr std::chrono::nanoseconds year = std::chrono::hours(24 * 365);
  const Moment now = std::chrono::steady_clock::now();
  if (now >= moment_) return std::chrono::nanoseconds(0);
  if (moment_ == Moment::max()) return year;
  return std::min<std::chrono::nanoseconds>(moment_ - now, year);
}

int Deadline::left_ms() const {
  constexpr std::chrono::nanoseconds::rep poll_most = 1'000'000'000;
  const auto ms = (left().count() + 999'999) / 1'000'000;
  return static_cast<int>(std::min(ms, poll_most));
}

}  // namespace plumbline
