#include "collectives/element.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace plumbline::collectives {
namespace {

constexpr double kMostExact = 9e15;  // below 2^53: whole numbers are shown as such

template <typename Change>
void change_all(ElementType type, std::span<std::byte> elements, Change change) {
  with_element(type, [&](auto element) {
    using Element = decltype(element);
    for (std::size_t at = 0; at + Element::kSize <= elements.size(); at += Element::kSize) {
      std::byte* const here = elements.data() + at;
      Element::store(here, change(Element::load(here)));
    }
  });
}

}  // namespace

std::uint32_t to_small(SmallFormat format, double value) noexcept {
  const std::uint32_t sign = std::signbit(value) ? 1U : 0U;
  const int width = format.exponent_bits + format.mantissa_bits;
  const std::uint32_t negative = sign << static_cast<unsigned>(width);
  const std::uint32_t codes = (1U << static_cast<unsigned>(width)) - 1;  // all ones: no number
  const std::uint32_t infinite = ((1U << static_cast<unsigned>(format.exponent_bits)) - 1)
                                 << static_cast<unsigned>(format.mantissa_bits);
  if (std::isnan(value)) return negative | codes;
  if (std::isinf(value)) return negative | (format.finite_only ? codes : infinite);
  if (value == 0) return negative;
  const int bias = (1 << (format.exponent_bits - 1)) - 1;
  int exponent = 0;
  std::frexp(value, &exponent);  // value = m * 2^exponent, m in [0.5, 1)
  exponent = std::max(exponent - 1, 1 - bias);
  const double steps =
      std::nearbyint(std::ldexp(std::fabs(value), format.mantissa_bits - exponent));
  // A count of steps that reaches the next power of two carries into the exponent by itself.
  const double code = steps + std::ldexp(exponent + bias - 1, format.mantissa_bits);
  const double over = format.finite_only ? codes : infinite;
  if (!(code < over)) return negative | (format.finite_only ? codes : infinite);
  return negative | static_cast<std::uint32_t>(code);
}

double from_small(SmallFormat format, std::uint32_t bits) noexcept {
  const int width = format.exponent_bits + format.mantissa_bits;
  const std::uint32_t codes = (1U << static_cast<unsigned>(width)) - 1;
  const std::uint32_t code = bits & codes;
  const std::uint32_t mantissa = code & ((1U << static_cast<unsigned>(format.mantissa_bits)) - 1);
  const auto exponent = static_cast<int>(code >> static_cast<unsigned>(format.mantissa_bits));
  const int bias = (1 << (format.exponent_bits - 1)) - 1;
  const double sign = (bits >> static_cast<unsigned>(width)) != 0 ? -1 : 1;
  const bool last = exponent == (1 << format.exponent_bits) - 1;
  if (format.finite_only ? code == codes : last && mantissa != 0) return std::nan("");
  if (last && !format.finite_only) return sign * HUGE_VAL;
  if (exponent == 0) return sign * std::ldexp(mantissa, 1 - bias - format.mantissa_bits);
  const double steps = mantissa + std::ldexp(1.0, format.mantissa_bits);
  return sign * std::ldexp(steps, exponent - bias - format.mantissa_bits);
}

void combine_all(ElementType type, Reduction reduction, std::span<std::byte> into,
                 std::span<const std::byte> from) {
  with_element(type, [&](auto element) {
    using Element = decltype(element);
    const std::size_t size = std::min(into.size(), from.size());
    for (std::size_t at = 0; at + Element::kSize <= size; at += Element::kSize) {
      std::byte* const here = into.data() + at;
      Element::store(
          here, combine<Element>(reduction, Element::load(here), Element::load(from.data() + at)));
    }
  });
}

void scale_all(ElementType type, std::span<std::byte> elements, int factor) {
  if (factor == 1) return;
  change_all(type, elements, [factor](auto value) {
    using Value = decltype(value);
    if constexpr (std::is_integral_v<Value>) {
      return static_cast<Value>(static_cast<std::make_unsigned_t<Value>>(
          static_cast<std::uint64_t>(value) * static_cast<std::uint64_t>(factor)));
    } else {
      return value * static_cast<Value>(factor);
    }
  });
}

void divide_all(ElementType type, std::span<std::byte> elements, int divisor) {
  change_all(type, elements, [divisor](auto value) {
    using Value = decltype(value);
    if constexpr (std::is_same_v<Value, std::uint64_t>) {
      return value / static_cast<std::uint64_t>(divisor);
    } else if constexpr (std::is_integral_v<Value>) {
      return static_cast<Value>(static_cast<std::int64_t>(value) / divisor);
    } else {
      return value / static_cast<Value>(divisor);
    }
  });
}

std::string show_element(ElementType type, const std::byte* element) {
  return with_element(type, [&](auto kind) -> std::string {
    using Element = decltype(kind);
    const auto value = Element::load(element);
    if constexpr (Element::kWhole) {
      return std::to_string(value);
    } else {
      const auto number = static_cast<double>(value);
      if (std::isfinite(number) && std::floor(number) == number && std::fabs(number) < kMostExact)
        return std::to_string(static_cast<long long>(number));
      std::array<char, 40> digits{};
      const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number);
      return std::string(digits.data(), end.ptr);
    }
  });
}

}  // namespace plumbline::collectives
