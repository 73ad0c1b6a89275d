#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "collectives/operation.hpp"
#include "collectives/payload.hpp"

namespace plumbline::collectives {

/// What is wrong with a batch.
struct Wrong {
  std::string text;            ///< "run 1, element 17 is 3, expected 21, 4 of 100 elements ..."
  std::uint64_t elements = 0;  ///< wrong elements of all runs
};

/// Input and destinations of one batch in host memory: one destination a run, so that every timed
/// run is also a verified one.
class HostBuffers {
 public:
  /// Fills the input from `seed` and poisons `repeats` destinations: every byte is the complement
  /// of the right one, in place where the input does not stand. Memory is kept between batches.
  void prepare(const Operation& operation, int rank, int ranks, std::uint64_t seed, int repeats);
  /// This rank's input, apart from any destination.
  std::span<const std::byte> input() const { return input_; }
  /// What run number `run` reads: the input, in place a copy of it inside the destination.
  std::span<std::byte> source(int run);
  /// Where run number `run` puts its result.
  std::span<std::byte> destination(int run);
  /// The buffer that holds both, in place; else the destination.
  std::span<std::byte> whole(int run);
  /// How many destinations there are.
  int runs() const { return static_cast<int>(destinations_.size()); }
  /// Compares every run's destination with the exact result. Nothing: all are right. A float may
  /// differ by `slack` of the expected value.
  std::optional<Wrong> verify(double slack = 0) const;

 private:
  std::span<const std::byte> result_of(std::size_t run) const;

  Operation operation_;
  Layout layout_;
  std::size_t element_ = 1;
  std::size_t rank_ = 0;
  bool result_ = true;
  std::vector<std::byte> input_;
  std::vector<std::byte> expected_;
  std::vector<std::vector<std::byte>> destinations_;
};

/// Says a mismatch as verify() does.
Wrong wrong_run(std::size_t run, const Mismatch& mismatch, std::size_t elements);

}  // namespace plumbline::collectives
