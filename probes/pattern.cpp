#include "probes/pattern.hpp"

#include <algorithm>
#include <cstring>

namespace plumbline::probes {

namespace {

/// Messages begin one word later each, up to this many words, then at the front again.
constexpr std::uint64_t kShifts = 4096;

}  // namespace

std::uint64_t mix(std::uint64_t state) {
  // The finaliser of splitmix64 (Steele, Lea, Flood 2014).
  state = (state ^ (state >> 30U)) * 0xBF58476D1CE4E5B9ULL;
  state = (state ^ (state >> 27U)) * 0x94D049BB133111EBULL;
  return state ^ (state >> 31U);
}

std::uint64_t batch_seed(std::uint64_t seed, std::uint64_t number, std::uint64_t batch) {
  return mix(mix(seed + 0x9E3779B97F4A7C15ULL * (number + 1)) + batch);
}

Pattern::Pattern(std::uint64_t seed, std::size_t message_size)
    : size_(message_size), words_(message_size / 8 + 1 + kShifts) {
  std::uint64_t state = seed;
  for (auto& word : words_) {
    state += 0x9E3779B97F4A7C15ULL;
    word = mix(state);
  }
}

std::span<const std::byte> Pattern::message(std::uint64_t sequence) const {
  const auto bytes = std::as_bytes(std::span(words_));
  return bytes.subspan(static_cast<std::size_t>(sequence % kShifts) * 8, size_);
}

std::size_t Pattern::equal_prefix(std::uint64_t position,
                                  std::span<const std::byte> arrived) const {
  std::size_t done = 0;
  while (done < arrived.size()) {
    const auto expected = message((position + done) / size_)
                              .subspan(static_cast<std::size_t>((position + done) % size_));
    const std::size_t count = std::min(expected.size(), arrived.size() - done);
    if (std::memcmp(expected.data(), arrived.data() + done, count) != 0) {
      const auto wrong =
          std::mismatch(expected.begin(), expected.begin() + static_cast<std::ptrdiff_t>(count),
                        arrived.begin() + static_cast<std::ptrdiff_t>(done));
      return done + static_cast<std::size_t>(wrong.first - expected.begin());
    }
    done += count;
  }
  return done;
}

}  // namespace plumbline::probes
