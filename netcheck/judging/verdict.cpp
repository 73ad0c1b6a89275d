#include "netcheck/judging/verdict.hpp"

#include <algorithm>
#include <cmath>

#include "netcheck/judging/coverage.hpp"
#include "netcheck/lookup.hpp"

namespace plumbline::netcheck {
namespace {

constexpr std::size_t kMostReasons = 6;
constexpr double kRounding = 1e-9;

std::string whole_percent(double share) {
  return std::to_string(static_cast<int>(std::floor(share * 100.0 + 1e-6))) + " %";
}

void doubt_coverage(const Judged& judged, const Coverage& coverage,
                    std::vector<std::string>& doubts) {
  const double least = judged.facts->least_coverage - kRounding;
  const auto check = [&](const char* what, double share) {
    if (share >= least) return;
    doubts.push_back("only " + whole_percent(share) + " of the " + what + " were measured, " +
                     whole_percent(judged.facts->least_coverage) + " are required");
  };
  check("nodes", coverage.nodes);
  check("rails", coverage.rails);
  if (judged.facts->asked.pairs) check("pairs", coverage.pairs);
  for (const ProbeCount& count : count_by_probe(judged)) {
    if (static_cast<double>(count.measured) >= least * static_cast<double>(count.all)) continue;
    doubts.push_back(std::to_string(count.all - count.measured) + " of " +
                     std::to_string(count.all) + " outcomes of " + count.probe +
                     " were not measured; first: " + count.first_problem);
  }
}

/// One line for all numbers of one kind of doubt.
void doubt_numbers(const Judged& judged, NumberVerdict verdict, const char* what,
                   std::vector<std::string>& doubts) {
  std::size_t count = 0;
  const JudgedOutcome* first = nullptr;
  for (const JudgedOutcome& entry : judged.outcomes) {
    if (!entry.required || entry.outcome->measured() == nullptr) continue;
    if (entry.number.verdict != verdict) continue;
    ++count;
    if (first == nullptr) first = &entry;
  }
  if (first == nullptr) return;
  doubts.push_back(std::to_string(count) + (count == 1 ? " number " : " numbers ") + what +
                   "; first: " + first->outcome->probe + " " + ends_of(*first->outcome) + ": " +
                   first->number.why);
}

}  // namespace

bool fails(Verdict verdict) noexcept {
  return verdict == Verdict::violation || verdict == Verdict::drift || verdict == Verdict::degraded;
}

bool leaves_doubt(const Facts& facts, const Finding& finding) {
  if (finding.verdict != Verdict::unobservable && finding.verdict != Verdict::vacuous) return false;
  const bool known_blind = finding.rule == "X11" && finding.subject.node.empty() && facts.claims &&
                           !racks_should_separate(facts);
  return !known_blind;
}

std::vector<std::string> doubts_about_numbers(const Judged& judged, const Coverage& coverage) {
  std::vector<std::string> doubts;
  doubt_coverage(judged, coverage, doubts);
  doubt_numbers(judged, NumberVerdict::inconclusive, "could not be decided", doubts);
  doubt_numbers(judged, NumberVerdict::no_expectation, "have nothing to be held against", doubts);
  return doubts;
}

void conclude(const Judged& judged, Report& report) {
  std::vector<std::string> failures;
  std::vector<std::string> doubts;
  for (const Finding& finding : report.findings) {
    if (fails(finding.verdict)) failures.push_back(finding.rule + ": " + finding.message);
    if (leaves_doubt(*judged.facts, finding)) {
      doubts.push_back(finding.rule + ": " + finding.message);
    }
  }
  const auto numbers = doubts_about_numbers(judged, report.coverage);
  doubts.insert(doubts.end(), numbers.begin(), numbers.end());
  report.because = failures;
  report.because.insert(report.because.end(), doubts.begin(), doubts.end());
  if (report.because.size() > kMostReasons) {
    const auto more = report.because.size() - kMostReasons;
    report.because.resize(kMostReasons);
    report.because.push_back(std::to_string(more) + (more == 1 ? " more reason" : " more reasons"));
  }
  report.verdict = !failures.empty() ? StageVerdict::fail
                   : !doubts.empty() ? StageVerdict::inconclusive
                                     : StageVerdict::pass;
  if (report.verdict != StageVerdict::pass) return;
  report.because = {
      "every required number is what its path should give, and nothing contradicts a claim",
      "measured: " + whole_percent(report.coverage.nodes) + " of nodes, " +
          whole_percent(report.coverage.rails) + " of rails, " +
          whole_percent(report.coverage.pairs) + " of pairs"};
}

}  // namespace plumbline::netcheck
