#include "reports/junit_cases.hpp"

#include <map>
#include <set>
#include <utility>

#include "core/result.hpp"

namespace plumbline::reports {
namespace {

CaseState state_of(StageVerdict verdict) {
  if (verdict == StageVerdict::pass) return CaseState::passed;
  return verdict == StageVerdict::fail ? CaseState::failure : CaseState::error;
}

CaseState state_of(Verdict verdict) {
  switch (concern(verdict)) {
    case Concern::problem:
      return CaseState::failure;
    case Concern::unchecked:
      return CaseState::skipped;
    case Concern::note:
    case Concern::fine:
      break;
  }
  return CaseState::passed;
}

std::string joined(const std::vector<std::string>& sentences) {
  std::string text;
  for (const std::string& sentence : sentences)
    text += (text.empty() ? "" : "; ") + sentence;
  return text;
}

Case stage_case(const Report& report) {
  Case one{"stage", "verdict", 0, state_of(report.verdict), to_string(report.verdict), "", "", ""};
  one.message = joined(report.because);
  for (const std::string& said : reservations(report)) {
    one.contents += said + '\n';
  }
  // A pass that must not be taken for one.
  if (one.state == CaseState::passed && !one.contents.empty()) {
    one.state = CaseState::error;
    one.type = report.from_fakes ? "fakes" : "interrupted";
    one.message = joined(reservations(report));
  }
  return one;
}

Case requirement_case(const RequirementResult& requirement) {
  Case one{"requirement",
           requirement.id,
           0,
           state_of(requirement.verdict),
           to_string(requirement.verdict),
           joined(requirement.because),
           "",
           ""};
  if (!requirement.level.empty()) one.contents = "level: " + requirement.level;
  return one;
}

std::string proof_text(const Finding& finding) {
  std::string text;
  if (finding.claim) {
    text += "claimed: " + finding.claim->kind + ' ' + finding.claim->name + ' ' +
            finding.claim->path + " = " + finding.claim->value + '\n';
  }
  for (const Evidence& evidence : finding.evidence) {
    text += "there: " + evidence.source + ": " + evidence.value + '\n';
  }
  if (!finding.measurement.empty()) text += "measured: " + finding.measurement + '\n';
  if (finding.expectation) text += "expected: " + expectation_text(*finding.expectation) + '\n';
  return text + "next step: " + finding.next_step;
}

Case finding_case(const Finding& finding, const Index& index) {
  return {finding.rule,
          subject_text(finding.subject),
          0,
          state_of(finding.verdict),
          to_string(finding.verdict),
          finding.message,
          proof_text(finding),
          numbers_line(finding, index)};
}

/// Findings are worst first: what a later one of the same rule and subject says is added below.
void add_findings(std::vector<Case>& cases, const Report& report, const Index& index) {
  std::map<std::pair<std::string, std::string>, std::size_t> places;
  for (const Finding& finding : report.findings) {
    Case one = finding_case(finding, index);
    const auto [place, fresh] = places.emplace(std::pair(one.classname, one.name), cases.size());
    if (fresh) {
      cases.push_back(std::move(one));
      continue;
    }
    Case& first = cases[place->second];
    first.contents += "\n\nand: " + one.message + '\n' + one.contents;
    first.out += '\n' + one.out;
  }
}

/// The judged size of each pair probe.
using JudgedSizes = std::map<std::string, std::string>;

/// "rail-a node-1 -> node-2 goodput"; the size is said where it is not the judged one.
std::string outcome_name(const Outcome& outcome, const JudgedSizes& judged) {
  if (outcome.probe.rfind("pair_", 0) != 0) {
    return path_text(outcome) + ' ' + quantity_text(outcome);
  }
  const bool both = parameter(outcome, "direction") == "both_ways";
  std::string name = outcome.from.rail + ' ' + outcome.from.node + (both ? " <-> " : " -> ") +
                     outcome.to.node + ' ' + outcome.probe.substr(5) + (both ? " both ways" : "");
  const std::string size = parameter(outcome, "size");
  const auto judged_one = judged.find(outcome.probe);
  const bool said = judged_one == judged.end() || size != judged_one->second;
  return size.empty() || !said ? name : name + ' ' + size + " B";
}

void judge(Case& one, const Measured& measured, const PathJudgement* judgement) {
  const std::string verdict = judgement == nullptr ? "no expectation" : judgement->verdict;
  if (verdict == "ok" || verdict == "no expectation") return;
  one.state = verdict == "degraded" ? CaseState::failure : CaseState::skipped;
  one.type = verdict;
  one.message = verdict + ": " + measured_text(measured);
  if (judgement->expectation) {
    one.message += "; expected " + expectation_text(*judgement->expectation);
  }
}

Case outcome_case(const Outcome& outcome, const Index& index, const JudgedSizes& judged) {
  Case one{outcome.probe,
           outcome_name(outcome, judged),
           outcome.took.value,
           CaseState::passed,
           "",
           "",
           "",
           numbers_line(outcome, index)};
  if (const Measured* measured = outcome.measured()) {
    judge(one, *measured, index.judgement(outcome.key()));
  } else if (const Skipped* skipped = outcome.skipped()) {
    one.state = CaseState::skipped;
    one.type = "skipped";
    one.message = skipped->reason;
  } else if (const Failed* failed = outcome.failed()) {
    one.state = CaseState::error;
    one.type = to_string(failed->error.code);
    one.message = failed->error.message;
    if (!failed->blamed.empty()) one.contents = "at fault: " + failed->blamed;
  }
  return one;
}

void add_outcomes(std::vector<Case>& cases, const Report& report, const Index& index) {
  const JudgedSizes judged{{"pair_goodput", judged_size(report, "pair_goodput")},
                           {"pair_latency", judged_size(report, "pair_latency")}};
  std::set<std::pair<std::string, std::string>> taken;
  for (const Outcome& outcome : report.outcomes) {
    Case one = outcome_case(outcome, index, judged);
    if (!taken.emplace(one.classname, one.name).second) one.name = outcome.key();
    cases.push_back(std::move(one));
  }
}

}  // namespace

std::vector<Case> junit_cases(const Report& report) {
  const Index index(report);
  std::vector<Case> cases{stage_case(report)};
  for (const RequirementResult& requirement : report.requirements) {
    cases.push_back(requirement_case(requirement));
  }
  add_findings(cases, report, index);
  add_outcomes(cases, report, index);
  return cases;
}

}  // namespace plumbline::reports
