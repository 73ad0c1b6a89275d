#pragma once

#include <cstdint>

#include "probes/gpu/gpu_pattern.hpp"

// What each kernel is given (one structure, by value, so that both compilers lay it out alike) and
// what its threads do. The C++ compiler builds the same code for the tests.

namespace plumbline::probes::cuda {

/// The names in kernels.cu.
inline constexpr const char* kFillKernel = "plumbline_fill";
inline constexpr const char* kCompareKernel = "plumbline_compare";
inline constexpr const char* kCopyKernel = "plumbline_copy";
inline constexpr const char* kHoldKernel = "plumbline_hold";
inline constexpr const char* kPingKernel = "plumbline_ping";

/// Fills words with the pattern of `seed`, or with poison.
struct FillWork {
  std::uint64_t* words = nullptr;
  std::uint64_t count = 0;
  std::uint64_t seed = 0;
  std::uint32_t poison = 0;
};

/// What all threads of a comparison found together; begins as {0, kNone}.
struct Difference {
  static constexpr std::uint64_t kNone = ~0ULL;
  std::uint64_t wrong = 0;      ///< bytes
  std::uint64_t first = kNone;  ///< offset of the first of them, in bytes
};

/// Compares words with the pattern of `seed`.
struct CompareWork {
  const std::uint64_t* words = nullptr;
  std::uint64_t count = 0;
  std::uint64_t seed = 0;
  Difference* found = nullptr;
};

/// Sixteen bytes, loaded and stored at once.
struct alignas(16) Sixteen {
  std::uint64_t low;
  std::uint64_t high;
};

/// Copies sixteens.
struct CopyWork {
  const Sixteen* source = nullptr;
  Sixteen* destination = nullptr;
  std::uint64_t count = 0;
};

/// Waits until the host releases it, or until the limit: no kernel outlives its host's patience.
struct HoldWork {
  const std::uint32_t* released = nullptr;  ///< in host memory; 1 lets it end
  std::uint32_t* expired = nullptr;         ///< in host memory; set to 1 at the limit
  std::uint64_t limit_ns = 0;
};

/// The clocks around the counted round trips of a ping, to turn ticks into time.
struct PingClock {
  std::uint64_t ticks = 0;
  std::uint64_t nanoseconds = 0;
};

/// One end of a flag's round trips.
struct PingWork {
  std::uint64_t* mine = nullptr;    ///< this end polls it
  std::uint64_t* theirs = nullptr;  ///< this end writes it
  std::uint64_t* ticks = nullptr;   ///< of each counted round trip; the first end's only
  PingClock* clock = nullptr;       ///< the first end's only
  std::uint32_t* expired = nullptr;
  std::uint64_t limit_ns = 0;  ///< for all of it
  std::uint32_t warm = 0;      ///< round trips before those that count
  std::uint32_t count = 0;
  std::uint32_t first = 0;  ///< 1: this end begins
};

/// What thread number `thread` of `threads` fills.
PLUMBLINE_HOST_DEVICE inline void fill_share(const FillWork& work, std::uint64_t thread,
                                             std::uint64_t threads) {
  for (std::uint64_t i = thread; i < work.count; i += threads)
    work.words[i] = work.poison != 0 ? kGpuPoison : gpu_word(work.seed, i);
}

/// What thread number `thread` of `threads` finds.
PLUMBLINE_HOST_DEVICE inline Difference compare_share(const CompareWork& work, std::uint64_t thread,
                                                      std::uint64_t threads) {
  Difference mine;
  for (std::uint64_t i = thread; i < work.count; i += threads) {
    const std::uint64_t expected = gpu_word(work.seed, i);
    const std::uint64_t arrived = work.words[i];
    if (arrived == expected) continue;
    mine.wrong += bytes_unequal(arrived, expected);
    const std::uint64_t at = i * 8 + first_unequal(arrived, expected);
    if (at < mine.first) mine.first = at;
  }
  return mine;
}

/// What thread number `thread` of `threads` copies: four loads are under way at once.
PLUMBLINE_HOST_DEVICE inline void copy_share(const CopyWork& work, std::uint64_t thread,
                                             std::uint64_t threads) {
  std::uint64_t i = thread;
  for (; i + 3 * threads < work.count; i += 4 * threads) {
    const Sixteen one = work.source[i];
    const Sixteen two = work.source[i + threads];
    const Sixteen three = work.source[i + 2 * threads];
    const Sixteen four = work.source[i + 3 * threads];
    work.destination[i] = one;
    work.destination[i + threads] = two;
    work.destination[i + 2 * threads] = three;
    work.destination[i + 3 * threads] = four;
  }
  for (; i < work.count; i += threads)
    work.destination[i] = work.source[i];
}

/// Waits in `world` (loads, stores and clocks of a device or of a host) until released. False at
/// the limit.
template <typename World>
PLUMBLINE_HOST_DEVICE bool hold(const HoldWork& work, const World& world) {
  const std::uint64_t began = world.nanoseconds();
  while (world.load(work.released) == 0) {
    if (world.nanoseconds() - began > work.limit_ns) {
      world.store(work.expired, std::uint32_t{1});
      return false;
    }
  }
  return true;
}

/// Polls until `mine` holds `wanted`; false at the limit. The clock is read only now and then: it
/// is slow.
template <typename World>
PLUMBLINE_HOST_DEVICE bool await_flag(const PingWork& work, std::uint64_t wanted,
                                      std::uint64_t began, const World& world) {
  std::uint32_t polls = 0;
  while (world.load(work.mine) != wanted) {
    if ((++polls & 1023U) == 0 && world.nanoseconds() - began > work.limit_ns) {
      world.store(work.expired, std::uint32_t{1});
      return false;
    }
  }
  return true;
}

/// One end's part of all round trips. False at the limit.
template <typename World>
PLUMBLINE_HOST_DEVICE bool ping(const PingWork& work, const World& world) {
  const std::uint64_t began = world.nanoseconds();
  std::uint64_t counted_ns = 0;
  std::uint64_t counted_ticks = 0;
  for (std::uint32_t trip = 0; trip < work.warm + work.count; ++trip) {
    if (work.first != 0 && trip == work.warm) {
      counted_ns = world.nanoseconds();
      counted_ticks = world.ticks();
    }
    const std::uint64_t word = std::uint64_t{trip} + 1;
    const std::uint64_t before = world.ticks();
    if (work.first != 0) world.store(work.theirs, word);
    if (!await_flag(work, word, began, world)) return false;
    if (work.first == 0) world.store(work.theirs, word);
    if (work.first != 0 && trip >= work.warm) work.ticks[trip - work.warm] = world.ticks() - before;
  }
  if (work.first != 0) {
    work.clock->ticks = world.ticks() - counted_ticks;
    work.clock->nanoseconds = world.nanoseconds() - counted_ns;
  }
  return true;
}

}  // namespace plumbline::probes::cuda
