#pragma once

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <type_traits>

#include "collectives/operation.hpp"

namespace plumbline::collectives {

/// A floating format narrower than float: how many bits its exponent and mantissa have, and whether
/// all exponents are numbers (OCP 8-bit E4M3: no infinity, only the last code is no number).
struct SmallFormat {
  int exponent_bits;
  int mantissa_bits;
  bool finite_only;
};

/// The nearest value of the format, ties to even, as its bits; what is over its greatest value is
/// infinity, or no number where the format has none. And back.
std::uint32_t to_small(SmallFormat format, double value) noexcept;
double from_small(SmallFormat format, std::uint32_t bits) noexcept;

/// An element that C++ has a type for.
template <typename T>
struct NativeElement {
  using Value = T;
  static constexpr bool kWhole = std::is_integral_v<T>;
  static constexpr std::size_t kSize = sizeof(T);
  static Value load(const std::byte* from) noexcept {
    T value{};
    std::memcpy(&value, from, sizeof(T));
    return value;
  }
  static void store(std::byte* into, Value value) noexcept { std::memcpy(into, &value, sizeof(T)); }
};

/// An element that is worked on as a double and rounded to its format after every step.
template <typename Bits, int Exponent, int Mantissa, bool FiniteOnly>
struct SmallElement {
  using Value = double;
  static constexpr bool kWhole = false;
  static constexpr std::size_t kSize = sizeof(Bits);
  static constexpr SmallFormat kFormat{Exponent, Mantissa, FiniteOnly};
  static Value load(const std::byte* from) noexcept {
    Bits bits{};
    std::memcpy(&bits, from, sizeof(Bits));
    return from_small(kFormat, bits);
  }
  static void store(std::byte* into, Value value) noexcept {
    const auto bits = static_cast<Bits>(to_small(kFormat, value));
    std::memcpy(into, &bits, sizeof(Bits));
  }
};

using Float16 = SmallElement<std::uint16_t, 5, 10, false>;
using Bfloat16 = SmallElement<std::uint16_t, 8, 7, false>;
using Float8E4m3 = SmallElement<std::uint8_t, 4, 3, true>;
using Float8E5m2 = SmallElement<std::uint8_t, 5, 2, false>;

/// Calls `visit` with an object of the element's class.
template <typename Visitor>
auto with_element(ElementType type, Visitor visit) {
  switch (type) {
    case ElementType::int8:
      return visit(NativeElement<std::int8_t>{});
    case ElementType::uint8:
      return visit(NativeElement<std::uint8_t>{});
    case ElementType::int32:
      return visit(NativeElement<std::int32_t>{});
    case ElementType::uint32:
      return visit(NativeElement<std::uint32_t>{});
    case ElementType::int64:
      return visit(NativeElement<std::int64_t>{});
    case ElementType::uint64:
      return visit(NativeElement<std::uint64_t>{});
    case ElementType::float16:
      return visit(Float16{});
    case ElementType::float32:
      return visit(NativeElement<float>{});
    case ElementType::bfloat16:
      return visit(Bfloat16{});
    case ElementType::float8_e4m3:
      return visit(Float8E4m3{});
    case ElementType::float8_e5m2:
      return visit(Float8E5m2{});
    case ElementType::float64:
      break;
  }
  return visit(NativeElement<double>{});
}

/// Two elements as one; whole numbers wrap around.
template <typename Element>
typename Element::Value combine(Reduction reduction, typename Element::Value one,
                                typename Element::Value other) noexcept {
  using Value = typename Element::Value;
  if (reduction == Reduction::min) return other < one ? other : one;
  if (reduction == Reduction::max) return one < other ? other : one;
  if constexpr (Element::kWhole) {
    using Unsigned = std::make_unsigned_t<Value>;
    const std::uint64_t first = static_cast<Unsigned>(one);
    const std::uint64_t second = static_cast<Unsigned>(other);
    const std::uint64_t both = reduction == Reduction::product ? first * second : first + second;
    return static_cast<Value>(static_cast<Unsigned>(both));
  } else {
    return reduction == Reduction::product ? one * other : one + other;
  }
}

/// `into` = `into` combined with `from`, element by element; for an average and a scaled sum the
/// sum. Both hold as many whole elements.
void combine_all(ElementType type, Reduction reduction, std::span<std::byte> into,
                 std::span<const std::byte> from);

/// Every element times `factor`.
void scale_all(ElementType type, std::span<std::byte> elements, int factor);

/// Every element divided by `divisor`, once, at the end of an average.
void divide_all(ElementType type, std::span<std::byte> elements, int divisor);

/// One element as people read it.
std::string show_element(ElementType type, const std::byte* element);

}  // namespace plumbline::collectives
