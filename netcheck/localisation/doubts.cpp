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

}  // namespace plumbline::netcheck
