#include <algorithm>

#include "netcheck/localisation/findings.hpp"
#include "netcheck/localisation/wording.hpp"
#include "netcheck/lookup.hpp"

namespace plumbline::netcheck {
namespace {

constexpr const char* kRule = "path";
constexpr const char* kTier = "A";

Finding silent_rail(const Scene& scene, const std::string& rail) {
  Finding finding;
  finding.rule = kRule;
  finding.verdict = Verdict::unobservable;
  finding.tier = kTier;
  finding.subject = {"link", rail, "", rail};
  finding.message =
      "nothing got through on " + rail + " between any two nodes, so nobody can be named";
  finding.next_step = "look at the switches of " + rail + " and at the agents' logs";
  for (const Observation& observation : scene.observations) {
    const Outcome& outcome = *observation.judged->outcome;
    if (outcome.from.rail != rail || outcome.failed() == nullptr) continue;
    finding.message += "; first: " + pair_of(outcome) + " " + result_of(observation);
    finding.measurement = outcome.key();
    break;
  }
  return finding;
}

/// True when some culprit is a part of the rail that was named by a direct sign.
bool names_one(const Scene& scene, const std::vector<Culprit>& culprits, const std::string& rail) {
  return std::any_of(culprits.begin(), culprits.end(), [&](const Culprit& culprit) {
    return scene.parts[culprit.parts.front()].rail == rail;
  });
}

Finding impossible(const JudgedOutcome& judged) {
  const Outcome& outcome = *judged.outcome;
  Finding finding;
  finding.rule = kRule;
  finding.verdict = Verdict::unobservable;
  finding.tier = kTier;
  finding.subject = {"link", pair_of(outcome), outcome.from.node, outcome.from.rail};
  finding.message = pair_of(outcome) + ": " + judged.number.why;
  finding.next_step =
      "correct the rates under fabric: in the stage file, or find by which other way the "
      "bytes went";
  finding.measurement = outcome.key();
  finding.expectation = judged.number.expected.expectation;
  return finding;
}

/// True when a part at fault is one that the collective uses.
bool explained(const Scene& scene, const std::vector<Culprit>& culprits,
               const std::vector<Component>& used) {
  return std::any_of(culprits.begin(), culprits.end(), [&](const Culprit& culprit) {
    return std::any_of(culprit.parts.begin(), culprit.parts.end(), [&](std::size_t part) {
      return std::find(used.begin(), used.end(), scene.parts[part]) != used.end();
    });
  });
}

Finding unexplained(const Scene& scene, const JudgedOutcome& judged,
                    const std::vector<std::string>& nodes) {
  const Outcome& outcome = *judged.outcome;
  const auto& expectation = judged.number.expected.expectation;
  Finding finding;
  finding.rule = "collective";
  finding.verdict = Verdict::degraded;
  finding.tier = kTier;
  for (const std::string& node : nodes) {
    finding.ambiguity.push_back(
        subject_of(*scene.judged->facts, {ComponentKind::nic, node, outcome.from.rail}));
  }
  if (!finding.ambiguity.empty()) finding.subject = finding.ambiguity.front();
  if (finding.ambiguity.size() == 1) finding.ambiguity.clear();
  finding.message = outcome.probe + " over group " + parameter(outcome, "group") + " on " +
                    outcome.from.rail + " has a bus bandwidth of " +
                    format_rate({outcome.measured()->value}) + " of " +
                    format_rate(expectation->rate) +
                    " expected, though every pair of its nodes is as fast as it should be";
  finding.next_step =
      "measure it again alone; then look for what many ends at once bring about: incast, "
      "buffers, the launcher's placement";
  finding.measurement = outcome.key();
  finding.expectation = expectation;
  finding.evidence.push_back({"bus bandwidth of " + outcome.probe,
                              format_rate({outcome.measured()->value}), outcome.finished_at});
  return finding;
}

}  // namespace

std::vector<Finding> doubtful_paths(const Scene& scene, const std::vector<Culprit>& culprits) {
  std::vector<Finding> findings;
  for (const std::string& rail : silent_rails(scene)) {
    if (!names_one(scene, culprits, rail)) findings.push_back(silent_rail(scene, rail));
  }
  for (const JudgedOutcome& judged : scene.judged->outcomes) {
    if (judged.number.impossible) findings.push_back(impossible(judged));
  }
  return findings;
}

std::vector<Finding> group_findings(const Scene& scene, const std::vector<Culprit>& culprits) {
  std::vector<Finding> findings;
  const Facts& facts = *scene.judged->facts;
  for (const JudgedOutcome& judged : scene.judged->outcomes) {
    if (judged.outcome->probe != "all_reduce") continue;
    if (judged.number.verdict != NumberVerdict::degraded) continue;
    const auto nodes = group_nodes(facts, *judged.outcome);
    const auto used = parts_of_group(scene.judged->racks, judged.outcome->from.rail, nodes);
    if (used && explained(scene, culprits, *used)) continue;
    findings.push_back(unexplained(scene, judged, nodes));
  }
  return findings;
}

}  // namespace plumbline::netcheck
