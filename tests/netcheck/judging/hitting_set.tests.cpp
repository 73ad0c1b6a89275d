#include <catch2/catch_test_macros.hpp>
#include <vector>

#include "netcheck/localisation/hitting_set.hpp"

namespace plumbline::netcheck {
namespace {

using Parts = std::vector<int>;

}  // namespace

TEST_CASE("One part in every bad pair is the culprit") {
  const Explanation found = smallest_explanations({{1, 2}, {1, 3}, {4, 1}});
  CHECK(found.certain == Parts{1});
  CHECK(found.open.empty());
  CHECK(found.exact);
}

TEST_CASE("Two parts that are always together cannot be told apart") {
  const Explanation found = smallest_explanations({{1, 2}, {2, 1}, {1, 2, 5}});
  CHECK(found.certain.empty());
  REQUIRE(found.open.size() == 1);
  CHECK(found.open.front() == Parts{1, 2});
}

TEST_CASE("Independent faults are explained independently") {
  const Explanation found = smallest_explanations({{1, 2}, {1, 3}, {7, 8}, {7, 9}, {20, 21}});
  CHECK(found.certain == Parts{1, 7});
  REQUIRE(found.open.size() == 1);
  CHECK(found.open.front() == Parts{20, 21});
}

TEST_CASE("What a certain part explains does not widen a set that is open") {
  // 1 alone explains the first; 1-2 is explained by it; 5 and 6 stay open.
  const Explanation found = smallest_explanations({{1}, {1, 2}, {5, 6}});
  CHECK(found.certain == Parts{1});
  REQUIRE(found.open.size() == 1);
  CHECK(found.open.front() == Parts{5, 6});
}

TEST_CASE("Three equal explanations of two parts stay one open set") {
  const Explanation found = smallest_explanations({{1, 2}, {2, 3}, {1, 3}});
  CHECK(found.certain.empty());
  REQUIRE(found.open.size() == 1);
  CHECK(found.open.front() == Parts{1, 2, 3});
}

TEST_CASE("Nothing bad needs no explanation") {
  const Explanation found = smallest_explanations({});
  CHECK(found.certain.empty());
  CHECK(found.open.empty());
}

TEST_CASE("Too many faults at once are explained greedily and said to be so") {
  std::vector<Parts> sets;
  for (int one = 0; one < 12; ++one) {
    for (int other = one + 1; other < 12; ++other)
      sets.push_back({one, other});
  }
  const Explanation found = smallest_explanations(sets);
  CHECK_FALSE(found.exact);
  CHECK(found.certain.empty());
  REQUIRE(found.open.size() == 1);
  CHECK(found.open.front().size() == 11);
}

}  // namespace plumbline::netcheck
