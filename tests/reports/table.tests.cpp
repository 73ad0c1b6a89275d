#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <sstream>
#include <string>

#include "reports/forms.hpp"
#include "reports/text.hpp"
#include "tests/reports/samples.hpp"

using namespace plumbline;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::StartsWith;

namespace {

std::string drawn(const Report& report, int width = 100, bool colour = false) {
  return reports::table(report, {colour, width});
}

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

std::size_t widest(const std::string& text) {
  std::istringstream lines(text);
  std::size_t most = 0;
  for (std::string line; std::getline(lines, line);) {
    most = std::max(most, reports::columns(line));
  }
  return most;
}

std::size_t place(const std::string& text, const std::string& part) {
  const std::size_t at = text.find(part);
  INFO(part);
  CHECK(at != std::string::npos);
  return at;
}

}  // namespace

TEST_CASE("The first line is the verdict and why") {
  CHECK(first_line(drawn(samples::healthy())) ==
        "PASS: all 60 paths reach what their slowest hop allows, and all claims are true");
  CHECK(first_line(drawn(samples::slow_nic())) ==
        "FAIL: nic node-3/ens1 (rail-a) reaches 30 % of what is expected");
  CHECK_THAT(drawn(samples::dead_agent()), StartsWith("INCONCLUSIVE: agent on node-5"));
}

TEST_CASE("A table tells what was brought through the scheduler, trouble first") {
  const std::string text = drawn(samples::interrupted());
  const auto ended = text.find("ended: pod plumbline/plumbline-7k2mabcdef-gang-1");
  const auto left = text.find("left behind: Job plumbline-7k2mabcdef-gang");
  const auto control = text.find("DID NOT BEHAVE  negative control");
  CHECK(text.find("Through the scheduler") < ended);
  CHECK(ended < left);
  CHECK(left < control);
  CHECK(control != std::string::npos);
  CHECK_THAT(text, ContainsSubstring("not bound: Unschedulable"));
}

TEST_CASE("A table made from fakes or interrupted says so in its first line") {
  CHECK_THAT(first_line(drawn(samples::from_fakes())),
             StartsWith("PASS (made from fake drivers: not evidence)"));
  CHECK_THAT(first_line(drawn(samples::interrupted())),
             StartsWith("INCONCLUSIVE (interrupted: deadline of 10m reached)"));
}

TEST_CASE("A culprit stands with claim, what is there, measurement, expectation and next step") {
  const std::string text = drawn(samples::slow_nic());
  const std::size_t culprit = place(text, "DEGRADED  nic node-3/ens1 (rail-a)  [path]");
  const std::size_t claimed = place(text, "    claimed   ResourceSlice node-3-dra.net");
  const std::size_t there =
      place(text, "    there     /sys/class/net/ens1/operstate on node-3: up");
  const std::size_t measured = place(text, "    measured  node-1/ens1 -> node-3/ens1");
  const std::size_t expected = place(text, "    expected  12.4 MB/s, ok from 90 %: slowest hop");
  const std::size_t next = place(text, "    next      Check cable");
  const std::size_t numbers = place(text, "Goodput on rail-a");
  CHECK(culprit < claimed);
  CHECK(claimed < there);
  CHECK(there < measured);
  CHECK(measured < expected);
  CHECK(expected < next);
  CHECK(next < numbers);
  CHECK_THAT(drawn(samples::slow_nic(), 200),
             ContainsSubstring("over 6 batches, path proven by 3 of 3 signs"));
}

TEST_CASE("What cannot be told apart is listed as one set") {
  CHECK_THAT(drawn(samples::ambiguous(), 200),
             ContainsSubstring("one of these, which cannot be told apart: uplink rack-2/rail-b; "
                               "nic node-3/ens2 (rail-b)"));
}

TEST_CASE("Claims that are true are only counted") {
  const std::string text = drawn(samples::healthy());
  CHECK_THAT(text, ContainsSubstring("7 claims found to be true: X03 x 6, X10 x 1"));
  CHECK(text.find("has the MAC") == std::string::npos);
}

TEST_CASE("What was not measured is grouped by its reason") {
  const std::string text = drawn(samples::dead_agent());
  CHECK_THAT(text,
             ContainsSubstring("42 measurements skipped (all touch node-5): agent on node-5"));
  CHECK_THAT(
      drawn(samples::interrupted(), 200),
      ContainsSubstring("1 measurement failed (rail-a, all_reduce in group rack-3, 2 ranks 4 "
                        "MiB): the probe was killed after 8 s (at fault: node-2)"));
}

TEST_CASE("The matrix shows numbers, and marks what is below expected") {
  const std::string text = drawn(samples::slow_nic());
  CHECK_THAT(text, ContainsSubstring("Goodput on rail-a, MB/s, a row sends to the columns"));
  CHECK_THAT(text, ContainsSubstring("    1 node-1 rack-1            24.8    3.70!"));
  CHECK_THAT(drawn(samples::dead_agent()),
             ContainsSubstring("    5 node-5 rack-3       -       -"));
}

TEST_CASE("Every table fits its width, however narrow it is and however many nodes there are") {
  for (const auto& sample : samples::all()) {
    for (const int width : {40, 60, 80, 100, 140}) {
      INFO(sample.name << " at " << width);
      CHECK(widest(drawn(sample.report, width)) <= static_cast<std::size_t>(width));
    }
  }
}

TEST_CASE("Many nodes are drawn as one sign a pair, with the slowest paths by name") {
  const std::string text = drawn(samples::large(64, 4));
  CHECK_THAT(text, ContainsSubstring("Goodput on rail-d, a row sends to the columns"));
  CHECK_THAT(text, ContainsSubstring("slowest   node-1/ens4 -> node-13/ens4"));
  CHECK_THAT(text, ContainsSubstring("   13 node-13 rack-7  !!!!!!!!!!!! .!!!!"));
}

TEST_CASE("Hostile names cannot steer the terminal") {
  for (const bool colour : {false, true}) {
    std::string text = drawn(samples::hostile(), 100, colour);
    // The sheet's own colours are all that may be left.
    for (std::size_t at = 0; (at = text.find("\x1b[", at)) != std::string::npos;) {
      const std::size_t end = text.find('m', at);
      const std::string code = text.substr(at + 2, end - at - 2);
      REQUIRE(code.find_first_not_of("0123456789;") == std::string::npos);
      CHECK(colour);
      text.erase(at, end - at + 1);
    }
    std::erase(text, '\n');
    CHECK(reports::visible(text) == text);
  }
}

TEST_CASE("Colour is there only when it is asked for") {
  CHECK(drawn(samples::slow_nic()).find('\x1b') == std::string::npos);
  CHECK_THAT(drawn(samples::slow_nic(), 100, true), StartsWith("\x1b[1;31mFAIL"));
  CHECK_THAT(drawn(samples::healthy(), 100, true), StartsWith("\x1b[1;32mPASS"));
}

TEST_CASE("An empty report is inconclusive and still a table") {
  CHECK_THAT(drawn(samples::empty()), StartsWith("INCONCLUSIVE"));
  CHECK_THAT(drawn(samples::empty()), ContainsSubstring("0 % of the pairs"));
}

TEST_CASE("The table of a check speaks of no folder, since it leaves none") {
  Report report = samples::healthy();
  CHECK_THAT(drawn(report), ContainsSubstring("Files in the results folder"));
  report.stage = "check bundle x";
  CHECK_THAT(drawn(report), !ContainsSubstring("results folder"));
}
