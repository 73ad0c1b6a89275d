#include "netcheck/requirements/conformance.hpp"

#include <algorithm>
#include <set>

#include "netcheck/controls/placed_paths.hpp"
#include "netcheck/judging/verdict.hpp"
#include "netcheck/requirements/catalogue.hpp"
#include "netcheck/requirements/placed_evidence.hpp"
#include "netcheck/rules/claim_devices.hpp"
#include "netcheck/rules/lookup.hpp"
#include "netcheck/rules/quote.hpp"

namespace plumbline::netcheck {
namespace {

constexpr std::size_t kMostReasons = 3;

/// What there is in the cluster, looked at once.
struct There {
  bool network_devices = false;
  bool gangs = false;
  bool accelerators = false;
  bool slices = false;

  bool has(Applies what) const {
    switch (what) {
      case Applies::network_devices:
        return network_devices;
      case Applies::gangs:
        return gangs;
      case Applies::accelerators:
        return accelerators;
      case Applies::slices:
        return slices;
    }
    return false;
  }
};

void look_at_claims(const AllocationView& view, There& there) {
  there.slices = !view.slices.empty();
  there.gangs = !view.placements.empty();
  for (const SliceClaim& slice : view.slices) {
    for (const SliceDevice& device : slice.devices) {
      const std::string kind = kind_of({&slice, &device});
      there.network_devices = there.network_devices || kind == "nic";
      there.accelerators = there.accelerators || kind == "gpu";
    }
  }
  for (const PodClaim& pod : view.pods) {
    there.gangs = there.gangs || !pod.gang.empty();
    for (const auto& [resource, count] : pod.extended)
      there.accelerators = there.accelerators || resource.ends_with("/gpu");
  }
}

There look(const Facts& facts) {
  There there;
  if (facts.claims) look_at_claims(*facts.claims, there);
  there.gangs = there.gangs || facts.workloads.has_value();
  there.network_devices =
      there.network_devices ||
      std::any_of(facts.outcomes.begin(), facts.outcomes.end(),
                  [](const Outcome& outcome) { return outcome.probe == kPlacedGoodput; });
  for (const NodeFacts& told : facts.placed) {
    const bool sees = told.topology && told.topology->inside;
    there.accelerators = there.accelerators || (sees && !told.topology->inside->nodes.empty());
  }
  for (const NodeFacts& node : facts.nodes) {
    if (!node.topology) continue;
    there.accelerators =
        there.accelerators || (node.topology->gpus && !node.topology->gpus->gpus.empty());
  }
  return there;
}

template <typename List>
bool among(const List& list, const std::string& word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

/// "12 checks, none contradicts, 30 of 30 measurements": what was seen with the agents' rights.
std::string capability_of(const Requirement& requirement, const Report& report,
                          std::size_t checks) {
  std::size_t all = 0;
  std::size_t measured = 0;
  for (const Outcome& outcome : report.outcomes) {
    const bool evidence = std::any_of(
        requirement.probes.begin(), requirement.probes.end(),
        [&](const auto& probe) { return !probe.empty() && outcome.probe.starts_with(probe); });
    if (!evidence) continue;
    ++all;
    if (outcome.measured() != nullptr) ++measured;
  }
  std::string text = std::to_string(checks) + (checks == 1 ? " check" : " checks");
  if (all > 0) {
    text += ", " + std::to_string(measured) + " of " + std::to_string(all) + " measurements";
  }
  return text;
}

/// Claims and templates that wait: what can never be given to one is its asker's affair, and
/// contradicts nothing that a platform says.
std::set<std::string> waiting_claims(const Facts& facts) {
  std::set<std::string> names;
  if (!facts.claims) return names;
  for (const auto* const list : {&facts.claims->claims, &facts.claims->templates}) {
    for (const DeviceClaim& claim : *list) {
      if (!claim.allocated) names.insert(full_name(claim.meta));
    }
  }
  return names;
}

RequirementResult judge(const Facts& facts, const Requirement& requirement, const Report& report,
                        const std::set<std::string>& waiting) {
  RequirementResult result{requirement.id, requirement.level, StageVerdict::inconclusive, {}};
  std::size_t checks = 0;
  std::vector<std::string> doubts;
  for (const Finding& finding : report.findings) {
    if (!among(requirement.rules, finding.rule)) continue;
    if (finding.subject.kind == "claim" && waiting.count(finding.subject.name) > 0) continue;
    ++checks;
    const std::string text = finding.rule + ": " + finding.message;
    if (fails(finding.verdict)) {
      result.verdict = StageVerdict::fail;
      if (result.because.size() < kMostReasons) result.because.push_back(text);
    } else if (leaves_doubt(facts, finding) && doubts.size() < kMostReasons) {
      doubts.push_back(text);
    }
  }
  const PlacedEvidence evidence = placed_evidence(facts, requirement, report);
  if (evidence.contradicts) {
    result.verdict = StageVerdict::fail;
    result.because.insert(result.because.begin(), evidence.text);
  }
  const std::string seen = capability_of(requirement, report, checks);
  if (result.verdict == StageVerdict::fail) return result;
  result.because = std::move(doubts);
  if (evidence.whole && result.because.empty()) result.verdict = StageVerdict::pass;
  std::string shown = evidence.text;
  while (shown.ends_with('.'))
    shown.pop_back();
  const std::string none = result.because.empty() ? ", none contradicts" : "";
  result.because.push_back("it takes " + std::string(requirement.takes) + "; " + shown +
                           ". With the agents' rights, which never count: " + seen + none + " (" +
                           requirement.version + ")");
  return result;
}

/// "NAME/..." of a requirement that is made of outcomes.
std::vector<const RequirementResult*> outcomes_of(const RequirementResult& whole,
                                                  const std::vector<RequirementResult>& results) {
  std::vector<const RequirementResult*> outcomes;
  for (const RequirementResult& one : results) {
    if (one.id.starts_with(whole.id + "/")) outcomes.push_back(&one);
  }
  return outcomes;
}

/// One that is made of outcomes passes when all of them do, and fails when one does.
void judge_by_outcomes(std::vector<RequirementResult>& results) {
  for (RequirementResult& whole : results) {
    const auto outcomes = outcomes_of(whole, results);
    if (outcomes.empty()) continue;
    std::vector<std::string> open;
    const RequirementResult* failed = nullptr;
    for (const RequirementResult* one : outcomes) {
      if (one->verdict == StageVerdict::fail) failed = one;
      if (one->verdict != StageVerdict::pass) open.push_back(one->id.substr(whole.id.size() + 1));
    }
    const bool doubted = whole.because.size() > 1;
    if (whole.verdict == StageVerdict::fail) continue;
    if (failed != nullptr) {
      whole.verdict = StageVerdict::fail;
      whole.because.insert(whole.because.begin(), failed->id + ": " + failed->because.front());
    } else if (open.empty() && !doubted) {
      whole.verdict = StageVerdict::pass;
      whole.because = {"all of its outcomes pass"};
    } else if (!open.empty()) {
      whole.because.insert(whole.because.begin(), "not shown: " + listed(open));
    }
  }
}

}  // namespace

std::vector<RequirementResult> conformance_of(const Facts& facts, const Report& report) {
  const There there = look(facts);
  const auto waiting = waiting_claims(facts);
  std::vector<RequirementResult> results;
  for (const Requirement& requirement : requirement_catalogue()) {
    if (there.has(requirement.applies))
      results.push_back(judge(facts, requirement, report, waiting));
  }
  judge_by_outcomes(results);
  return results;
}

}  // namespace plumbline::netcheck
