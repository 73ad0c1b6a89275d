#include "collectives/payload.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

#include "core/contract.hpp"

namespace plumbline::collectives {
namespace {

int exact_bits(ElementType type) noexcept {
  switch (type) {
    case ElementType::int32:
      return 31;
    case ElementType::int64:
      return 63;
    case ElementType::float32:
      return 24;
    case ElementType::float64:
      return 53;
  }
  return 24;
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
      : ranks_(static_cast<std::uint64_t>(ranks)),
        bits_(static_cast<unsigned>(value_bits(operation.type, ranks))),
        mask_((std::uint64_t{1} << bits_) - 1),
        offset_(mix(seed + 0x9e3779b97f4a7c15ULL)) {}

  std::uint64_t of(std::uint64_t rank, std::uint64_t element) const noexcept {
    std::uint64_t word = (element * ranks_ + rank + offset_) & mask_;
    word = (word * 0xd1342543de82ef95ULL) & mask_;  // odd, so it can be undone
    word ^= word >> (bits_ / 2);
    return (word * 0x2545f4914f6cdd1dULL) & mask_;
  }

  std::uint64_t reduced(Reduction reduction, std::uint64_t element) const noexcept {
    std::uint64_t all = of(0, element);
    for (std::uint64_t rank = 1; rank < ranks_; ++rank) {
      const std::uint64_t next = of(rank, element);
      if (reduction == Reduction::sum) all += next;
      if (reduction == Reduction::min) all = std::min(all, next);
      if (reduction == Reduction::max) all = std::max(all, next);
    }
    return all;
  }

 private:
  std::uint64_t ranks_;
  unsigned bits_;
  std::uint64_t mask_;
  std::uint64_t offset_;
};

template <typename Visitor>
auto with_type(ElementType type, Visitor visit) {
  switch (type) {
    case ElementType::int32:
      return visit(std::int32_t{});
    case ElementType::int64:
      return visit(std::int64_t{});
    case ElementType::float32:
      return visit(float{});
    case ElementType::float64:
      break;
  }
  return visit(double{});
}

template <typename T>
std::string shown(T value) {
  if constexpr (std::is_floating_point_v<T>) {
    if (std::isfinite(value) && std::floor(value) == value && std::fabs(value) < 9e18)
      return std::to_string(static_cast<long long>(value));
  }
  return std::to_string(value);
}

template <typename T>
std::optional<Mismatch> compare(const Operation& operation, const Numbers& numbers,
                                std::span<const std::byte> destination) {
  std::optional<Mismatch> first;
  const std::size_t count = elements(operation);
  for (std::size_t i = 0; i < count; ++i) {
    const T expected = static_cast<T>(numbers.reduced(operation.reduction, i));
    T got{};
    std::memcpy(&got, destination.data() + i * sizeof(T), sizeof(T));
    if (std::memcmp(&got, &expected, sizeof(T)) == 0) continue;
    if (!first) first = Mismatch{i, 0, shown(expected), shown(got)};
    ++first->wrong;
  }
  return first;
}

}  // namespace

int value_bits(ElementType type, int ranks) noexcept {
  return exact_bits(type) - static_cast<int>(std::bit_width(static_cast<unsigned>(ranks - 1)));
}

void fill_input(const Operation& operation, int rank, int ranks, std::uint64_t seed,
                std::span<std::byte> input) {
  require(input.size() == operation.bytes.count, "an input is as long as its operation says");
  const Numbers numbers(operation, ranks, seed);
  with_type(operation.type, [&](auto zero) {
    using T = decltype(zero);
    const std::size_t count = elements(operation);
    for (std::size_t i = 0; i < count; ++i) {
      const T value = static_cast<T>(numbers.of(static_cast<std::uint64_t>(rank), i));
      std::memcpy(input.data() + i * sizeof(T), &value, sizeof(T));
    }
  });
}

void poison(std::span<std::byte> destination) noexcept {
  std::fill(destination.begin(), destination.end(), std::byte{0xff});
}

std::optional<Mismatch> first_mismatch(const Operation& operation, int ranks, std::uint64_t seed,
                                       std::span<const std::byte> destination) {
  require(operation.kind == OperationKind::all_reduce, "only all_reduce has a known result");
  require(destination.size() == operation.bytes.count, "a result is as long as its operation says");
  const Numbers numbers(operation, ranks, seed);
  return with_type(operation.type, [&](auto zero) {
    return compare<decltype(zero)>(operation, numbers, destination);
  });
}

}  // namespace plumbline::collectives
