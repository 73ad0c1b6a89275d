#include "collectives/payload.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <cstring>
#include <vector>

#include "collectives/host_buffers.hpp"

using namespace plumbline;
using namespace plumbline::collectives;

namespace {

Operation reduce_of(ElementType type, std::uint64_t bytes) {
  Operation operation;
  operation.type = type;
  operation.bytes = {bytes};
  return operation;
}

template <typename T>
std::vector<T> input_of(const Operation& operation, int rank, int ranks, std::uint64_t seed) {
  std::vector<T> values(elements(operation));
  fill_input(operation, rank, ranks, seed, std::as_writable_bytes(std::span(values)));
  return values;
}

template <typename T>
std::vector<T> summed(const Operation& operation, int ranks, std::uint64_t seed, bool backwards) {
  std::vector<T> sum(elements(operation), T{0});
  for (int step = 0; step < ranks; ++step) {
    const int rank = backwards ? ranks - 1 - step : step;
    const auto values = input_of<T>(operation, rank, ranks, seed);
    for (std::size_t i = 0; i < sum.size(); ++i)
      sum[i] = static_cast<T>(sum[i] + values[i]);
  }
  return sum;
}

/// Compares with the exact result of the rank 0.
template <typename T>
std::optional<Mismatch> compare(const Operation& operation, int ranks, std::uint64_t seed,
                                const std::vector<T>& got) {
  std::vector<T> right(elements(operation));
  fill_result(operation, 0, ranks, seed, std::as_writable_bytes(std::span(right)));
  return first_mismatch(operation.type, std::as_bytes(std::span(right)),
                        std::as_bytes(std::span(got)));
}

template <typename T>
void check_exact(ElementType type) {
  const int ranks = GENERATE(2, 3, 4, 8);
  const Operation operation = reduce_of(type, 24'000);
  for (const bool backwards : {false, true}) {
    const auto sum = summed<T>(operation, ranks, 7, backwards);
    const auto wrong = compare(operation, ranks, 7, sum);
    INFO(ranks << " ranks");
    CHECK_FALSE(wrong);
  }
}

}  // namespace

TEST_CASE("Sums are exact in every type, whatever the order of the ranks") {
  SECTION("float32") { check_exact<float>(ElementType::float32); }
  SECTION("float64") { check_exact<double>(ElementType::float64); }
  SECTION("int32") { check_exact<std::int32_t>(ElementType::int32); }
  SECTION("int64") { check_exact<std::int64_t>(ElementType::int64); }
}

TEST_CASE("Every element on every rank differs") {
  const int ranks = 6;
  for (const ElementType type : {ElementType::float32, ElementType::float64}) {
    const Operation operation = reduce_of(type, 400'000);
    std::vector<double> seen;
    for (int rank = 0; rank < ranks; ++rank) {
      const auto add = [&seen](const auto& values) {
        seen.insert(seen.end(), values.begin(), values.end());
      };
      if (type == ElementType::float64) add(input_of<double>(operation, rank, ranks, 3));
      if (type == ElementType::float32) add(input_of<float>(operation, rank, ranks, 3));
    }
    std::sort(seen.begin(), seen.end());
    seen.erase(std::unique(seen.begin(), seen.end()), seen.end());
    CHECK(seen.size() == elements(operation) * ranks);
  }
}

TEST_CASE("Another seed gives other numbers and other sums everywhere") {
  const Operation operation = reduce_of(ElementType::float64, 8'000);
  const auto one = input_of<double>(operation, 1, 4, 1);
  const auto two = input_of<double>(operation, 1, 4, 2);
  std::size_t same = 0;
  for (std::size_t i = 0; i < one.size(); ++i)
    same += one[i] == two[i] ? 1 : 0;
  CHECK(same == 0);
  const auto sum = summed<double>(operation, 4, 1, false);
  const auto wrong = compare(operation, 4, 2, sum);
  REQUIRE(wrong);
  CHECK(wrong->wrong == elements(operation));
}

TEST_CASE("One planted error is found where it is, with both values") {
  const Operation operation = reduce_of(ElementType::float64, 80'000);
  auto sum = summed<double>(operation, 3, 5, false);
  const double right = sum[4711];
  sum[4711] += 1;
  const auto wrong = compare(operation, 3, 5, sum);
  REQUIRE(wrong);
  CHECK(wrong->element == 4711);
  CHECK(wrong->wrong == 1);
  CHECK(wrong->expected == std::to_string(static_cast<long long>(right)));
  CHECK(wrong->got == std::to_string(static_cast<long long>(right + 1)));
}

TEST_CASE("Errors that leave a plain checksum unchanged are found") {
  const Operation operation = reduce_of(ElementType::float64, 8'000);
  auto sum = summed<double>(operation, 4, 5, false);
  SECTION("two elements change places") { std::swap(sum[10], sum[11]); }
  SECTION("a block arrives twice") { std::memcpy(&sum[100], &sum[0], 800); }
  SECTION("one rank's part counts twice and another's not at all") {
    const auto first = input_of<double>(operation, 1, 4, 5);
    const auto second = input_of<double>(operation, 2, 4, 5);
    sum[0] += first[0] - second[0];
  }
  SECTION("a neighbour's element is taken") { sum[20] = sum[21]; }
  CHECK(compare(operation, 4, 5, sum));
}

TEST_CASE("A destination that nobody wrote is wrong, and so is one of the batch before") {
  const Operation operation = reduce_of(ElementType::float64, 8'000);
  HostBuffers buffers;
  buffers.prepare(operation, 0, 2, 1, 2);
  const auto untouched = buffers.verify();
  REQUIRE(untouched);
  CHECK(untouched->text.find("run 0, element 0") != std::string::npos);
  const auto sum = summed<double>(operation, 2, 1, false);
  std::memcpy(buffers.destination(0).data(), sum.data(), 8'000);
  REQUIRE(buffers.verify());
  CHECK(buffers.verify()->text.find("run 1, element 0") != std::string::npos);
  std::memcpy(buffers.destination(1).data(), sum.data(), 8'000);
  CHECK_FALSE(buffers.verify());
  buffers.prepare(operation, 0, 2, 2, 2);
  CHECK(buffers.verify());
}

TEST_CASE("Least and greatest are known too") {
  Operation operation = reduce_of(ElementType::int64, 800);
  const Reduction reduction = GENERATE(Reduction::min, Reduction::max);
  operation.reduction = reduction;
  auto all = input_of<std::int64_t>(operation, 0, 3, 9);
  for (int rank = 1; rank < 3; ++rank) {
    const auto other = input_of<std::int64_t>(operation, rank, 3, 9);
    for (std::size_t i = 0; i < all.size(); ++i)
      all[i] =
          reduction == Reduction::min ? std::min(all[i], other[i]) : std::max(all[i], other[i]);
  }
  CHECK_FALSE(compare(operation, 3, 9, all));
}

TEST_CASE("Values leave room for the sum") {
  CHECK(value_bits(ElementType::float32, 2) == 23);
  CHECK(value_bits(ElementType::float32, 6) == 21);
  CHECK(value_bits(ElementType::float64, 8) == 50);
  CHECK(value_bits(ElementType::int32, 3) == 29);
}
