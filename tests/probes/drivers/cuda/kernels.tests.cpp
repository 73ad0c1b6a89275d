// The code of the kernels, run by the host's threads: the same functions that nvcc compiles.

#include <algorithm>
#include <atomic>
#include <catch2/catch_test_macros.hpp>
#include <cstring>
#include <thread>
#include <vector>

#include "probes/drivers/cuda/kernel_work.hpp"
#include "probes/pattern.hpp"

namespace {

using namespace plumbline;
using namespace plumbline::probes;
using namespace plumbline::probes::cuda;

constexpr std::uint64_t kThreads = 96;

std::vector<std::uint64_t> filled(std::size_t count, std::uint64_t seed, bool poison = false) {
  std::vector<std::uint64_t> words(count);
  const FillWork work{words.data(), count, seed, poison ? 1U : 0U};
  for (std::uint64_t thread = 0; thread < kThreads; ++thread)
    fill_share(work, thread, kThreads);
  return words;
}

Difference compared(const std::vector<std::uint64_t>& words, std::uint64_t seed) {
  Difference all;
  const CompareWork work{words.data(), words.size(), seed, nullptr};
  for (std::uint64_t thread = 0; thread < kThreads; ++thread) {
    const Difference mine = compare_share(work, thread, kThreads);
    all.wrong += mine.wrong;
    all.first = std::min(all.first, mine.first);
  }
  return all;
}

void plant(std::vector<std::uint64_t>& words, std::size_t at, unsigned char change) {
  reinterpret_cast<unsigned char*>(words.data())[at] ^= change;
}

struct HostWorld {
  std::uint64_t* time = nullptr;  ///< when given: a clock that jumps with every look
  template <typename Word>
  Word load(const Word* word) const {
    return std::atomic_ref(*const_cast<Word*>(word)).load();
  }
  template <typename Word>
  void store(Word* word, Word value) const {
    std::atomic_ref(*word).store(value);
  }
  std::uint64_t nanoseconds() const { return time == nullptr ? 1 : *time += 1'000'000; }
  std::uint64_t ticks() const { return nanoseconds(); }
};

}  // namespace

TEST_CASE("A filled region equals its pattern, whatever the number of words and threads") {
  for (const std::size_t count : {1U, 2U, 95U, 96U, 97U, 5000U}) {
    const auto words = filled(count, 77);
    CHECK(compared(words, 77).wrong == 0);
    CHECK(compared(words, 77).first == Difference::kNone);
    CHECK(compared(words, 78).wrong > 0);
  }
}

TEST_CASE("Every byte of the poison is the poison of all probes") {
  const auto words = filled(10, 3, true);
  for (const std::uint64_t word : words) {
    unsigned char bytes[8];
    std::memcpy(bytes, &word, sizeof bytes);
    CHECK(std::all_of(bytes, bytes + 8,
                      [](unsigned char byte) { return std::byte{byte} == kPoison; }));
  }
  CHECK(compared(words, 3).wrong > 0);
}

TEST_CASE("Every planted error is counted, and the first of them is named") {
  auto words = filled(4096, 5);
  for (const std::size_t at : {32767U, 4097U, 130U}) {
    plant(words, at, 0x10);
    CHECK(compared(words, 5).first == at);
  }
  CHECK(compared(words, 5).wrong == 3);
  plant(words, 131, 0xff);
  plant(words, 0, 0x01);
  CHECK(compared(words, 5).wrong == 5);
  CHECK(compared(words, 5).first == 0);
}

TEST_CASE("Words that changed places, and words of another batch, are errors") {
  auto words = filled(64, 9);
  std::swap(words[10], words[11]);
  CHECK(compared(words, 9).first == 80);
  CHECK(compared(words, 9).wrong > 8);
  words = filled(64, 9);
  words[63] = filled(64, 8)[63];
  CHECK(compared(words, 9).first >= 504);
}

TEST_CASE("A copy by threads copies every sixteen bytes once and nothing behind them") {
  for (const std::size_t count : {1U, 95U, 96U, 384U, 385U, 3000U}) {
    const auto source = filled(2 * count, 21);
    auto destination = filled(2 * count + 2, 0, true);
    CopyWork work{reinterpret_cast<const Sixteen*>(source.data()),
                  reinterpret_cast<Sixteen*>(destination.data()), count};
    for (std::uint64_t thread = 0; thread < kThreads; ++thread)
      copy_share(work, thread, kThreads);
    CHECK(std::equal(source.begin(), source.end(), destination.begin()));
    CHECK(destination[2 * count] == kGpuPoison);
    CHECK(destination[2 * count + 1] == kGpuPoison);
  }
}

TEST_CASE("A hold waits for its release, and gives up by itself at its limit") {
  std::uint32_t released = 1;
  std::uint32_t expired = 0;
  CHECK(hold({&released, &expired, 1000}, HostWorld{}));
  CHECK(expired == 0);
  released = 0;
  std::uint64_t time = 0;
  CHECK_FALSE(hold({&released, &expired, 50'000'000}, HostWorld{&time}));
  CHECK(expired == 1);
}

TEST_CASE("A flag goes to and fro between two ends, each trip with its ticks") {
  std::uint64_t one = 0;
  std::uint64_t other = 0;
  std::uint32_t expired = 0;
  std::vector<std::uint64_t> ticks(50, 0);
  PingClock clock;
  PingWork begins{&one, &other, ticks.data(), &clock, &expired, 1ULL << 62U, 10, 50, 1};
  PingWork answers{&other, &one, nullptr, nullptr, &expired, 1ULL << 62U, 10, 50, 0};
  std::uint64_t time = 0;
  bool answered = false;
  std::thread answering([&] { answered = ping(answers, HostWorld{}); });
  const bool pinged = ping(begins, HostWorld{&time});
  answering.join();
  CHECK(pinged);
  CHECK(answered);
  CHECK(one == 60);
  CHECK(other == 60);
  CHECK(std::all_of(ticks.begin(), ticks.end(), [](std::uint64_t tick) { return tick > 0; }));
  CHECK(clock.ticks > 0);
  CHECK(expired == 0);
}

TEST_CASE("A flag that does not come back ends at the limit") {
  std::uint64_t one = 0;
  std::uint64_t other = 0;
  std::uint32_t expired = 0;
  std::uint64_t ticks = 0;
  PingClock clock;
  std::uint64_t time = 0;
  PingWork begins{&one, &other, &ticks, &clock, &expired, 10'000'000, 0, 1, 1};
  CHECK_FALSE(ping(begins, HostWorld{&time}));
  CHECK(expired == 1);
}
