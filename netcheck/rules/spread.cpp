#include "netcheck/rules/spread.hpp"

#include <set>

#include "netcheck/rules/lookup.hpp"
#include "netcheck/rules/quote.hpp"

namespace plumbline::netcheck {
namespace {

void place(const ClaimIndex& index, const PodClaim& pod, const std::string& label, Spread& spread) {
  spread.evidence.push_back({"Pod " + full_name(pod.meta) + " spec.nodeName", pod.node, ""});
  const NodeClaim* node = index.node(pod.node);
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
  spread.domains[found->second].push_back(&pod);
}

}  // namespace

Spread spread_of(const ClaimIndex& index, const Gang& gang, const std::string& label) {
  Spread spread;
  for (const PodClaim* pod : gang.members) {
    if (ended(*pod)) continue;
    ++spread.living;
    if (pod->node.empty()) {
      spread.waiting.push_back(full_name(pod->meta));
    } else {
      place(index, *pod, label, spread);
    }
  }
  return spread;
}

std::string unseen_in(const Spread& spread, const std::string& label) {
  if (spread.living == 0) return "no living pod of it was read";
  if (!spread.waiting.empty()) return listed(spread.waiting) + " not bound to a node";
  if (spread.unlabelled.empty()) return {};
  const std::set<std::string> nodes(spread.unlabelled.begin(), spread.unlabelled.end());
  return "label " + label + " is missing on " + listed({nodes.begin(), nodes.end()});
}

std::string text_of(const Spread& spread) {
  constexpr std::size_t most_pods = 8;
  std::vector<std::string> parts;
  for (const auto& [value, pods] : spread.domains) {
    std::vector<std::string> names;
    for (const PodClaim* pod : pods) {
      if (names.size() == most_pods) break;
      names.push_back(full_name(pod->meta) + " on " + pod->node);
    }
    const std::size_t more = pods.size() - names.size();
    parts.push_back(value + " (" + listed(names) +
                    (more > 0 ? " and " + std::to_string(more) + " more" : "") + ")");
  }
  return listed(parts);
}

std::map<std::int64_t, const PodClaim*> by_rank(const Gang& gang) {
  std::map<std::int64_t, const PodClaim*> ranks;
  for (const PodClaim* pod : gang.members) {
    if (ended(*pod) || pod->node.empty()) continue;
    if (!pod->rank || !ranks.emplace(*pod->rank, pod).second) return {};
  }
  return ranks;
}

}  // namespace plumbline::netcheck
