#pragma once

#include <string>
#include <vector>

#include "core/model/report.hpp"
#include "reports/view.hpp"

namespace plumbline::reports {

/// What became of a test case.
enum class CaseState { passed, failure, error, skipped };

/// One JUnit test case before it is written.
struct Case {
  std::string classname;  ///< the rule, the probe, "requirement" or "stage"
  std::string name;       ///< unique within its classname
  double time = 0;        ///< seconds
  CaseState state = CaseState::passed;
  std::string type;      ///< the verdict or error code, of what did not pass
  std::string message;   ///< one sentence, of what did not pass
  std::string contents;  ///< the proof, of a failure or error
  std::string out;       ///< one JSON line of numbers
};

/// Every case of a report: the stage, its requirements, one for each rule and subject, one for each
/// outcome. What was not measured is skipped or an error, never passed; an inconclusive stage or
/// requirement is an error, so that no reader takes it for a pass.
std::vector<Case> junit_cases(const Report& report);

/// One JSON line with the numbers of an outcome and what it was held against.
std::string numbers_line(const Outcome& outcome, const Index& index);

/// One JSON line with the verdict, the claim and the numbers of a finding.
std::string numbers_line(const Finding& finding, const Index& index);

}  // namespace plumbline::reports
