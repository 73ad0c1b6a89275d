#include "netcheck/judge.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <map>
#include <string_view>

#include "netcheck/controls/controls.hpp"
#include "netcheck/controls/placed_paths.hpp"
#include "netcheck/gpu/gpu_rules.hpp"
#include "netcheck/groups/group_findings.hpp"
#include "netcheck/groups/group_testing.hpp"
#include "netcheck/judging/agents.hpp"
#include "netcheck/judging/coverage.hpp"
#include "netcheck/judging/judge_by.hpp"
#include "netcheck/judging/order.hpp"
#include "netcheck/judging/verdict.hpp"
#include "netcheck/localisation/findings.hpp"
#include "netcheck/lookup.hpp"
#include "netcheck/rdma/rails_at_once.hpp"
#include "netcheck/rdma/rdma_rules.hpp"
#include "netcheck/rules/facts_index.hpp"
#include "netcheck/rules/rules.hpp"
#include "netcheck/rules/x11_label_truth.hpp"

namespace plumbline::netcheck {
namespace {

void append(std::vector<Finding>& to, std::vector<Finding> more) {
  to.insert(to.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

/// Keys of GPU numbers that are below what they should be.
std::vector<std::string> low_gpu_numbers(const Judged& judged) {
  std::vector<std::string> keys;
  for (const JudgedOutcome& entry : judged.outcomes) {
    const bool gpu = entry.outcome->probe.rfind("gpu_", 0) == 0;
    if (gpu && entry.number.verdict == NumberVerdict::degraded) {
      keys.push_back(entry.outcome->key());
    }
  }
  return keys;
}

/// Evidence that was quoted from objects is of the moment when they were read.
void tell_when_read(const AllocationView& view, std::vector<Finding>& findings) {
  constexpr std::array<std::string_view, 6> objects{"ResourceSlice", "ResourceClaim", "Pod ",
                                                    "Node ",         "PodGroup",      "Workload"};
  for (Finding& finding : findings) {
    for (Evidence& evidence : finding.evidence) {
      const bool object = std::any_of(objects.begin(), objects.end(), [&](const auto& kind) {
        return evidence.source.starts_with(kind);
      });
      if (object && evidence.time.empty()) evidence.time = view.read_at;
    }
  }
}

bool begins_with_one(const std::string& text, const std::vector<std::string_view>& words) {
  return std::any_of(words.begin(), words.end(),
                     [&](std::string_view word) { return text.starts_with(word); });
}

/// The moment when a node told what stands in this evidence; empty when it is not of the node's own
/// facts (a measurement has its own time).
std::string told_at(const NodeFacts& node, const std::string& source) {
  std::vector<std::string_view> kubelet{"kubelet", "config.yaml",       "cgroup of container",
                                        "cpu_man", "memory_manager_st", "dra_manager_state"};
  if (node.holdings && !node.holdings->source.empty()) kubelet.push_back(node.holdings->source);
  if (node.holdings && begins_with_one(source, kubelet)) return node.holdings->read_at;
  std::vector<std::string_view> machine{
      "sysfs of",        "network devices of", "network namespace of", "network functions of",
      "RDMA devices of", "active MTU of",      "cgroup of process"};
  if (!node.topology) return "";
  if (node.topology->gpus) machine.push_back(node.topology->gpus->source);
  return begins_with_one(source, machine) ? node.topology->read_at : "";
}

/// Evidence of what a node told of itself is of the moment when it told it.
void tell_when_looked(const std::vector<NodeFacts>& nodes, std::vector<Finding>& findings) {
  std::map<std::string, const NodeFacts*> by_name;
  for (const NodeFacts& node : nodes)
    by_name[node.node] = &node;
  for (Finding& finding : findings) {
    for (Evidence& evidence : finding.evidence) {
      if (!evidence.time.empty()) continue;
      // The node stands last, behind "of" or "on"; else the finding is about it.
      const auto space = evidence.source.rfind(' ');
      auto found = by_name.end();
      if (space != std::string::npos) found = by_name.find(evidence.source.substr(space + 1));
      if (found == by_name.end()) found = by_name.find(finding.subject.node);
      if (found != by_name.end()) evidence.time = told_at(*found->second, evidence.source);
    }
  }
}

std::vector<Finding> findings_of(const Judged& judged,
                                 const std::vector<std::pair<std::string, Rule>>& rules) {
  const Facts& facts = *judged.facts;
  std::vector<Finding> findings = agent_findings(judged);
  append(findings, x11_findings(facts, judged.truth));
  for (const auto& [id, rule] : rules) {
    if (id != "X11") append(findings, rule(facts));
  }
  const Scene scene = scene_of(judged);
  const std::vector<Culprit> culprits = localise(scene);
  append(findings, path_findings(scene, culprits));
  append(findings, group_findings(scene, culprits));
  append(findings, control_arms(judged));
  append(findings, control_findings(facts));
  append(findings, placed_paths(judged));
  append(findings, doubtful_paths(scene, culprits));
  for (const Rule rule :
       {gpu_links, x03_gpu_truth, x04_gpu_given, x05_nvlink_domain, x06_clique, x17_gpu_sharing,
        x19_gpu_health, x20_gpu_counts, x21_gpu_tenants, x04_rdma_given, x15_rdma_gid,
        x18_functions, x20_rdma_counts, rails_judged, rail_mtu, rail_switch, rails_told}) {
    append(findings, rule(facts));
  }
  append(findings, gpu_paths_judged(facts, low_gpu_numbers(judged)));
  if (facts.claims) tell_when_read(*facts.claims, findings);
  tell_when_looked(facts.nodes, findings);
  worst_first(findings);
  return findings;
}

std::vector<ReportNode> report_nodes(const Judged& judged) {
  std::vector<ReportNode> nodes;
  for (const NodeFacts& node : judged.facts->nodes) {
    const auto measured = judged.truth.measured.find(node.node);
    nodes.push_back({node.node, labelled_rack(*judged.facts, node.node).value_or(""),
                     measured == judged.truth.measured.end() ? "" : measured->second});
  }
  return nodes;
}

std::vector<PathJudgement> judgements_of(const Judged& judged) {
  std::vector<PathJudgement> judgements;
  for (const JudgedOutcome& entry : judged.outcomes) {
    if (entry.outcome->measured() == nullptr) continue;
    judgements.push_back(
        {entry.outcome->key(), to_string(entry.number.verdict), entry.number.expected.expectation});
  }
  return judgements;
}

}  // namespace

Report judge_by(const Facts& facts, const std::vector<std::pair<std::string, Rule>>& rules) {
  const FactsIndex index(facts);
  const Judged judged = judge_numbers(facts);
  Report report;
  report.from_fakes = std::any_of(facts.nodes.begin(), facts.nodes.end(), [](const auto& node) {
    return node.topology && node.topology->gpus && node.topology->gpus->fake;
  });
  report.coverage = coverage_of(judged);
  report.nodes = report_nodes(judged);
  for (const DeclaredRail& rail : facts.fabric.rails)
    report.rails.push_back(rail.name);
  report.findings = findings_of(judged, rules);
  report.outcomes = not_measured_first(facts, latest_outcomes(facts));
  report.judgements = judgements_of(judged);
  for (const auto& [rail, tests] : group_tests(report.outcomes, Scope::nodes))
    report.facts["group_tests." + rail] = std::to_string(tests);
  for (const auto& [rail, tests] : group_tests(report.outcomes, Scope::placed))
    report.facts["group_tests.placed." + rail] = std::to_string(tests);
  conclude(judged, report);
  report.requirements = requirements_of(judged, report);
  return report;
}

Report judge(const Facts& facts) { return judge_by(facts, claim_rules()); }

}  // namespace plumbline::netcheck
