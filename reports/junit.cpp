#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "reports/forms.hpp"
#include "reports/junit_cases.hpp"
#include "reports/view.hpp"
#include "reports/xml.hpp"

namespace plumbline::reports {
namespace {

std::string count_of(const std::vector<Case>& cases, CaseState state) {
  return std::to_string(std::count_if(cases.begin(), cases.end(),
                                      [state](const Case& one) { return one.state == state; }));
}

/// A fake or interrupted run says so where every reader looks: in the suite's name.
std::string suite_name(const Report& report) {
  std::string name = "plumbline " + report.stage;
  for (const std::string& said : reservations(report))
    name += " (" + said + ')';
  return name;
}

std::string counts_of(const std::vector<Case>& cases) {
  double time = 0;
  for (const Case& one : cases)
    time += one.time;
  return xml_attribute("tests", std::to_string(cases.size())) +
         xml_attribute("failures", count_of(cases, CaseState::failure)) +
         xml_attribute("errors", count_of(cases, CaseState::error)) +
         xml_attribute("skipped", count_of(cases, CaseState::skipped)) +
         xml_attribute("time", xml_seconds(time));
}

std::vector<std::pair<std::string, std::string>> properties_of(const Report& report) {
  std::vector<std::pair<std::string, std::string>> properties{
      {"verdict", to_string(report.verdict)},
      {"stage", report.stage},
      {"run_id", report.run_id},
      {"finished_at", report.finished_at},
      {"plumbline_version", report.plumbline_version},
      {"from_fakes", report.from_fakes ? "true" : "false"},
      {"interrupted", report.interrupted ? "true" : "false"},
      {"coverage.nodes", xml_seconds(report.coverage.nodes)},
      {"coverage.rails", xml_seconds(report.coverage.rails)},
      {"coverage.pairs", xml_seconds(report.coverage.pairs)}};
  for (const auto& [name, value] : report.facts)
    properties.emplace_back("fact." + name, value);
  return properties;
}

std::string properties_text(const Report& report) {
  std::string text = "    <properties>\n";
  for (const auto& [name, value] : properties_of(report)) {
    text +=
        "      <property" + xml_attribute("name", name) + xml_attribute("value", value) + "/>\n";
  }
  return text + "    </properties>\n";
}

std::string result_text(const Case& one) {
  if (one.state == CaseState::passed) return {};
  if (one.state == CaseState::skipped) {
    return "      <skipped" + xml_attribute("message", one.message) + "/>\n";
  }
  const std::string element = one.state == CaseState::failure ? "failure" : "error";
  return "      <" + element + xml_attribute("message", one.message) +
         xml_attribute("type", one.type) + '>' + xml_escape(one.contents) + "</" + element + ">\n";
}

std::string case_text(const Case& one) {
  std::string text = "    <testcase" + xml_attribute("classname", one.classname) +
                     xml_attribute("name", one.name) +
                     xml_attribute("time", xml_seconds(one.time)) + ">\n" + result_text(one);
  if (!one.out.empty()) {
    text += "      <system-out>" + xml_escape(one.out) + "</system-out>\n";
  }
  return text + "    </testcase>\n";
}

}  // namespace

std::string junit(const Report& report) {
  const std::vector<Case> cases = junit_cases(report);
  const std::string counts = counts_of(cases);
  std::string text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites" +
                     xml_attribute("name", "plumbline") + counts + ">\n  <testsuite" +
                     xml_attribute("name", suite_name(report)) + counts +
                     xml_attribute("timestamp", report.started_at) + ">\n" +
                     properties_text(report);
  for (const Case& one : cases)
    text += case_text(one);
  return text + "  </testsuite>\n</testsuites>\n";
}

}  // namespace plumbline::reports
