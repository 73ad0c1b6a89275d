#include "probes/pattern.hpp"

#include <catch2/catch_test_macros.hpp>
#include <cstring>
#include <set>

using namespace plumbline::probes;

namespace {

std::vector<std::byte> stream_of(const Pattern& pattern, std::uint64_t messages) {
  std::vector<std::byte> bytes;
  for (std::uint64_t i = 0; i < messages; ++i) {
    const auto message = pattern.message(i);
    bytes.insert(bytes.end(), message.begin(), message.end());
  }
  return bytes;
}

}  // namespace

TEST_CASE("A stream equals its own pattern from any position on") {
  const Pattern pattern(7, 1000);
  const auto bytes = stream_of(pattern, 5);
  for (const std::size_t from : {0U, 1U, 999U, 1000U, 1001U, 4321U}) {
    CHECK(pattern.equal_prefix(from, std::span(bytes).subspan(from)) == bytes.size() - from);
  }
}

TEST_CASE("The first wrong byte is found wherever it is") {
  const Pattern pattern(7, 1000);
  for (const std::size_t at : {0U, 7U, 999U, 1000U, 2500U}) {
    auto bytes = stream_of(pattern, 3);
    bytes[at] ^= std::byte{1};
    CHECK(pattern.equal_prefix(0, bytes) == at);
  }
}

TEST_CASE("A lost, doubled or foreign message does not pass") {
  const Pattern pattern(7, 4096);
  const Pattern other_seed(8, 4096);
  const auto zeroth = pattern.message(0);
  CHECK(pattern.equal_prefix(4096, zeroth) == 0);
  CHECK(pattern.equal_prefix(0, pattern.message(1)) == 0);
  CHECK(pattern.equal_prefix(0, other_seed.message(0)) == 0);
}

TEST_CASE("Poison and stale words never equal the pattern") {
  const Pattern pattern(7, 1U << 20U);
  std::set<std::uint64_t> words;
  for (std::size_t i = 0; i < (1U << 20U) / 8; ++i) {
    std::uint64_t word = 0;
    std::memcpy(&word, pattern.message(0).data() + i * 8, 8);
    words.insert(word);
  }
  CHECK(words.size() == (1U << 20U) / 8);
  CHECK_FALSE(words.contains(0xA5A5A5A5A5A5A5A5ULL));
}

TEST_CASE("Every batch of every number has its own seed") {
  std::set<std::uint64_t> seeds;
  for (std::uint64_t number = 0; number < 20; ++number) {
    for (std::uint64_t batch = 0; batch < 64; ++batch)
      seeds.insert(batch_seed(1, number, batch));
  }
  CHECK(seeds.size() == 20 * 64);
}
