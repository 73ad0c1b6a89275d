#include <algorithm>
#include <initializer_list>
#include <string_view>

#include "netcheck/judging/verdict.hpp"
#include "netcheck/requirements/conformance.hpp"

namespace plumbline::netcheck {
namespace {

constexpr std::size_t kMostReasons = 5;

/// A requirement as far as findings of these rules decide it; without reasons where there are none.
RequirementResult by_rules(const Judged& judged, const Report& report, const char* id,
                           std::initializer_list<std::string_view> rules) {
  RequirementResult result{id, "stage", StageVerdict::pass, {}};
  std::size_t looked = 0;
  for (const Finding& finding : report.findings) {
    if (std::find(rules.begin(), rules.end(), finding.rule) == rules.end()) continue;
    ++looked;
    const bool bad = fails(finding.verdict);
    const bool doubt = leaves_doubt(*judged.facts, finding);
    if (bad) result.verdict = StageVerdict::fail;
    if (doubt && result.verdict == StageVerdict::pass) result.verdict = StageVerdict::inconclusive;
    if ((bad || doubt) && result.because.size() < kMostReasons) {
      result.because.push_back(finding.rule + ": " + finding.message);
    }
  }
  if (result.because.empty() && looked > 0) {
    result.because.push_back(std::to_string(looked) + " checks, none contradicts");
  }
  return result;
}

RequirementResult coverage_requirement(const Judged& judged, const Report& report) {
  RequirementResult result{"coverage", "stage", StageVerdict::pass, {}};
  const double least = judged.facts->least_coverage - 1e-9;
  const Coverage& got = report.coverage;
  const double pairs = judged.facts->asked.pairs ? got.pairs : 1;
  if (std::min({got.nodes, got.rails, pairs}) < least) {
    result.verdict = StageVerdict::inconclusive;
    result.because.push_back("less was measured than the stage file requires");
  } else {
    result.because.push_back(
        "nodes, rails and pairs are measured as far as the stage file requires");
  }
  return result;
}

RequirementResult performance_requirement(const Judged& judged, const Report& report) {
  RequirementResult result = by_rules(judged, report, "path_performance", {"path", "collective"});
  const auto doubts = doubts_about_numbers(judged, report.coverage);
  if (result.verdict == StageVerdict::fail) return result;
  if (doubts.empty() && result.verdict == StageVerdict::pass) {
    result.because = {"every pair and every collective reaches what its slowest hop should give"};
    return result;
  }
  result.verdict = StageVerdict::inconclusive;
  if (!doubts.empty()) result.because = doubts;
  return result;
}

}  // namespace

std::vector<RequirementResult> requirements_of(const Judged& judged, const Report& report) {
  std::vector<RequirementResult> results{
      coverage_requirement(judged, report),
      performance_requirement(judged, report),
      by_rules(judged, report, "label_truth", {"X11"}),
      by_rules(judged, report, "placement", {"X10", "X12", "X13"}),
      by_rules(judged, report, "device_truth", {"X03", "X04", "X09", "X15", "X20"}),
      by_rules(judged, report, "gpu_links", {"gpu", "gpu_path", "X05", "X06", "X19"}),
      by_rules(judged, report, "no_interference", {"X21"})};
  // What applies to nothing here did not pass.
  std::erase_if(results, [](const RequirementResult& result) { return result.because.empty(); });
  for (RequirementResult& result : conformance_of(*judged.facts, report))
    results.push_back(std::move(result));
  return results;
}

}  // namespace plumbline::netcheck
