#include <algorithm>
#include <array>
#include <cstdio>
#include <map>
#include <set>
#include <utility>

#include "netcheck/lookup.hpp"
#include "netcheck/rules/gangs.hpp"
#include "netcheck/rules/lookup.hpp"
#include "netcheck/rules/quote.hpp"
#include "netcheck/rules/rules.hpp"

namespace plumbline::netcheck {
namespace {

constexpr std::size_t kMostStarts = 64;  // groups grown, each from another node
constexpr double kWorthSaying = 1.05;    // below it a factor is called none

/// The bandwidth between two nodes: over all rails, of each the slower direction.
struct Rate {
  double value = 0;
  Interval interval;
  std::string key;  ///< of one of its measurements
};

/// Measured bandwidth of node pairs, in the order of names.
class Matrix {
 public:
  explicit Matrix(const Facts& facts) {
    const auto outcomes = latest_outcomes(facts);
    const std::string size = judged_size(outcomes);
    std::map<Key, std::map<std::string, Rate>> by_rail;
    for (const Outcome* const outcome : outcomes) {
      const Measured* const measured = outcome->measured();
      if (measured == nullptr || !is_judged_goodput(*outcome, size)) continue;
      if (parameter(*outcome, "direction") == "both_ways") continue;
      const Rate rate{measured->value, measured->interval, outcome->key()};
      auto [at, fresh] =
          by_rail[key(outcome->from.node, outcome->to.node)].try_emplace(outcome->from.rail, rate);
      if (!fresh && rate.value < at->second.value) at->second = rate;
    }
    for (const auto& [nodes, rails] : by_rail) {
      Rate& sum = rates_[nodes];
      for (const auto& [rail, rate] : rails) {
        sum.value += rate.value;
        sum.interval.low += rate.interval.low;
        sum.interval.high += rate.interval.high;
        sum.key = rate.key;
      }
    }
  }

  bool empty() const { return rates_.empty(); }

  /// Null when the pair was not measured.
  const Rate* between(const std::string& one, const std::string& other) const {
    const auto found = rates_.find(key(one, other));
    return found == rates_.end() ? nullptr : &found->second;
  }

 private:
  using Key = std::pair<std::string, std::string>;
  static Key key(const std::string& one, const std::string& other) {
    return std::minmax(one, other);
  }
  std::map<Key, Rate> rates_;
};

using Nodes = std::vector<std::string>;

/// The slowest pair of a group, which paces a ring; null when a pair was not measured.
const Rate* slowest(const Matrix& matrix, const Nodes& nodes) {
  const Rate* least = nullptr;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    for (std::size_t k = i + 1; k < nodes.size(); ++k) {
      const Rate* const rate = matrix.between(nodes[i], nodes[k]);
      if (rate == nullptr) return nullptr;
      if (least == nullptr || rate->value < least->value) least = rate;
    }
  }
  return least;
}

/// Grows a group from one node, each time by the node that keeps its slowest pair the fastest.
Nodes grown_from(const Matrix& matrix, const std::string& start, const Nodes& candidates,
                 std::size_t size) {
  Nodes group{start};
  std::map<std::string, double> least;  // of each candidate, to the group so far
  for (const std::string& node : candidates)
    least[node] = 1e300;
  while (group.size() < size) {
    std::string best;
    double best_rate = 0;
    for (auto& [node, rate] : least) {
      if (std::find(group.begin(), group.end(), node) != group.end()) continue;
      const Rate* const added = matrix.between(node, group.back());
      rate = std::min(rate, added == nullptr ? 0.0 : added->value);
      if (rate <= best_rate) continue;
      best_rate = rate;
      best = node;
    }
    if (best.empty()) return {};
    group.push_back(best);
  }
  return group;
}

/// The best group that was found among the candidates: at least so good is the best there is.
Nodes best_of(const Matrix& matrix, const Nodes& candidates, std::size_t size) {
  Nodes best;
  const Rate* best_rate = nullptr;
  for (std::size_t i = 0; i < std::min(candidates.size(), kMostStarts); ++i) {
    Nodes group = grown_from(matrix, candidates[i], candidates, size);
    const Rate* const rate = group.empty() ? nullptr : slowest(matrix, group);
    if (rate == nullptr || (best_rate != nullptr && rate->value <= best_rate->value)) continue;
    best_rate = rate;
    best = std::move(group);
  }
  std::sort(best.begin(), best.end());
  return best;
}

bool holds_devices(const PodClaim& pod, const std::set<std::string>& reserved) {
  return !pod.resource_claims.empty() || !pod.extended.empty() || !pod.gang.empty() ||
         reserved.count(full_name(pod.meta)) > 0;
}

/// The pods that claims name as theirs: a server that knows no claims of pods drops them there.
std::set<std::string> reserved_pods(const AllocationView& view) {
  std::set<std::string> names;
  for (const DeviceClaim& claim : view.claims) {
    for (const std::string& pod : claim.reserved_for)
      names.insert(claim.meta.name_space + "/" + pod);
  }
  return names;
}

/// The nodes of a gang's living members, each once; empty when one is not bound.
Nodes nodes_of(const Gang& gang) {
  std::set<std::string> nodes;
  for (const PodClaim* const pod : gang.members) {
    if (ended(*pod)) continue;
    if (pod->node.empty()) return {};
    nodes.insert(pod->node);
  }
  return {nodes.begin(), nodes.end()};
}

/// The pods that the stage itself brought, which make room for any other: by uid.
std::set<std::string> stage_pods(const Facts& facts) {
  std::set<std::string> uids;
  if (!facts.workloads) return uids;
  for (const PlacedPod& pod : facts.workloads->pods)
    uids.insert(pod.binding.uid);
  return uids;
}

/// Enrolled nodes on which no other pod holds devices, the gang's own and those that only the stage
/// holds among them.
Nodes free_nodes(const ClaimIndex& index, const Gang& gang) {
  const std::set<const PodClaim*> own(gang.members.begin(), gang.members.end());
  const auto brought = stage_pods(index.facts());
  const auto reserved = reserved_pods(*index.facts().claims);
  Nodes nodes;
  for (const NodeFacts& node : index.facts().nodes) {
    const auto& pods = index.on_node(node.node);
    const bool taken = std::any_of(pods.begin(), pods.end(), [&](const PodClaim* pod) {
      return own.count(pod) == 0 && brought.count(pod->meta.uid) == 0 && !ended(*pod) &&
             holds_devices(*pod, reserved);
    });
    if (!taken) nodes.push_back(node.node);
  }
  return nodes;
}

/// Of the best groups within one value of a label, the best.
Nodes best_within(const ClaimIndex& index, const Matrix& matrix, const Nodes& candidates,
                  const std::string& label, std::size_t size) {
  std::map<std::string, Nodes> domains;
  for (const std::string& name : candidates) {
    const NodeClaim* const node = index.node(name);
    if (node == nullptr) continue;
    const auto value = node->meta.labels.find(label);
    if (value != node->meta.labels.end()) domains[value->second].push_back(name);
  }
  Nodes best;
  for (const auto& [value, nodes] : domains) {
    Nodes group = best_of(matrix, nodes, size);
    if (group.empty()) continue;
    if (best.empty() || slowest(matrix, group)->value > slowest(matrix, best)->value)
      best = std::move(group);
  }
  return best;
}

std::string number(const char* format, double value) {
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), format, value);
  return text.data();
}

struct Factor {
  double value = 1;
  Interval interval;
};

Factor factor_of(const Rate& got, const Rate& best) {
  const double least = std::max(got.interval.low, 1.0);
  return {best.value / std::max(got.value, 1.0),
          {best.interval.low / std::max(got.interval.high, 1.0), best.interval.high / least}};
}

std::string text_of(const Factor& factor) {
  return number("%.2f", factor.value) + " times (" + number("%.2f", factor.interval.low) + " to " +
         number("%.2f", factor.interval.high) + ")";
}

Evidence evidence_of(const char* what, const Nodes& nodes, const Rate& rate) {
  return {what, listed(nodes) + ": slowest pair " + number("%.4g", rate.value / 1e6) + " MB/s", ""};
}

Finding not_known(Finding finding, const std::string& lacks) {
  finding.verdict = Verdict::unobservable;
  finding.message = "How much longer an all-reduce over gang " + finding.subject.name +
                    " takes than on the best free nodes cannot be told: which are free is not "
                    "known, since " +
                    lacks + ".";
  finding.next_step = how_to_read("Pod");
  return finding;
}

std::optional<Finding> judge(const ClaimIndex& index, const Matrix& matrix, const Gang& gang) {
  const Nodes own = nodes_of(gang);
  const Rate* const got = own.size() < 2 ? nullptr : slowest(matrix, own);
  if (got == nullptr) return std::nullopt;
  const Nodes candidates = free_nodes(index, gang);
  const Nodes best = best_of(matrix, candidates, own.size());
  const Rate* const best_rate = best.empty() ? nullptr : slowest(matrix, best);
  if (best_rate == nullptr) return std::nullopt;
  const Factor factor = factor_of(*got, *best_rate);
  const bool asked = gang.claim->one_domain.has_value();
  Finding finding;
  finding.rule = "penalty";
  finding.tier = "A";
  finding.subject = {"gang", gang.name, "", ""};
  finding.claim = quote_gang(*gang.claim, !asked);
  finding.measurement = got->key;
  finding.evidence = {evidence_of("the gang's nodes", own, *got),
                      evidence_of("the best free nodes", best, *best_rate)};
  const bool costs = factor.interval.low > kWorthSaying;
  // Fewer free nodes than these have no better group; more pods than were read may hold the best.
  if (const auto lacks = unread(*index.facts().claims, "Pod"); costs && !lacks.empty())
    return not_known(std::move(finding), lacks);
  finding.verdict = !costs  ? Verdict::match
                    : asked ? Verdict::preference_not_met
                            : Verdict::unclaimed;
  finding.message = "An all-reduce over gang " + gang.name + " takes " +
                    (costs ? "about " + text_of(factor) + " as long on " + listed(own) + " as on "
                           : "no longer on " + listed(own) + " than on ") +
                    "the best free nodes" + (costs ? ", " + listed(best) : "") +
                    ", by the slowest pair of each";
  if (asked && costs) {
    const Nodes within =
        best_within(index, matrix, candidates, *gang.claim->one_domain, own.size());
    const Rate* const rate = within.empty() ? nullptr : slowest(matrix, within);
    if (rate != nullptr) {
      finding.evidence.push_back(evidence_of("the best as claimed", within, *rate));
      finding.message += "; " + text_of(factor_of(*got, *rate)) + " as long as within one " +
                         *gang.claim->one_domain + ", as it asked";
    }
  }
  finding.message += ".";
  finding.next_step = costs ? "Where it matters, have the gang placed again; see X10 for why it is "
                              "where it is."
                            : "Nothing to do.";
  return finding;
}

}  // namespace

std::vector<Finding> placement_penalty(const Facts& facts) {
  if (!facts.claims) return {};
  const Matrix matrix(facts);
  if (matrix.empty()) return {};
  const ClaimIndex index(facts);
  std::vector<Finding> findings;
  std::set<std::string> told;
  for (const Gang& gang : gangs(index)) {
    if (gang.claim == nullptr || !told.insert(gang.name).second) continue;
    if (auto finding = judge(index, matrix, gang)) findings.push_back(std::move(*finding));
  }
  return findings;
}

}  // namespace plumbline::netcheck
