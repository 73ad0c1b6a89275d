#include "netcheck/requirements/placed_evidence.hpp"

#include <algorithm>
#include <utility>

#include "netcheck/groups/group_scene.hpp"
#include "netcheck/judging/coverage.hpp"

namespace plumbline::netcheck {
namespace {

constexpr std::size_t kMostPods = 4;

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

/// Pods of a control that had to wait and was bound nevertheless: that contradicts what the
/// requirement promises, and is no mere lack of evidence. Empty when there is none, or the control
/// was not judged: then nobody knows whether its pods asked for what they were to.
std::string bound_in_vain(const Facts& facts, const Requirement& requirement) {
  for (const std::string_view name : requirement.controls) {
    const auto& controls = facts.workloads->controls;
    const bool misbehaved = std::any_of(controls.begin(), controls.end(), [&](const Control& one) {
      return one.name == name && one.state == ControlState::misbehaved;
    });
    if (!misbehaved || (name != "oversized" && name != "negative")) continue;
    std::string pods;
    std::size_t bound = 0;
    std::size_t all = 0;
    for (const PlacedPod& pod : facts.workloads->pods) {
      if (pod.workload != name) continue;
      ++all;
      if (pod.binding.value.empty()) continue;
      if (++bound <= kMostPods)
        pods += (pods.empty() ? "" : ", ") + pod.binding.name + " to " + pod.binding.value;
      if (bound == 1 && !pod.scheduler.empty()) pods += " by " + pod.scheduler;
    }
    if (bound == 0) continue;
    if (bound > kMostPods) pods += " and " + std::to_string(bound - kMostPods) + " more";
    return "the " + std::string(name) + " control: " + std::to_string(bound) + " of " +
           std::to_string(all) + " pods were bound, where none must be: " + pods;
  }
  return "";
}

PlacedEvidence evidence_of_controls(const Facts& facts, const Requirement& requirement) {
  if (std::string bound = bound_in_vain(facts, requirement); !bound.empty())
    return {false, std::move(bound), true};
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
  return {true, text};
}

PlacedEvidence evidence_of_numbers(const Report& report, std::string_view probe) {
  const auto [proven, all] = placed_numbers(report, probe);
  return {all > 0 && proven == all, std::to_string(proven) + " of " + std::to_string(all) +
                                        " numbers of " + std::string(probe) +
                                        " were measured with counters that moved"};
}

/// "nvidia.com/gpu/GPU-...", "gpu.nvidia.com/POOL/gpu-0".
bool is_gpu(const std::string& device) {
  return device.find("/gpu/") != std::string::npos || device.starts_with("gpu.");
}

/// The first pod of the gang that holds a GPU; null without one.
const PlacedPod* with_gpus(const Facts& facts) {
  for (const PlacedPod& pod : facts.workloads->pods) {
    if (pod.workload == "gang" && std::any_of(pod.devices.begin(), pod.devices.end(), is_gpu))
      return &pod;
  }
  return nullptr;
}

/// Large ones that the stage file asked for; one that was not measured counts whatever its size.
bool is_evidence(const Outcome& outcome) {
  const Measured* const measured = outcome.measured();
  return is_collective(outcome) && scope_of(outcome) == Scope::placed && !is_group_test(outcome) &&
         (measured == nullptr || measured->unit == Unit::bytes_per_second);
}

/// How a number was judged: "ok", "degraded", "inconclusive", "no expectation".
std::string judged_as(const Report& report, const std::string& key) {
  for (const PathJudgement& judgement : report.judgements) {
    if (judgement.key == key) return judgement.verdict;
  }
  return "not judged";
}

/// Both are needed; what is missing stands first.
PlacedEvidence both(const PlacedEvidence& one, const PlacedEvidence& other) {
  if (!one.whole) return one;
  if (!other.whole) return other;
  const std::string between = one.text.empty() || other.text.empty() ? "" : " ";
  return {true, one.text + between + other.text, false};
}

}  // namespace

PlacedEvidence evidence_of_collectives(const Facts& facts, const Report& report) {
  std::size_t all = 0;
  std::string missing;
  for (const Outcome& outcome : report.outcomes) {
    if (!is_evidence(outcome)) continue;
    ++all;
    const std::string words = collective_words(outcome);
    const Measured* const measured = outcome.measured();
    if (measured == nullptr) {
      if (missing.empty()) missing = words + " was not measured: " + problem_of(outcome);
      continue;
    }
    const std::string judged = judged_as(report, outcome.key());
    if (judged == "degraded")
      return {false,
              words + " got " + format_rate({measured->value}) + ", less than its path gives",
              true};
    if (missing.empty() && judged != "ok") missing = words + " is " + judged;
    if (missing.empty() && !counters_moved(*measured))
      missing = "no counters show that " + words + " moved over its devices";
  }
  if (all == 0)
    return {false,
            "placed pods measured no collective: collectives.operations asks for them, "
            "workloads.resources for the devices"};
  if (!missing.empty()) return {false, missing};
  if (const PlacedPod* const pod = with_gpus(facts))
    return {false, "pod " + pod->binding.name +
                       " holds GPUs, and no collective between the pods' "
                       "GPUs was measured"};
  return {true, std::to_string(all) + (all == 1 ? " collective" : " collectives") +
                    " between placed pods got what their paths give, with counters that moved."};
}

PlacedEvidence placed_evidence(const Facts& facts, const Requirement& requirement,
                               const Report& report) {
  if (!facts.workloads) return {false, "no pod that the scheduler placed has measured here"};
  const bool controls = !requirement.controls.front().empty();
  const bool numbers = !requirement.placed.empty();
  const bool inside_asked = requirement.inside != SeenInside::nothing;
  const bool asked =
      controls || numbers || inside_asked || requirement.in_domain || requirement.collectives;
  if (!asked) return {false, "the stage's own pods do not show all of that yet"};
  PlacedEvidence evidence{true, ""};
  if (controls) evidence = evidence_of_controls(facts, requirement);
  if (evidence.contradicts) return evidence;
  if (requirement.in_domain) evidence = both(evidence, evidence_of_domain(facts));
  if (numbers) evidence = both(evidence, evidence_of_numbers(report, requirement.placed));
  if (requirement.collectives) {
    const PlacedEvidence told = evidence_of_collectives(facts, report);
    if (told.contradicts) return told;
    evidence = both(evidence, told);
  }
  if (!inside_asked) return evidence;
  const PlacedEvidence inside = evidence_inside(facts, requirement.inside);
  return inside.contradicts ? inside : both(evidence, inside);
}

}  // namespace plumbline::netcheck
