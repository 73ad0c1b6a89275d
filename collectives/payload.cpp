#include "collectives/payload.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

#include "collectives/element.hpp"
#include "core/contract.hpp"

namespace plumbline::collectives {
namespace {

/// Bits of whole numbers that the type counts without a gap; of signed ones without the sign.
int exact_bits(ElementType type) noexcept {
  switch (type) {
    case ElementType::int8:
      return 7;
    case ElementType::uint8:
      return 8;
    case ElementType::int32:
      return 31;
    case ElementType::uint32:
      return 32;
    case ElementType::int64:
      return 63;
    case ElementType::uint64:
      return 64;
    case ElementType::float16:
      return 11;
    case ElementType::bfloat16:
      return 8;
    case ElementType::float32:
      return 24;
    case ElementType::float64:
      return 53;
    case ElementType::float8_e4m3:
      return 4;
    case ElementType::float8_e5m2:
      return 3;
  }
  return 3;
}

/// Types whose sums and products may wrap around. Not those of 8 bits: Open MPI 4.1 adds them with
/// saturation where the processor has AVX (seen 2026-11-23: 255 instead of 211).
bool wraps(ElementType type) noexcept {
  return type == ElementType::uint32 || type == ElementType::uint64;
}

bool is_whole(ElementType type) noexcept {
  return wraps(type) || type == ElementType::int32 || type == ElementType::int64 ||
         type == ElementType::int8 || type == ElementType::uint8;
}

/// How the numbers of one operation are made.
struct Recipe {
  enum class Form { plain, odd, power } form = Form::plain;
  int bits = 8;    ///< of a number; of the one number of a product of floats that is no power
  int givers = 0;  ///< ranks that give a number to an element; the others give the neutral one
};

int bits_for(int count) noexcept {
  return static_cast<int>(std::bit_width(static_cast<unsigned>(count - 1)));
}

Recipe sum_recipe(ElementType type, int ranks, bool scaled) noexcept {
  const int room = exact_bits(type) - (scaled ? 1 : 0);
  const int bits = room - bits_for(ranks);
  if (bits >= 1) return {Recipe::Form::plain, bits, ranks};
  return {Recipe::Form::plain, 1, 1 << (room - 1)};
}

Recipe product_recipe(ElementType type, int ranks) noexcept {
  if (wraps(type)) return {Recipe::Form::odd, exact_bits(type), ranks};
  // Four factors of at most 3 fit into 8 bits.
  if (is_whole(type) && size_of(type) == 1) return {Recipe::Form::odd, 2, std::min(ranks, 4)};
  constexpr int factor_bits = 7;  // of a factor that must not wrap
  const int bits = std::min(exact_bits(type), factor_bits);
  if (is_whole(type))
    return {Recipe::Form::odd, bits, std::min(ranks, exact_bits(type) / factor_bits)};
  // Half of the powers are 1/2: a product of these stays within the least exponent of each format.
  const int most = type == ElementType::float8_e4m3 ? 4 : 8;
  return {Recipe::Form::power, bits, std::min(ranks, most)};
}

Recipe recipe_of(const Operation& operation, int ranks) noexcept {
  const Recipe whole{Recipe::Form::plain, exact_bits(operation.type), ranks};
  if (!reduces(operation.kind)) return whole;
  switch (operation.reduction) {
    case Reduction::min:
    case Reduction::max:
      return whole;
    case Reduction::product:
      return product_recipe(operation.type, ranks);
    case Reduction::average:
      return sum_recipe(operation.type, ranks, false);
    case Reduction::sum:
    case Reduction::scaled_sum:
      break;
  }
  if (wraps(operation.type)) return whole;
  return sum_recipe(operation.type, ranks, operation.reduction == Reduction::scaled_sum);
}

std::uint64_t mix(std::uint64_t value) noexcept {  // splitmix64's finish
  value = (value ^ (value >> 30U)) * 0xbf58476d1ce4e5b9ULL;
  value = (value ^ (value >> 27U)) * 0x94d049bb133111ebULL;
  return value ^ (value >> 31U);
}

/// Numbers of one batch: a bijection of `bits` wide words, so two elements never share a number.
class Numbers {
 public:
  Numbers(const Operation& operation, int ranks, std::uint64_t seed)
      : recipe_(recipe_of(operation, ranks)),
        product_(reduces(operation.kind) && operation.reduction == Reduction::product),
        ranks_(static_cast<std::uint64_t>(ranks)),
        bits_(static_cast<unsigned>(recipe_.bits)),
        mask_(bits_ >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << bits_) - 1),
        offset_(mix(seed + 0x9e3779b97f4a7c15ULL)) {}

  template <typename Element>
  typename Element::Value of(std::uint64_t rank, std::uint64_t element) const noexcept {
    using Value = typename Element::Value;
    const std::uint64_t place = (rank + element + offset_) % ranks_;  // among the givers
    if (place >= static_cast<std::uint64_t>(recipe_.givers)) return Value(product_ ? 1 : 0);
    const std::uint64_t word = word_of(rank, element);
    if (recipe_.form == Recipe::Form::plain) return static_cast<Value>(word);
    if (recipe_.form == Recipe::Form::odd || place == 0) return static_cast<Value>(word | 1U);
    if constexpr (Element::kWhole) return Value(1);
    return static_cast<Value>((word & 1U) != 0 ? 2.0 : 0.5);
  }

 private:
  std::uint64_t word_of(std::uint64_t rank, std::uint64_t element) const noexcept {
    std::uint64_t word = (element * ranks_ + rank + offset_) & mask_;
    word = (word * 0xd1342543de82ef95ULL) & mask_;  // odd, so it can be undone
    word ^= word >> (bits_ / 2 + (bits_ == 1 ? 1 : 0));
    return (word * 0x2545f4914f6cdd1dULL) & mask_;
  }

  Recipe recipe_;
  bool product_;
  std::uint64_t ranks_;
  unsigned bits_;
  std::uint64_t mask_;
  std::uint64_t offset_;
};

/// One element over all ranks, as the reduction makes it.
template <typename Element>
typename Element::Value reduced(const Numbers& numbers, Reduction reduction, int ranks,
                                std::uint64_t element) noexcept {
  using Value = typename Element::Value;
  const auto factor = [reduction](int rank) {
    return static_cast<Value>(reduction == Reduction::scaled_sum ? scale_of(rank) : 1);
  };
  const auto given = [&](int rank) {
    const Value number = numbers.of<Element>(static_cast<std::uint64_t>(rank), element);
    return reduction == Reduction::scaled_sum
               ? combine<Element>(Reduction::product, number, factor(rank))
               : number;
  };
  Value all = given(0);
  for (int rank = 1; rank < ranks; ++rank)
    all = combine<Element>(reduction, all, given(rank));
  return all;
}

/// Where an element of a result that is not reduced comes from.
struct Origin {
  std::uint64_t rank;
  std::uint64_t element;
};

Origin origin_of(const Operation& operation, int rank, int ranks, std::uint64_t element) noexcept {
  const auto block = static_cast<std::uint64_t>(layout_of(operation, ranks).count);
  const auto mine = static_cast<std::uint64_t>(rank);
  switch (operation.kind) {
    case OperationKind::broadcast:
      return {static_cast<std::uint64_t>(operation.root), element};
    case OperationKind::scatter:
      return {static_cast<std::uint64_t>(operation.root), mine * block + element};
    case OperationKind::all_to_all:
      return {element / block, mine * block + element % block};
    case OperationKind::send_receive:
      return {static_cast<std::uint64_t>((rank + ranks - 1) % ranks), element};
    default:  // all_gather, gather, hypercube
      return {element / block, element % block};
  }
}

}  // namespace

int value_bits(ElementType type, int ranks) noexcept { return sum_recipe(type, ranks, false).bits; }

void fill_input(const Operation& operation, int rank, int ranks, std::uint64_t seed,
                std::span<std::byte> input) {
  const std::size_t count = layout_of(operation, ranks).input;
  require(input.size() == count * size_of(operation.type),
          "an input is as long as its operation says");
  const Numbers numbers(operation, ranks, seed);
  with_element(operation.type, [&](auto element) {
    using Element = decltype(element);
    for (std::size_t i = 0; i < count; ++i)
      Element::store(input.data() + i * Element::kSize,
                     numbers.of<Element>(static_cast<std::uint64_t>(rank), i));
  });
}

void fill_result(const Operation& operation, int rank, int ranks, std::uint64_t seed,
                 std::span<std::byte> result) {
  const Layout layout = layout_of(operation, ranks);
  require(result.size() == layout.output * size_of(operation.type),
          "a result is as long as its operation says");
  const Numbers numbers(operation, ranks, seed);
  const std::size_t first = operation.kind == OperationKind::reduce_scatter
                                ? static_cast<std::size_t>(rank) * layout.count
                                : 0;
  with_element(operation.type, [&](auto element) {
    using Element = decltype(element);
    for (std::size_t i = 0; i < layout.output; ++i) {
      std::byte* const here = result.data() + i * Element::kSize;
      if (reduces(operation.kind)) {
        Element::store(here, reduced<Element>(numbers, operation.reduction, ranks, first + i));
      } else {
        const Origin origin = origin_of(operation, rank, ranks, i);
        Element::store(here, numbers.of<Element>(origin.rank, origin.element));
      }
    }
  });
  if (reduces(operation.kind) && operation.reduction == Reduction::average)
    divide_all(operation.type, result, ranks);
}

std::optional<Mismatch> first_mismatch(ElementType type, std::span<const std::byte> expected,
                                       std::span<const std::byte> got, double slack) {
  require(expected.size() == got.size(), "a result is as long as its operation says");
  if (got.empty() || std::memcmp(expected.data(), got.data(), got.size()) == 0) return std::nullopt;
  std::optional<Mismatch> first;
  with_element(type, [&](auto element) {
    using Element = decltype(element);
    for (std::size_t at = 0; at + Element::kSize <= got.size(); at += Element::kSize) {
      const std::byte* const right = expected.data() + at;
      const std::byte* const here = got.data() + at;
      if (std::memcmp(right, here, Element::kSize) == 0) continue;
      const auto want = static_cast<double>(Element::load(right));
      const auto have = static_cast<double>(Element::load(here));
      if (slack > 0 && std::fabs(have - want) <= slack * std::fabs(want)) continue;
      if (!first)
        first =
            Mismatch{at / Element::kSize, 0, show_element(type, right), show_element(type, here)};
      ++first->wrong;
    }
  });
  return first;
}

}  // namespace plumbline::collectives
