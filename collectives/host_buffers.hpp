#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "collectives/operation.hpp"

namespace plumbline::collectives {

/// Input and destinations of one batch in host memory: one destination a run, so that every timed
/// run is also a verified one.
class HostBuffers {
 public:
  /// Fills the input from `seed` and poisons `repeats` destinations. Memory is kept between
  /// batches.
  void prepare(const Operation& operation, int rank, int ranks, std::uint64_t seed, int repeats);
  /// This rank's input.
  std::span<const std::byte> input() const { return input_; }
  /// Where run number `run` puts its result.
  std::span<std::byte> destination(int run);
  /// What is wrong first, as Communicator::verify() says it.
  std::optional<std::string> verify(const Operation& operation) const;

 private:
  int ranks_ = 1;
  std::uint64_t seed_ = 0;
  std::vector<std::byte> input_;
  std::vector<std::vector<std::byte>> destinations_;
};

}  // namespace plumbline::collectives
