#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/result.hpp"

namespace plumbline {

/// A count of bytes.
struct Bytes {
  std::uint64_t count = 0;
  auto operator<=>(const Bytes&) const = default;
};

/// A rate in bytes a second, decimal: 1 GB/s is 1e9. Link rates in bits convert at the door.
struct BytesPerSecond {
  double value = 0;
  auto operator<=>(const BytesPerSecond&) const = default;
};

/// A span of time in seconds, for arithmetic; clocks and deadlines use std::chrono.
struct Seconds {
  double value = 0;
  auto operator<=>(const Seconds&) const = default;
};

/// A link rate given in bits a second (`bits_per_second(200e6)` is 200 Mb/s).
constexpr BytesPerSecond bits_per_second(double bits) noexcept { return {bits / 8.0}; }

/// Bytes over time; zero when no time passed.
constexpr BytesPerSecond rate(Bytes bytes, Seconds time) noexcept {
  return {time.value > 0 ? static_cast<double>(bytes.count) / time.value : 0.0};
}

/// A chrono duration in seconds.
constexpr Seconds in_seconds(std::chrono::nanoseconds span) noexcept {
  return {std::chrono::duration<double>(span).count()};
}

/// Seconds as a chrono duration, cut off at a year.
constexpr std::chrono::nanoseconds span_of(Seconds seconds) noexcept {
  constexpr double year = 365 * 24 * 3600.0;
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
      std::chrono::duration<double>(seconds.value < year ? seconds.value : year));
}

/// "1.25 GB/s", "24.9 MB/s", "0 B/s": three significant digits.
std::string format_rate(BytesPerSecond rate);

/// The same rate as a link rate: "200 Mb/s", "10 Gb/s".
std::string format_link_rate(BytesPerSecond rate);

/// "64 KiB", "1 MiB", "17 B".
std::string format_size(Bytes size);

/// "4.5 us", "1.2 ms", "3.4 s".
std::string format_time(Seconds time);

/// Reads "200Mb/s", "10 Gb/s", "25 MB/s", "1.5GB/s" (b = bits, B = bytes; k M G T decimal).
Result<BytesPerSecond> parse_rate(std::string_view text);

/// Reads "4096", "64KiB", "1M", "8G" (binary multiples, as nccl-tests does; KB MB GB decimal).
Result<Bytes> parse_size(std::string_view text);

/// Reads "300ms", "8s", "10m", "1h", "250us".
Result<std::chrono::nanoseconds> parse_duration(std::string_view text);

}  // namespace plumbline
