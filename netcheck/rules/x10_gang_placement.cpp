#include <map>

#include "netcheck/rules/gangs.hpp"
#include "netcheck/rules/lookup.hpp"
#include "netcheck/rules/quote.hpp"
#include "netcheck/rules/rules.hpp"

namespace plumbline::netcheck {
namespace {

/// Where the living members of a gang are.
struct Spread {
  std::map<std::string, std::vector<std::string>> domains;  ///< label value -> "pod on node"
  std::vector<std::string> waiting;                         ///< pods that are not bound
  std::vector<std::string> unlabelled;                      ///< nodes without the label
  std::vector<Evidence> evidence;
  std::size_t living = 0;
};

const NodeClaim* find_node_object(const AllocationView& view, const std::string& name) {
  for (const NodeClaim& node : view.nodes) {
    if (node.meta.name == name) return &node;
  }
  return nullptr;
}

void place(const AllocationView& view, const PodClaim& pod, const std::string& label,
           Spread& spread) {
  const std::string name = full_name(pod.meta);
  spread.evidence.push_back({"Pod " + name + " spec.nodeName", pod.node, ""});
  const NodeClaim* node = find_node_object(view, pod.node);
  if (node == nullptr) {
    spread.unlabelled.push_back(pod.node + " (no Node object was read)");
    return;
  }
  const auto found = node->meta.labels.find(label);
  if (found == node->meta.labels.end()) {
    spread.unlabelled.push_back(pod.node);
    return;
  }
  spread.evidence.push_back({"Node " + pod.node + " label " + label, found->second, ""});
  spread.domains[found->second].push_back(name + " on " + pod.node);
}

Spread spread_of(const AllocationView& view, const Gang& gang) {
  Spread spread;
  for (const PodClaim* pod : gang.members) {
    if (ended(*pod)) continue;
    ++spread.living;
    if (pod->node.empty()) {
      spread.waiting.push_back(full_name(pod->meta));
    } else {
      place(view, *pod, *gang.claim->one_domain, spread);
    }
  }
  return spread;
}

Finding begin(const Gang& gang) {
  Finding finding;
  finding.rule = "X10";
  finding.tier = "A";
  finding.subject = {"gang", gang.name, "", ""};
  if (gang.claim != nullptr) finding.claim = quote_gang(*gang.claim, false);
  return finding;
}

std::string text_of(const Spread& spread) {
  std::vector<std::string> parts;
  for (const auto& [value, pods] : spread.domains)
    parts.push_back(value + " (" + listed(pods) + ")");
  return listed(parts);
}

Finding apart(Finding finding, const Gang& gang, const Spread& spread) {
  const bool required = gang.claim->required;
  finding.verdict = required ? Verdict::violation : Verdict::preference_not_met;
  finding.message = "Gang " + gang.name + (required ? " requires" : " prefers") + " one " +
                    *gang.claim->one_domain + ", but its pods are in " +
                    std::to_string(spread.domains.size()) + ": " + text_of(spread) + ".";
  finding.next_step =
      required
          ? "Delete and schedule the gang again when one " + *gang.claim->one_domain +
                " has room for it; find out who bound it (a scheduler that knows no gangs, or a "
                "hand)."
          : "Nothing is broken; for full speed schedule the gang again when one domain has room.";
  return finding;
}

Finding unseen(Finding finding, const Gang& gang, const std::string& reason) {
  finding.verdict = Verdict::unobservable;
  finding.message =
      "Whether gang " + gang.name + " is in one domain cannot be told: " + reason + ".";
  finding.next_step =
      "Settle what is missing (unbound pods, labels, objects not read) and run again.";
  return finding;
}

Finding check(const AllocationView& view, const Gang& gang) {
  Finding finding = begin(gang);
  const Spread spread = spread_of(view, gang);
  finding.evidence = spread.evidence;
  if (spread.domains.size() > 1) return apart(std::move(finding), gang, spread);
  if (spread.living == 0) return unseen(std::move(finding), gang, "no living pod of it was read");
  if (!spread.waiting.empty()) {
    return unseen(std::move(finding), gang, listed(spread.waiting) + " not bound to a node");
  }
  if (!spread.unlabelled.empty()) {
    return unseen(
        std::move(finding), gang,
        "label " + *gang.claim->one_domain + " is missing on " + listed(spread.unlabelled));
  }
  finding.verdict = Verdict::match;
  finding.message = "Gang " + gang.name + " is in one " + *gang.claim->one_domain +
                    " as it asked: " + text_of(spread) + ".";
  finding.next_step = "Nothing to do.";
  return finding;
}

bool all_ended(const Gang& gang) {
  for (const PodClaim* pod : gang.members) {
    if (!ended(*pod)) return false;
  }
  return !gang.members.empty();
}

}  // namespace

std::vector<Finding> x10_gang_placement(const Facts& facts) {
  if (!facts.claims) return without_claims(facts, "X10", "A");
  std::vector<Finding> findings;
  for (const Gang& gang : gangs(facts)) {
    if (gang.claim == nullptr) {
      findings.push_back(
          unseen(begin(gang), gang, "its pods name it, but its object was not read"));
    } else if (gang.claim->one_domain && !all_ended(gang)) {
      findings.push_back(check(*facts.claims, gang));
    }
  }
  return findings;
}

}  // namespace plumbline::netcheck
