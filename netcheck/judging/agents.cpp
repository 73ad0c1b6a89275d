#include "netcheck/judging/agents.hpp"

#include <string>

namespace plumbline::netcheck {
namespace {

Finding about(const std::string& node) {
  Finding finding;
  finding.rule = "agent";
  finding.verdict = Verdict::unobservable;
  finding.subject = {"agent", node, node, ""};
  finding.tier = "A";
  return finding;
}

/// The measurements that failed because of this node's end.
std::vector<const Outcome*> blamed_on(const Judged& judged, const std::string& node) {
  std::vector<const Outcome*> outcomes;
  for (const JudgedOutcome& entry : judged.outcomes) {
    const Failed* failed = entry.outcome->failed();
    if (failed == nullptr || failed->blamed != node) continue;
    if (!lost_carrier(*entry.outcome)) outcomes.push_back(entry.outcome);
  }
  return outcomes;
}

}  // namespace

std::vector<Finding> agent_findings(const Judged& judged) {
  constexpr std::size_t most_evidence = 4;
  std::vector<Finding> findings;
  for (const NodeFacts& node : judged.facts->nodes) {
    const auto blamed = blamed_on(judged, node.node);
    if (node.topology && blamed.empty()) continue;
    Finding finding = about(node.node);
    if (!node.topology) {
      finding.message =
          "node " + node.node + " could not be looked at: " +
          (node.topology_problem.empty() ? "its agent told nothing" : node.topology_problem);
      finding.next_step = "look at the agent of " + node.node + " and its log";
    } else {
      finding.message = std::to_string(blamed.size()) + " measurements failed at " + node.node +
                        ", where the probe and not the path is at fault: " +
                        blamed.front()->failed()->error.message;
      finding.next_step =
          "look at the agent's log and at stopped or hung processes on " + node.node;
      finding.measurement = blamed.front()->key();
    }
    for (const Outcome* outcome : blamed) {
      if (finding.evidence.size() == most_evidence) break;
      finding.evidence.push_back(
          {outcome->key(), outcome->failed()->error.message, outcome->finished_at});
    }
    findings.push_back(std::move(finding));
  }
  return findings;
}

}  // namespace plumbline::netcheck
