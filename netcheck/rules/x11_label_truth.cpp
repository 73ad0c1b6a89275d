#include "netcheck/rules/x11_label_truth.hpp"

#include <algorithm>
#include <optional>
#include <string>

#include "netcheck/lookup.hpp"

namespace plumbline::netcheck {
namespace {

constexpr const char* kRule = "X11";
constexpr const char* kTier = "A";
constexpr std::size_t kMostEvidence = 6;

Subject label_of(const Facts& facts, const std::string& node) {
  return {"label", facts.fabric.rack_label, node, ""};
}

ClaimRef quote(const Facts& facts, const std::string& node) {
  ClaimRef claim{"Node", node, "", "", "metadata.labels[" + facts.fabric.rack_label + "]", ""};
  if (const NodeClaim* object = find_node_claim(facts, node)) {
    claim.uid = object->meta.uid;
    claim.resource_version = object->meta.resource_version;
  }
  claim.value = labelled_rack(facts, node).value_or("");
  return claim;
}

std::string finished_at(const Facts& facts, const std::string& key) {
  for (const Outcome* outcome : latest_outcomes(facts)) {
    if (outcome->key() == key) return outcome->finished_at;
  }
  return {};
}

/// What the edges of a node say: whom it is fast with, and whom of its own label it is slow with.
struct Testimony {
  std::vector<Evidence> evidence;
  std::string measurement;
  std::vector<std::string> fast_with;
  std::vector<std::string> slow_with;
};

Testimony testimony(const Facts& facts, const LabelTruth& truth, const std::string& node) {
  Testimony told;
  for (const Edge& edge : truth.edges.edges) {
    const std::string& one = truth.edges.nodes[edge.a];
    const std::string& other = truth.edges.nodes[edge.b];
    if (one != node && other != node) continue;
    const std::string& partner = one == node ? other : one;
    const bool same = labelled_rack(facts, node) == labelled_rack(facts, partner);
    std::string rail;
    const bool fast = is_fast(truth.edges, edge, truth.cut, &rail);
    if (fast == same || (!fast && !is_slow(truth.edges, edge, truth.cut, &rail))) continue;
    (fast ? told.fast_with : told.slow_with).push_back(partner);
    const RailShare& share = edge.rails.at(rail);
    if (told.measurement.empty() || (fast && told.fast_with.size() == 1)) {
      told.measurement = share.key;
    }
    if (told.evidence.size() >= kMostEvidence) continue;
    told.evidence.push_back({"goodput " + one + " <-> " + other + " on " + rail,
                             format_rate(share.value) + (fast ? ": one rack" : ": between racks"),
                             finished_at(facts, share.key)});
  }
  return told;
}

std::string listed_names(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names)
    text += (text.empty() ? "" : ", ") + name;
  return text;
}

Finding lying(const Facts& facts, const LabelTruth& truth, const std::string& node) {
  const Testimony told = testimony(facts, truth, node);
  const std::string label = labelled_rack(facts, node).value_or("");
  const auto measured = truth.measured.find(node);
  Finding finding;
  finding.rule = kRule;
  finding.verdict = Verdict::violation;
  finding.subject = label_of(facts, node);
  finding.message = "the label " + facts.fabric.rack_label + " says that " + node + " is in " +
                    label + ", but it was measured in " +
                    (measured == truth.measured.end() ? "another rack" : measured->second);
  if (!told.fast_with.empty()) {
    finding.message += ": it has the speed of one rack with " + listed_names(told.fast_with);
  }
  if (!told.slow_with.empty()) {
    finding.message += (told.fast_with.empty() ? ": " : ", ") +
                       std::string("and only that of an uplink with ") +
                       listed_names(told.slow_with);
  }
  finding.next_step = "correct the label " + facts.fabric.rack_label + " of node " + node +
                      ", or what writes it; until then gangs are placed by a wrong map";
  finding.claim = quote(facts, node);
  finding.evidence = told.evidence;
  finding.measurement = told.measurement;
  finding.tier = kTier;
  return finding;
}

/// Some of these labels lie, and which cannot be told.
Finding some_lie(const Facts& facts, const LabelTruth& truth,
                 const std::vector<std::string>& nodes) {
  Finding finding = lying(facts, truth, nodes.front());
  for (const std::string& node : nodes)
    finding.ambiguity.push_back(label_of(facts, node));
  finding.message =
      "the labels " + facts.fabric.rack_label + " of " + listed_names(nodes) +
      " contradict the measured racks; some of them lie, and the measurements fit more "
      "than one way to correct them";
  finding.next_step = "look at which racks these nodes stand in: " + listed_names(nodes);
  for (const std::string& node : nodes) {
    const auto measured = truth.measured.find(node);
    if (measured == truth.measured.end()) continue;
    finding.evidence.push_back({"rack of " + node,
                                "label " + labelled_rack(facts, node).value_or("(none)") +
                                    ", measured together with those of " + measured->second,
                                ""});
  }
  return finding;
}

Finding whole(const Facts& facts, Verdict verdict, const std::string& message) {
  Finding finding;
  finding.rule = kRule;
  finding.verdict = verdict;
  finding.subject = {"label", facts.fabric.rack_label, "", ""};
  finding.message = message;
  finding.tier = kTier;
  return finding;
}

Finding matching(const Facts& facts, const LabelTruth& truth) {
  Finding finding = whole(facts, Verdict::match,
                          "the racks by label " + facts.fabric.rack_label + " of " +
                              std::to_string(truth.measured.size()) +
                              " nodes are the racks that their goodputs show");
  if (!truth.unplaced.empty()) {
    finding.message += "; the measurements place nowhere: " + listed_names(truth.unplaced);
  }
  for (const auto& [node, rack] : truth.measured) {
    finding.evidence.push_back({"rack of " + node, "measured " + rack, ""});
  }
  return finding;
}

}  // namespace

std::vector<Finding> x11_findings(const Facts& facts, const LabelTruth& truth) {
  std::vector<Finding> findings;
  if (truth.answer == LabelAnswer::not_applicable) return findings;
  if (truth.answer == LabelAnswer::match) findings.push_back(matching(facts, truth));
  for (const std::string& node : truth.liars)
    findings.push_back(lying(facts, truth, node));
  for (const auto& nodes : truth.open)
    findings.push_back(some_lie(facts, truth, nodes));
  if (truth.answer == LabelAnswer::unobservable) {
    findings.push_back(whole(facts, Verdict::unobservable,
                             "whether the labels " + facts.fabric.rack_label +
                                 " tell the truth cannot be seen: " + truth.reason));
    findings.back().next_step = racks_should_separate(facts)
                                    ? "measure every pair, so that racks can be told apart"
                                    : "compare the labels with the switches' own neighbour tables";
  }
  if (!facts.claims || truth.unlabelled.size() == facts.nodes.size()) return findings;
  for (const std::string& node : truth.unlabelled) {
    Finding finding = whole(facts, Verdict::unobservable,
                            "node " + node + " has no label " + facts.fabric.rack_label);
    finding.subject.node = node;
    finding.next_step = "label node " + node + " with its rack";
    const auto measured = truth.measured.find(node);
    if (measured != truth.measured.end()) {
      finding.message += "; it was measured in " + measured->second;
    }
    findings.push_back(std::move(finding));
  }
  return findings;
}

std::vector<Finding> x11_label_truth(const Facts& facts) {
  return x11_findings(facts, label_truth(facts));
}

}  // namespace plumbline::netcheck
