#include "core/quantity.hpp"

#include <array>
#include <charconv>
#include <limits>
#include <utility>

namespace plumbline {
namespace {

std::optional<std::int64_t> times(std::int64_t number, std::int64_t factor, int often) {
  constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
  for (; often > 0; --often) {
    if (number > most / factor || number < -(most / factor)) return std::nullopt;
    number *= factor;
  }
  return number;
}

std::optional<std::int64_t> with_exponent(std::int64_t number, std::string_view digits) {
  int exponent = 0;
  if (digits.starts_with('+')) digits.remove_prefix(1);
  const auto* const end = digits.data() + digits.size();
  const auto read = std::from_chars(digits.data(), end, exponent);
  const bool fits = read.ec == std::errc() && read.ptr == end && exponent >= 0 && exponent < 19;
  return fits ? times(number, 10, exponent) : std::nullopt;
}

}  // namespace

std::optional<std::int64_t> whole_quantity(std::string_view text) {
  std::int64_t number = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  if (read.ec != std::errc()) return std::nullopt;
  const auto suffix = text.substr(static_cast<std::size_t>(read.ptr - text.data()));
  if (suffix.empty()) return number;
  if (suffix == "m") return number % 1000 == 0 ? std::optional(number / 1000) : std::nullopt;
  constexpr std::array<std::string_view, 6> decimal{"k", "M", "G", "T", "P", "E"};
  constexpr std::array<std::string_view, 6> binary{"Ki", "Mi", "Gi", "Ti", "Pi", "Ei"};
  for (std::size_t i = 0; i < decimal.size(); ++i) {
    if (suffix == decimal[i]) return times(number, 1000, static_cast<int>(i) + 1);
    if (suffix == binary[i]) return times(number, 1024, static_cast<int>(i) + 1);
  }
  const bool power = suffix.size() > 1 && (suffix[0] == 'e' || suffix[0] == 'E');
  return power ? with_exponent(number, suffix.substr(1)) : std::nullopt;
}

}  // namespace plumbline
