#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "collectives/operation.hpp"

namespace plumbline::collectives {

/// The first element that is not what it must be, of how many.
struct Mismatch {
  std::size_t element = 0;
  std::size_t wrong = 0;  ///< how many elements differ
  std::string expected;
  std::string got;
};

/// What this rank gives. Every element is a number that the others do not have, as far as the type
/// and the reduction leave room: whole numbers small enough that every partial sum over all ranks
/// is exact in any order, powers of two for products of floats, all bits for whole numbers that may
/// wrap around. So results are compared for equality, floats too. Where a type is too narrow for
/// all ranks, some give the neutral element, others in every element. Another seed gives other
/// numbers everywhere.
void fill_input(const Operation& operation, int rank, int ranks, std::uint64_t seed,
                std::span<std::byte> input);

/// The exact result of the operation on `rank` over all ranks' inputs.
void fill_result(const Operation& operation, int rank, int ranks, std::uint64_t seed,
                 std::span<std::byte> result);

/// Compares what arrived with the exact result, both of as many elements. Nothing: every element is
/// right. A float may differ by `slack` of the expected value.
std::optional<Mismatch> first_mismatch(ElementType type, std::span<const std::byte> expected,
                                       std::span<const std::byte> got, double slack = 0);

/// Bits of the largest input value of a sum of floats or of signed numbers of 32 and 64 bits:
/// mantissa less what a sum over `ranks` needs; at least 1.
int value_bits(ElementType type, int ranks) noexcept;

}  // namespace plumbline::collectives
