#include "netcheck/expectations/rate_table.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace plumbline;
using namespace plumbline::netcheck;

namespace {

std::string complaint(const std::string& text) {
  const auto table = RateTable::parse(text);
  return table ? "" : table.error().message;
}

}  // namespace

TEST_CASE("The project's table gives every figure a source and a date") {
  REQUIRE(known_rates().rows().size() >= 20);
  for (const RateRow& row : known_rates().rows()) {
    CHECK(row.source.size() > 10);
    CHECK(row.date.size() == 10);
  }
  REQUIRE(known_rates().find("nvlink_link", 4) != nullptr);
  CHECK(known_rates().find("nvlink_link", 4)->value == 25e9);
  CHECK(known_rates().find("pcie_lane", 5)->value * 16 > 62.9e9);
}

TEST_CASE("A generation's minor number has the figures of the whole one, an unknown one none") {
  CHECK(known_rates().find("nvlink_link", 3.1) == known_rates().find("nvlink_link", 3));
  CHECK(known_rates().find("nvlink_link", 9) == nullptr);
  CHECK(known_rates().find("nvlink_copy", 2) == nullptr);
}

TEST_CASE("A table is read past comments, empty lines and blanks") {
  const auto table = RateTable::parse("# a\n\n  pcie_lane | 3 | 1e9 | somebody | 2026-01-01  \r\n");
  REQUIRE(table);
  REQUIRE(table->rows().size() == 1);
  CHECK(table->rows()[0].source == "somebody");
}

TEST_CASE("What is wrong in a table of rates is told with its line") {
  CHECK(complaint("pcie_lane | 3 | 1e9 | x") == "line 1 has not five fields");
  CHECK(complaint("\n | 3 | 1e9 | x | 2026-01-01") == "line 2 names nothing");
  CHECK(complaint("a | three | 1e9 | x | 2026-01-01").find("generation") != std::string::npos);
  CHECK(complaint("a | 3 | fast | x | 2026-01-01").find("value") != std::string::npos);
  CHECK(complaint("a | 3 | -1 | x | 2026-01-01").find("value") != std::string::npos);
  CHECK(complaint("a | 3 | nan | x | 2026-01-01").find("value") != std::string::npos);
  CHECK(complaint("a | 3 | 1.2 | x | 2026-01-01").find("above one") != std::string::npos);
  CHECK(complaint("a | 3 | 0.5 |  | 2026-01-01").find("source") != std::string::npos);
  CHECK(complaint("a | 3 | 0.5 | x | today").find("date") != std::string::npos);
  CHECK(complaint("a | 3 | 0.5 | x | 2026-01-01\na | 3 | 0.6 | x | 2026-01-01") ==
        "line 2 gives a figure again");
}
