#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <string>

#include "reports/forms.hpp"
#include "reports/junit_cases.hpp"
#include "reports/xml.hpp"
#include "tests/reports/samples.hpp"

using namespace plumbline;
using Catch::Matchers::ContainsSubstring;
using reports::Case;
using reports::CaseState;

namespace {

const Case& find(const std::vector<Case>& cases, const std::string& classname,
                 const std::string& name) {
  INFO(classname << " / " << name);
  const auto found = std::find_if(cases.begin(), cases.end(), [&](const Case& one) {
    return one.classname == classname && one.name == name;
  });
  REQUIRE(found != cases.end());
  return *found;
}

CaseState stage_state(const Report& report) {
  return find(reports::junit_cases(report), "stage", "verdict").state;
}

}  // namespace

TEST_CASE("XML text is escaped, and what XML cannot hold is removed") {
  CHECK(reports::xml_escape("<a href=\"x\">&'") == "&lt;a href=&quot;x&quot;&gt;&amp;&apos;");
  CHECK(reports::xml_escape("a\x1b[31mb\x07"
                            "c\x7f") == "a[31mbc");
  CHECK(reports::xml_escape("two\nlines") == "two&#10;lines");
  CHECK(reports::xml_escape("\xff") == "\xEF\xBF\xBD");
  CHECK(reports::xml_escape("\xEF\xBF\xBE!") == "!");
}

TEST_CASE("XML times are floats whatever the number is") {
  CHECK(reports::xml_seconds(2.4) == "2.400");
  CHECK(reports::xml_seconds(0.0 / 1.0) == "0.000");
  CHECK(reports::xml_seconds(1e300) == "0.000");
}

TEST_CASE("A path below its expectation is a failed case with its numbers") {
  const auto cases = reports::junit_cases(samples::slow_nic());
  const Case& path = find(cases, "pair_goodput", "rail-a node-1 -> node-3 goodput");
  CHECK(path.state == CaseState::failure);
  CHECK(path.type == "degraded");
  CHECK_THAT(path.message, ContainsSubstring("3.7 MB/s"));
  CHECK_THAT(path.out, ContainsSubstring("\"unit\":\"B/s\""));
  CHECK_THAT(path.out, ContainsSubstring("\"proof_held\":3"));
  CHECK(path.out.find('\n') == std::string::npos);
  CHECK(find(cases, "pair_goodput", "rail-a node-1 -> node-2 goodput").state == CaseState::passed);
  CHECK(find(cases, "pair_latency", "rail-a node-1 -> node-2 latency").state == CaseState::passed);
}

TEST_CASE("A finding is a case of its rule: problems fail, what nobody knows is skipped") {
  CHECK(find(reports::junit_cases(samples::slow_nic()), "path", "nic node-3/ens1 (rail-a)").state ==
        CaseState::failure);
  const auto dead = reports::junit_cases(samples::dead_agent());
  CHECK(find(dead, "agent", "agent node-5").state == CaseState::skipped);
  CHECK(find(dead, "X03", "nic node-1/ens1 (rail-a)").state == CaseState::passed);
}

TEST_CASE("Not measured is skipped or an error, never passed") {
  const auto dead = reports::junit_cases(samples::dead_agent());
  const Case& skipped = find(dead, "pair_goodput", "rail-a node-1 -> node-5 goodput");
  CHECK(skipped.state == CaseState::skipped);
  CHECK_THAT(skipped.message, ContainsSubstring("does not answer"));
  const auto cut = reports::junit_cases(samples::interrupted());
  const Case& failed = find(cut, "all_reduce", "rail-a all_reduce in group rack-3, 2 ranks 4 MiB");
  CHECK(failed.state == CaseState::error);
  CHECK(failed.type == "deadline_exceeded");
  CHECK(failed.contents == "at fault: node-2");
}

TEST_CASE("The stage's own case passes only when the stage does, and never on fakes") {
  CHECK(stage_state(samples::healthy()) == CaseState::passed);
  CHECK(stage_state(samples::slow_nic()) == CaseState::failure);
  CHECK(stage_state(samples::dead_agent()) == CaseState::error);
  CHECK(stage_state(samples::from_fakes()) == CaseState::error);
  CHECK(stage_state(samples::empty()) == CaseState::error);
}

TEST_CASE("Two findings of one rule on one subject are one case that says both") {
  Report report = samples::slow_nic();
  report.findings.insert(report.findings.begin() + 1, report.findings.front());
  report.findings[1].message = "and it flaps";
  const auto cases = reports::junit_cases(report);
  CHECK_THAT(find(cases, "path", "nic node-3/ens1 (rail-a)").contents,
             ContainsSubstring("and it flaps"));
}

TEST_CASE("Every case has a name of its own") {
  for (const auto& sample : samples::all()) {
    auto cases = reports::junit_cases(sample.report);
    std::sort(cases.begin(), cases.end(), [](const Case& one, const Case& other) {
      return std::tie(one.classname, one.name) < std::tie(other.classname, other.name);
    });
    const auto same =
        std::adjacent_find(cases.begin(), cases.end(), [](const Case& one, const Case& other) {
          return one.classname == other.classname && one.name == other.name;
        });
    INFO(sample.name << (same == cases.end() ? "" : ": " + same->classname + ' ' + same->name));
    CHECK(same == cases.end());
  }
}

TEST_CASE("The suite's name says that a report is made from fakes or interrupted") {
  CHECK_THAT(reports::junit(samples::from_fakes()),
             ContainsSubstring("<testsuite name=\"plumbline virtual-rack (made from fake drivers"));
  CHECK_THAT(reports::junit(samples::interrupted()), ContainsSubstring("(interrupted: deadline"));
}
