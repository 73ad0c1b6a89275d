#include "netcheck/requirements/conformance.hpp"

#include <algorithm>
#include <set>

#include "netcheck/controls/placed_paths.hpp"
#include "netcheck/judging/verdict.hpp"
#include "netcheck/requirements/catalogue.hpp"
#include "netcheck/rules/claim_devices.hpp"
#include "netcheck/rules/lookup.hpp"

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

/// What the stage's own pods showed of a requirement.
struct PlacedEvidence {
  bool whole = false;  ///< all that it takes
  std::string text;    ///< what there is of it, or what is missing first
};

bool counters_moved(const Measured& measured) {
  const auto counted = [](const Proof& proof) { return proof.kind == "counter" && proof.holds; };
  const auto fails_to = [](const Proof& proof) { return proof.kind == "counter" && !proof.holds; };
  return std::any_of(measured.proof.begin(), measured.proof.end(), counted) &&
         std::none_of(measured.proof.begin(), measured.proof.end(), fails_to);
}

/// How many numbers of a probe pods measured with proof, of how many.
std::pair<std::size_t, std::size_t> placed_numbers(const Report& report, std::string_view probe) {
  std::size_t proven = 0;
  std::size_t all = 0;
  for (const Outcome& outcome : report.outcomes) {
    if (outcome.probe != probe) continue;
    ++all;
    const Measured* measured = outcome.measured();
    if (measured != nullptr && counters_moved(*measured)) ++proven;
  }
  return {proven, all};
}

/// A requirement that names no evidence of placed pods has none that is whole.
PlacedEvidence evidence_of(const Facts& facts, const Requirement& requirement,
                           const Report& report) {
  if (!facts.workloads) return {false, "no pod that the scheduler placed has measured here"};
  if (requirement.controls.front().empty())
    return {false, "the stage's own pods do not show all of that yet"};
  std::string text;
  for (const std::string_view name : requirement.controls) {
    if (name.empty()) break;
    const auto& controls = facts.workloads->controls;
    const auto found = std::find_if(controls.begin(), controls.end(),
                                    [&](const Control& one) { return one.name == name; });
    const std::string called = "the " + std::string(name) + " control";
    if (found == controls.end()) return {false, called + " was not made"};
    if (found->state != ControlState::behaved) return {false, called + ": " + found->seen};
    text += (text.empty() ? "" : " ") + called + ": " + found->seen;
  }
  if (requirement.placed.empty()) return {true, text};
  const auto [proven, all] = placed_numbers(report, requirement.placed);
  text += " " + std::to_string(proven) + " of " + std::to_string(all) + " numbers of " +
          std::string(requirement.placed) + " were measured with counters that moved";
  return {all > 0 && proven == all, text};
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
  const std::string seen = capability_of(requirement, report, checks);
  if (result.verdict == StageVerdict::fail) return result;
  result.because = std::move(doubts);
  const PlacedEvidence evidence = evidence_of(facts, requirement, report);
  if (evidence.whole && result.because.empty()) result.verdict = StageVerdict::pass;
  const std::string none = result.because.empty() ? ", none contradicts" : "";
  result.because.push_back("it takes " + std::string(requirement.takes) + "; " + evidence.text +
                           ". With the agents' rights, which never count: " + seen + none + " (" +
                           requirement.version + ")");
  return result;
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
  return results;
}

}  // namespace plumbline::netcheck
