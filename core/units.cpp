#include "core/units.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <utility>

namespace plumbline {
namespace {

std::string three_digits(double value, std::string_view unit) {
  std::array<char, 64> text{};
  const int decimals = value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
  std::snprintf(text.data(), text.size(), "%.*f", decimals, value);
  std::string number(text.data());
  if (number.find('.') != std::string::npos) {
    number.erase(number.find_last_not_of('0') + 1);
    if (number.back() == '.') number.pop_back();
  }
  return number + " " + std::string(unit);
}

std::string decimal(double value, std::string_view unit) {
  constexpr std::array<std::pair<double, std::string_view>, 4> steps{
      {{1e12, "T"}, {1e9, "G"}, {1e6, "M"}, {1e3, "k"}}};
  for (const auto& [factor, prefix] : steps) {
    if (value >= factor * 0.9995) {
      return three_digits(value / factor, std::string(prefix) + std::string(unit));
    }
  }
  return three_digits(value, unit);
}

struct Quantity {
  double number = 0;
  std::string_view unit;
};

/// A finite number that is not negative, and the unit behind it without surrounding spaces.
Result<Quantity> split(std::string_view text) {
  while (!text.empty() && text.front() == ' ')
    text.remove_prefix(1);
  Quantity quantity;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), quantity.number);
  const bool number = error == std::errc() && std::isfinite(quantity.number);
  if (!number || quantity.number < 0) {
    return fail(ErrorCode::invalid_input, "\"" + std::string(text) + "\" is not a quantity");
  }
  quantity.unit = text.substr(static_cast<std::size_t>(end - text.data()));
  while (!quantity.unit.empty() && quantity.unit.front() == ' ')
    quantity.unit.remove_prefix(1);
  while (!quantity.unit.empty() && quantity.unit.back() == ' ')
    quantity.unit.remove_suffix(1);
  return quantity;
}

template <std::size_t Count>
Result<double> scaled(std::string_view text,
                      const std::array<std::pair<std::string_view, double>, Count>& units,
                      const char* example) {
  const auto quantity = split(text);
  if (!quantity) return tl::unexpected(quantity.error());
  for (const auto& [name, factor] : units) {
    if (quantity->unit == name) return quantity->number * factor;
  }
  return fail(
      ErrorCode::invalid_input,
      "\"" + std::string(text) + "\" has no unit known here; write " + std::string(example));
}

}  // namespace

std::string format_rate(BytesPerSecond rate) { return decimal(rate.value, "B/s"); }

std::string format_link_rate(BytesPerSecond rate) { return decimal(rate.value * 8.0, "b/s"); }

std::string format_size(Bytes size) {
  constexpr std::array<std::pair<double, std::string_view>, 4> steps{
      {{1099511627776.0, "TiB"}, {1073741824.0, "GiB"}, {1048576.0, "MiB"}, {1024.0, "KiB"}}};
  const auto value = static_cast<double>(size.count);
  for (const auto& [factor, unit] : steps) {
    if (value >= factor) return three_digits(value / factor, unit);
  }
  return std::to_string(size.count) + " B";
}

std::string format_time(Seconds time) {
  if (time.value >= 1.0) return three_digits(time.value, "s");
  if (time.value >= 1e-3) return three_digits(time.value * 1e3, "ms");
  return three_digits(time.value * 1e6, "us");
}

Result<BytesPerSecond> parse_rate(std::string_view text) {
  constexpr std::array<std::pair<std::string_view, double>, 10> units{{{"b/s", 0.125},
                                                                       {"kb/s", 0.125e3},
                                                                       {"Mb/s", 0.125e6},
                                                                       {"Gb/s", 0.125e9},
                                                                       {"Tb/s", 0.125e12},
                                                                       {"B/s", 1.0},
                                                                       {"kB/s", 1e3},
                                                                       {"MB/s", 1e6},
                                                                       {"GB/s", 1e9},
                                                                       {"TB/s", 1e12}}};
  return scaled(text, units, "200Mb/s or 25MB/s").map([](double value) {
    return BytesPerSecond{value};
  });
}

Result<Bytes> parse_size(std::string_view text) {
  constexpr std::array<std::pair<std::string_view, double>, 12> units{{{"", 1.0},
                                                                       {"B", 1.0},
                                                                       {"K", 1024.0},
                                                                       {"M", 1048576.0},
                                                                       {"G", 1073741824.0},
                                                                       {"KiB", 1024.0},
                                                                       {"MiB", 1048576.0},
                                                                       {"GiB", 1073741824.0},
                                                                       {"TiB", 1099511627776.0},
                                                                       {"KB", 1e3},
                                                                       {"MB", 1e6},
                                                                       {"GB", 1e9}}};
  const auto value = scaled(text, units, "64KiB or 1MiB");
  if (!value) return tl::unexpected(value.error());
  if (*value > 9.0e18) {
    return fail(ErrorCode::invalid_input, "\"" + std::string(text) + "\" is too large");
  }
  return Bytes{static_cast<std::uint64_t>(*value)};
}

Result<std::chrono::nanoseconds> parse_duration(std::string_view text) {
  constexpr std::array<std::pair<std::string_view, double>, 6> units{
      {{"ns", 1.0}, {"us", 1e3}, {"ms", 1e6}, {"s", 1e9}, {"m", 60e9}, {"h", 3600e9}}};
  const auto value = scaled(text, units, "300ms or 8s");
  if (!value) return tl::unexpected(value.error());
  if (*value > 9.0e18) {
    return fail(ErrorCode::invalid_input, "\"" + std::string(text) + "\" is too long");
  }
  return std::chrono::nanoseconds(static_cast<std::int64_t>(*value));
}

}  // namespace plumbline
