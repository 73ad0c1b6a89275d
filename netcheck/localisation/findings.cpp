#include "netcheck/localisation/findings.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "netcheck/localisation/wording.hpp"
#include "netcheck/lookup.hpp"

namespace plumbline::netcheck {
namespace {

constexpr const char* kRule = "path";
constexpr const char* kTier = "A";
constexpr std::size_t kMostEvidence = 8;

Evidence evidence_of(const Observation& observation, const char* what) {
  const Outcome& outcome = *observation.judged->outcome;
  std::string value = std::string(what) + result_of(observation);
  if (const auto loss = retransmitted(outcome)) value += ", " + percent(*loss) + " sent again";
  return {"goodput " + pair_of(outcome), value, outcome.finished_at};
}

/// Outcomes whose counters saw a carrier go away at the part.
void add_carrier_evidence(const Scene& scene, const Culprit& culprit, Finding& finding) {
  const Component& part = scene.parts[culprit.parts.front()];
  for (const Observation& observation : scene.observations) {
    const Outcome& outcome = *observation.judged->outcome;
    const Measured* measured = outcome.measured();
    if (measured == nullptr || outcome.from.rail != part.rail) continue;
    const bool from = outcome.from.node == part.owner;
    if (!from && outcome.to.node != part.owner) continue;
    const auto downs = measured->counters.find(from ? "from.carrier_downs" : "to.carrier_downs");
    if (downs == measured->counters.end() || downs->second <= 0) continue;
    finding.evidence.push_back(
        {"carrier_down_count of " + finding.subject.name + " during " + pair_of(outcome),
         "+" + std::to_string(static_cast<long long>(downs->second)), outcome.finished_at});
    if (finding.measurement.empty()) finding.measurement = outcome.key();
    if (finding.evidence.size() >= kMostEvidence / 2) return;
  }
}

/// Pairs through a part that loses packets while none of them is known to be slow.
void add_loss_evidence(const Scene& scene, const Culprit& culprit, Finding& finding) {
  for (const Observation& observation : scene.observations) {
    if (finding.evidence.size() >= kMostEvidence) return;
    const Outcome& outcome = *observation.judged->outcome;
    const bool lossy = retransmitted(outcome).value_or(0) > 0;
    if (!lossy || !scene.passes(observation, culprit.parts.front())) continue;
    finding.evidence.push_back(evidence_of(observation, ""));
    if (finding.measurement.empty()) finding.measurement = outcome.key();
  }
}

Finding finding_of(const Scene& scene, const Culprit& culprit) {
  Finding finding;
  finding.rule = kRule;
  finding.verdict = Verdict::degraded;
  finding.tier = kTier;
  finding.subject = subject_of(scene, culprit);
  if (culprit.parts.size() > 1) {
    for (const std::size_t part : culprit.parts) {
      finding.ambiguity.push_back(subject_of(*scene.judged->facts, scene.parts[part]));
    }
  }
  finding.message = message_of(scene, culprit);
  finding.next_step = next_step_of(scene, culprit);
  if (const Observation* worst = worst_of(scene, culprit)) {
    finding.measurement = worst->judged->outcome->key();
    finding.expectation = worst->judged->number.expected.expectation;
  }
  if (culprit.kind == FaultKind::flapping) add_carrier_evidence(scene, culprit, finding);
  for (const std::size_t index : culprit.bad) {
    if (finding.evidence.size() >= kMostEvidence) break;
    finding.evidence.push_back(evidence_of(scene.observations[index], ""));
  }
  if (culprit.bad.empty()) add_loss_evidence(scene, culprit, finding);
  for (const std::size_t index : culprit.clearing) {
    finding.evidence.push_back(evidence_of(scene.observations[index], "clears its ends: "));
  }
  return finding;
}

/// Nodes of which a NIC is named on every rail (two at least), all failing in one kind.
std::map<std::string, std::vector<const Culprit*>> whole_nodes(
    const Scene& scene, const std::vector<Culprit>& culprits) {
  std::map<std::string, std::vector<const Culprit*>> nodes;
  for (const Culprit& culprit : culprits) {
    const Component& part = scene.parts[culprit.parts.front()];
    if (culprit.parts.size() > 1 || part.kind != ComponentKind::nic) continue;
    nodes[part.owner].push_back(&culprit);
  }
  const std::size_t rails = scene.judged->facts->fabric.rails.size();
  for (auto node = nodes.begin(); node != nodes.end();) {
    const auto& named = node->second;
    const bool alike = std::all_of(named.begin(), named.end(), [&](const Culprit* culprit) {
      return culprit->kind == named.front()->kind;
    });
    const bool whole = rails > 1 && named.size() == rails && alike;
    node = whole ? std::next(node) : nodes.erase(node);
  }
  return nodes;
}

Finding finding_of_node(const Scene& scene, const std::string& node,
                        const std::vector<const Culprit*>& culprits) {
  Finding finding = finding_of(scene, *culprits.front());
  finding.subject = {"node", node, node, ""};
  std::string message = "all NICs of node " + node + " fail alike";
  for (const Culprit* culprit : culprits)
    message += "; " + message_of(scene, *culprit);
  finding.message = message;
  finding.next_step = "look at what the NICs of node " + node +
                      " have in common: PCIe root, power, memory, the host itself";
  for (std::size_t other = 1; other < culprits.size(); ++other) {
    const Finding more = finding_of(scene, *culprits[other]);
    finding.evidence.insert(finding.evidence.end(), more.evidence.begin(), more.evidence.end());
  }
  return finding;
}

}  // namespace

std::vector<Finding> path_findings(const Scene& scene, const std::vector<Culprit>& culprits) {
  const auto nodes = whole_nodes(scene, culprits);
  std::vector<const Culprit*> order;
  for (const Culprit& culprit : culprits)
    order.push_back(&culprit);
  std::stable_sort(order.begin(), order.end(), [](const Culprit* one, const Culprit* other) {
    return one->bad.size() > other->bad.size();
  });
  std::vector<Finding> findings;
  std::set<std::string> told;
  for (const Culprit* culprit : order) {
    const Component& part = scene.parts[culprit->parts.front()];
    const auto node = nodes.find(part.owner);
    if (culprit->parts.size() > 1 || part.kind != ComponentKind::nic || node == nodes.end()) {
      findings.push_back(finding_of(scene, *culprit));
    } else if (told.insert(part.owner).second) {
      findings.push_back(finding_of_node(scene, part.owner, node->second));
    }
  }
  return findings;
}

}  // namespace plumbline::netcheck
