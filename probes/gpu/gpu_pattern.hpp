#pragma once

#include <cstddef>
#include <cstdint>

// The arithmetic that device and host share: nvcc compiles it for the kernels, the C++ compiler for
// fakes, references and tests. Nothing but plain functions of values.
#ifdef __CUDACC__
#define PLUMBLINE_HOST_DEVICE __host__ __device__
#else
#define PLUMBLINE_HOST_DEVICE
#endif

namespace plumbline::probes {

/// Word `index` of the pattern of `seed`: splitmix64's output (Steele, Lea, Flood 2014), so all
/// words of a region differ from each other and from those of another seed at the same place.
PLUMBLINE_HOST_DEVICE constexpr std::uint64_t gpu_word(std::uint64_t seed, std::uint64_t index) {
  std::uint64_t state = seed + (index + 1) * 0x9E3779B97F4A7C15ULL;
  state = (state ^ (state >> 30U)) * 0xBF58476D1CE4E5B9ULL;
  state = (state ^ (state >> 27U)) * 0x94D049BB133111EBULL;
  return state ^ (state >> 31U);
}

/// Eight bytes of kPoison (probes/pattern.hpp).
inline constexpr std::uint64_t kGpuPoison = 0xA5A5A5A5A5A5A5A5ULL;

/// How many of the eight bytes of two words differ.
PLUMBLINE_HOST_DEVICE constexpr std::uint32_t bytes_unequal(std::uint64_t one,
                                                            std::uint64_t other) {
  const std::uint64_t change = one ^ other;
  std::uint32_t count = 0;
  for (std::uint32_t byte = 0; byte < 8; ++byte) {
    if (((change >> (8 * byte)) & 0xFFU) != 0) ++count;
  }
  return count;
}

/// The lowest byte (little-endian: the first in memory) in which two different words differ.
PLUMBLINE_HOST_DEVICE constexpr std::uint32_t first_unequal(std::uint64_t one,
                                                            std::uint64_t other) {
  const std::uint64_t change = one ^ other;
  std::uint32_t byte = 0;
  while (byte < 8 && ((change >> (8 * byte)) & 0xFFU) == 0)
    ++byte;
  return byte;
}

}  // namespace plumbline::probes
