#include "netcheck/groups/group_findings.hpp"

#include <algorithm>

#include "netcheck/expectations/thresholds.hpp"
#include "netcheck/groups/group_scene.hpp"
#include "netcheck/groups/group_testing.hpp"
#include "netcheck/lookup.hpp"

namespace plumbline::netcheck {
namespace {

constexpr const char* kRule = "collective";
constexpr const char* kTier = "A";
constexpr std::size_t kMostEvidence = 8;

void add_parts(const Scene& scene, const Culprit& culprit, std::vector<Component>& known) {
  for (const std::size_t part : culprit.parts)
    known.push_back(scene.parts[part]);
}

/// True when a part at fault is one that the collective uses.
bool explained(const std::vector<Component>& known, const Scene& groups,
               const Observation& observation) {
  return std::any_of(observation.uses.begin(), observation.uses.end(), [&](const Use& use) {
    return std::find(known.begin(), known.end(), groups.parts[use.part]) != known.end();
  });
}

std::string result_words(const Observation& observation) {
  const Outcome& outcome = *observation.judged->outcome;
  if (const Failed* failed = outcome.failed()) return "failed: " + failed->error.message;
  std::string text = format_rate({observation.got}) + " of bus bandwidth";
  const auto& expectation = observation.judged->number.expected.expectation;
  if (expectation) text += ", " + format_rate(expectation->rate) + " expected";
  return text;
}

/// The bad collective with the least share of its expectation; a failed one last.
const Observation& worst_of(const Scene& scene, const Culprit& culprit) {
  const Observation* worst = nullptr;
  double least = 0;
  for (const std::size_t index : culprit.bad) {
    const Observation& one = scene.observations[index];
    const auto& expectation = one.judged->number.expected.expectation;
    const double share = expectation ? one.got / expectation->rate.value : 2;
    if (worst != nullptr && share >= least) continue;
    worst = &one;
    least = share;
  }
  return *worst;
}

std::string many(std::size_t count, const std::string& one) {
  return std::to_string(count) + " " + one + (count == 1 ? "" : "s");
}

std::size_t tests_on(const Scene& scene, const std::string& rail, Scope scope) {
  const auto tests = group_tests(scene.judged->facts->outcomes, scope);
  const auto found = tests.find(rail);
  return found == tests.end() ? 0 : found->second;
}

/// True when pairs were measured between nodes of the collective: then they were found in order.
bool pairs_told(const Scene& pairs, const std::string& rail) {
  return std::any_of(
      pairs.observations.begin(), pairs.observations.end(),
      [&](const Observation& pair) { return pair.judged->outcome->from.rail == rail; });
}

std::string message_of(const Scene& pairs, const Scene& scene, const Culprit& culprit) {
  const Component& first = scene.parts[culprit.parts.front()];
  const Observation& worst = worst_of(scene, culprit);
  const std::size_t tests = tests_on(scene, first.rail, scope_of(*worst.judged->outcome));
  std::string text;
  if (culprit.parts.size() > 1) {
    text = "one or more of ";
    for (const std::size_t part : culprit.parts)
      text += (part == culprit.parts.front() ? "" : ", ") + scene.parts[part].name();
    text += " holds collectives back and they cannot tell which: ";
  } else {
    const Subject subject = subject_of(*scene.judged->facts, first);
    text = (subject.kind == "uplink" ? "uplink " : "NIC ") + subject.name +
           (subject.kind == "uplink" ? "" : " (" + subject.rail + ")") + " is slow: ";
  }
  text += many(culprit.bad.size(), "collective") + " through it, " +
          collective_words(*worst.judged->outcome) + " " + result_words(worst) + "; found by " +
          many(tests, "group test");
  if (pairs_told(pairs, first.rail))
    text += ", though every pair of its nodes is as fast as it should be";
  return text;
}

std::string next_step_of(const Scene& scene, const Culprit& culprit) {
  const Component& part = scene.parts[culprit.parts.front()];
  if (culprit.parts.size() > 1)
    return "look at the counters of all of them, or add a node to the racks concerned, which tells "
           "them apart";
  if (part.kind == ComponentKind::uplink)
    return "look at the ports between the leaf of " + part.owner + " and the spine of " +
           part.rail + ": speed, lanes, errors, members of the bundle";
  return "look at the negotiated speed, lanes and PCIe link of " +
         subject_of(*scene.judged->facts, part).name + ", at its switch port, and at incast there";
}

void add_evidence(const Scene& scene, const Culprit& culprit, Finding& finding) {
  const auto add = [&](std::size_t index, const char* what) {
    if (finding.evidence.size() >= kMostEvidence) return;
    const Observation& one = scene.observations[index];
    const Outcome& outcome = *one.judged->outcome;
    finding.evidence.push_back(
        {collective_words(outcome), what + result_words(one), outcome.finished_at});
  };
  for (const std::size_t index : culprit.bad)
    add(index, "");
  for (const std::size_t index : culprit.clearing)
    add(index, "clears the others: ");
}

Finding finding_of(const Scene& pairs, const Scene& scene, const Culprit& culprit) {
  const Facts& facts = *scene.judged->facts;
  const Observation& worst = worst_of(scene, culprit);
  Finding finding;
  finding.rule = kRule;
  finding.verdict = Verdict::degraded;
  finding.tier = kTier;
  finding.subject = subject_of(facts, scene.parts[culprit.parts.front()]);
  if (culprit.parts.size() > 1) {
    for (const std::size_t part : culprit.parts)
      finding.ambiguity.push_back(subject_of(facts, scene.parts[part]));
  }
  finding.message = message_of(pairs, scene, culprit);
  finding.next_step = next_step_of(scene, culprit);
  finding.measurement = worst.judged->outcome->key();
  finding.expectation = worst.judged->number.expected.expectation;
  add_evidence(scene, culprit, finding);
  return finding;
}

/// A small collective that takes longer than its peers': its nodes cannot be told apart by it.
Finding slow_small(const Judged& judged, const JudgedOutcome& number) {
  const Outcome& outcome = *number.outcome;
  Finding finding;
  finding.rule = kRule;
  finding.verdict = Verdict::degraded;
  finding.tier = kTier;
  for (const std::string& node : group_nodes(*judged.facts, outcome))
    finding.ambiguity.push_back(
        subject_of(*judged.facts, {ComponentKind::nic, node, outcome.from.rail}));
  if (!finding.ambiguity.empty()) finding.subject = finding.ambiguity.front();
  finding.message = collective_words(outcome) + " of " + parameter(outcome, "size") +
                    " B takes longer than the same of other groups: " + number.number.why;
  finding.next_step = "look at processor load, interrupt placement and queues of these nodes";
  finding.measurement = outcome.key();
  finding.evidence.push_back({collective_words(outcome),
                              "p50 " + format_time({outcome.measured()->value}),
                              outcome.finished_at});
  return finding;
}

}  // namespace

std::vector<Finding> group_findings(const Scene& pairs, const std::vector<Culprit>& culprits) {
  std::vector<Finding> findings;
  std::vector<Component> known;
  for (const Culprit& culprit : culprits)
    add_parts(pairs, culprit, known);
  for (const Scope scope : {Scope::nodes, Scope::placed}) {
    Scene groups = group_scene(*pairs.judged, scope);
    std::erase_if(groups.observations, [&](const Observation& observation) {
      return observation.sight == Sight::bad && explained(known, groups, observation);
    });
    for (const Culprit& culprit : localise(groups)) {
      if (!culprit.bad.empty()) findings.push_back(finding_of(pairs, groups, culprit));
      add_parts(groups, culprit, known);
    }
  }
  for (const JudgedOutcome& number : pairs.judged->outcomes) {
    const Measured* measured = number.outcome->measured();
    if (measured == nullptr || measured->unit != Unit::seconds) continue;
    const bool slow = number.number.verdict == NumberVerdict::degraded;
    if (slow && is_collective(*number.outcome))
      findings.push_back(slow_small(*pairs.judged, number));
  }
  return findings;
}

}  // namespace plumbline::netcheck
