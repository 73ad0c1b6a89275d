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

/// What this rank gives. Every element is a whole number that no other element of any rank has (as
/// long as elements x ranks fit into 2^bits(type, ranks)), small enough that every sum over all
/// ranks is exact in the element's type in any order: results are compared for equality, floats
/// too. Another seed gives other numbers everywhere.
void fill_input(const Operation& operation, int rank, int ranks, std::uint64_t seed,
                std::span<std::byte> input);

/// Sets every byte to what no right result has (-1 as an integer, not a number as a float).
void poison(std::span<std::byte> destination) noexcept;

/// Compares what arrived with the exact result of the operation over all ranks' inputs. Nothing:
/// every element is right. Only all_reduce is known so far; plan() refuses the others before.
std::optional<Mismatch> first_mismatch(const Operation& operation, int ranks, std::uint64_t seed,
                                       std::span<const std::byte> destination);

/// Bits of the largest input value: mantissa less what a sum over `ranks` needs.
int value_bits(ElementType type, int ranks) noexcept;

}  // namespace plumbline::collectives
