#include "netcheck/controls/placed_paths.hpp"

#include <algorithm>
#include <set>

#include "netcheck/inference/label_truth.hpp"
#include "netcheck/lookup.hpp"
#include "netcheck/rules/custody.hpp"
#include "netcheck/rules/quote.hpp"

namespace plumbline::netcheck {
namespace {

constexpr const char* kGang = "gang";
using NodeOnRail = std::pair<std::string, std::string>;

/// True when the gang has, or had, a member on the node. A gang of fewer members than nodes has no
/// part in the others.
bool concerns_gang(const Facts& facts, const std::string& node) {
  const auto& pods = facts.workloads->pods;
  return std::any_of(pods.begin(), pods.end(), [&](const PlacedPod& pod) {
    return pod.workload == kGang && pod.binding.value == node;
  });
}

const NodeFacts* inside(const Facts& facts, const PlacedPod& pod) {
  for (const NodeFacts& told : facts.placed) {
    if (told.node == pod.binding.name) return &told;
  }
  return nullptr;
}

bool holds(const Facts& facts, const PlacedPod& pod, const Endpoint& end) {
  const Custody holders = custody(facts, end.node, end.device);
  return std::any_of(holders.holders.begin(), holders.holders.end(), [&](const Holder& holder) {
    return holder.name_space + "/" + holder.pod == pod.binding.name;
  });
}

/// Why a pod cannot measure this end; empty when it can.
std::string obstacle(const Facts& facts, const Endpoint& end, const PlacedPod* pod) {
  if (pod == nullptr) return "no pod of the gang runs on " + end.node;
  const std::string name = "pod " + pod->binding.name;
  if (!holds(facts, *pod, end)) return name + " does not hold " + end.device + " of " + end.node;
  const NodeFacts* told = inside(facts, *pod);
  if (told == nullptr || !told->topology)
    return "the agent in " + name + " told nothing" +
           (told == nullptr ? "" : ": " + told->topology_problem);
  Facts seen;
  seen.fabric = facts.fabric;
  seen.nodes = {*told};
  if (nic_on(seen, told->node, end.rail) == nullptr)
    return name + " sees no device with an address on " + end.rail;
  return "";
}

/// The device's name as the pod sees it.
std::string device_inside(const Facts& facts, const PlacedPod& pod, const std::string& rail) {
  Facts seen;
  seen.fabric = facts.fabric;
  seen.nodes = {*inside(facts, pod)};
  return nic_on(seen, pod.binding.name, rail)->name;
}

/// A gang that asked for no network device has none to measure.
bool any_held(const Facts& facts, const Plan& plan) {
  for (const Round& round : plan.goodput) {
    for (const PlannedPair& pair : round.pairs) {
      for (const Endpoint& end : {pair.from, pair.to}) {
        const PlacedPod* pod = gang_pod_on(facts, end.node);
        if (pod != nullptr && holds(facts, *pod, end)) return true;
      }
    }
  }
  return false;
}

Outcome skipped_on(const NodeOnRail& place, const std::string& reason) {
  Outcome outcome;
  outcome.probe = kPlacedGoodput;
  outcome.from = {place.first, "", place.second};
  outcome.to = outcome.from;
  outcome.result = Skipped{reason};
  return outcome;
}

Finding judge(const Facts& facts, const JudgedOutcome& entry) {
  const Outcome& outcome = *entry.outcome;
  const Measured& measured = *outcome.measured();
  Finding finding;
  finding.rule = "placed";
  finding.tier = "A";
  finding.subject = {"pod", parameter(outcome, "from_pod"), outcome.from.node, outcome.from.rail};
  finding.measurement = outcome.key();
  finding.expectation = entry.number.expected.expectation;
  const auto* const from = gang_pod_on(facts, outcome.from.node);
  if (from != nullptr) finding.claim = from->binding;
  std::string told = "Pods " + parameter(outcome, "from_pod") + " on " + outcome.from.node +
                     " and " + parameter(outcome, "to_pod") + " on " + outcome.to.node +
                     ", placed by the scheduler, get " + format_rate({measured.value}) + " over " +
                     outcome.from.rail;
  if (finding.expectation) told += "; their path gives " + format_rate(finding.expectation->rate);
  for (const Outcome* other : latest_outcomes(facts)) {
    const bool same = other->probe == "pair_goodput" && other->measured() != nullptr &&
                      other->from == outcome.from && other->to == outcome.to &&
                      parameter(*other, "size") == parameter(outcome, "size") &&
                      parameter(*other, "direction") == "one_way";
    if (!same) continue;
    told += ", the nodes' own agents got " + format_rate({other->measured()->value});
    break;
  }
  finding.message = told + ".";
  const bool low = entry.number.verdict == NumberVerdict::degraded;
  finding.verdict = low                                         ? Verdict::degraded
                    : entry.number.verdict == NumberVerdict::ok ? Verdict::match
                                                                : Verdict::unobservable;
  finding.next_step = low ? "Compare with what the nodes' agents got: where they get more, look at "
                            "the pod's limits "
                            "and network; else at the path that other findings name."
                          : "Nothing to do.";
  if (finding.verdict == Verdict::unobservable)
    finding.next_step = "Give it more time (measure.pair_budget): " + entry.number.why + ".";
  return finding;
}

/// True when both nodes stand in one rack: as measured, where a label lies.
bool in_one_rack(const Racks& racks, const PlannedPair& pair) {
  const auto one = racks.of.find(pair.from.node);
  const auto other = racks.of.find(pair.to.node);
  return one != racks.of.end() && other != racks.of.end() && one->second == other->second;
}

}  // namespace

PlacedPlan plan_placed(const Facts& facts, const Plan& plan) {
  PlacedPlan placed;
  if (!facts.workloads || !any_held(facts, plan)) return placed;
  const Racks racks = effective_racks(facts, label_truth(facts));
  std::set<NodeOnRail> covered;
  std::set<std::string> with_aligned;  ///< rails with a pair of one rack
  std::map<NodeOnRail, std::string> missing;
  for (const Round& round : plan.goodput) {
    std::vector<PlacedPair> pairs;
    for (const PlannedPair& pair : round.pairs) {
      const NodeOnRail from{pair.from.node, pair.from.rail};
      const NodeOnRail to{pair.to.node, pair.to.rail};
      const bool aligned = in_one_rack(racks, pair);
      const bool wanted = aligned && !with_aligned.contains(pair.from.rail);
      if (covered.contains(from) && covered.contains(to) && !wanted) continue;
      if (!concerns_gang(facts, from.first) || !concerns_gang(facts, to.first)) continue;
      PlacedPair made{pair, gang_pod_on(facts, pair.from.node), gang_pod_on(facts, pair.to.node)};
      const std::string one = obstacle(facts, pair.from, made.from);
      const std::string other = obstacle(facts, pair.to, made.to);
      if (!one.empty()) missing[from] = one;
      if (!other.empty()) missing[to] = other;
      if (!one.empty() || !other.empty()) continue;
      made.pair.from.device = device_inside(facts, *made.from, pair.from.rail);
      made.pair.to.device = device_inside(facts, *made.to, pair.to.rail);
      covered.insert({from, to});
      if (aligned) with_aligned.insert(pair.from.rail);
      pairs.push_back(std::move(made));
    }
    if (!pairs.empty()) placed.rounds.push_back(std::move(pairs));
  }
  for (const auto& [place, reason] : missing)
    placed.skipped.push_back(skipped_on(place, reason));
  return placed;
}

PlacedPlan placed_again(const Facts& facts, const Plan& plan) {
  std::set<std::string> doubted;
  for (const JudgedOutcome& number : judge_numbers(facts).outcomes) {
    const NumberVerdict verdict = number.number.verdict;
    const bool open = verdict == NumberVerdict::degraded || verdict == NumberVerdict::inconclusive;
    if (number.outcome->probe == kPlacedGoodput && number.outcome->measured() != nullptr && open)
      doubted.insert(number.outcome->key());
  }
  PlacedPlan again;
  if (doubted.empty()) return again;
  for (const auto& round : plan_placed(facts, plan).rounds) {
    for (const PlacedPair& pair : round) {
      if (doubted.contains(placed_identity(facts.asked, pair).key()))
        again.rounds.push_back({pair});
    }
  }
  return again;
}

const PlacedPod* gang_pod_on(const Facts& facts, const std::string& node) {
  if (!facts.workloads) return nullptr;
  for (const PlacedPod& pod : facts.workloads->pods) {
    if (pod.workload == kGang && pod.binding.value == node && pod.phase == "Running") return &pod;
  }
  return nullptr;
}

std::vector<PlacedEnd> placed_ends(const Facts& facts, const std::vector<std::string>& nodes,
                                   const std::string& rail, std::string& why) {
  std::vector<PlacedEnd> ends;
  std::string first;
  bool any = false;
  for (const std::string& node : nodes) {
    const PlacedPod* const pod = gang_pod_on(facts, node);
    const NetworkDevice* const nic = nic_on(facts, node, rail);
    std::string missing = nic == nullptr ? node + " has no device on " + rail : "";
    if (nic != nullptr) missing = obstacle(facts, {node, nic->name, rail}, pod);
    any = any || (nic != nullptr && pod != nullptr && holds(facts, *pod, {node, nic->name, rail}));
    if (!missing.empty() && first.empty()) first = missing;
    if (missing.empty()) ends.push_back({pod, device_inside(facts, *pod, rail)});
  }
  why = any ? first : "";
  if (ends.size() != nodes.size()) ends.clear();
  return ends;
}

std::optional<PlacedPair> pair_of(const Facts& facts, const PlacedPod& from, const PlacedPod& to,
                                  const std::string& rail, std::string& why) {
  PlacedPair made{{}, &from, &to};
  const auto end_of = [&](const PlacedPod& pod, Endpoint& end) {
    const NetworkDevice* nic = nic_on(facts, pod.binding.value, rail);
    end = {pod.binding.value, nic == nullptr ? "" : nic->name, rail};
    why = nic == nullptr ? pod.binding.value + " has no device on " + rail
                         : obstacle(facts, end, &pod);
    if (why.empty()) end.device = device_inside(facts, pod, rail);
    return why.empty();
  };
  if (!end_of(from, made.pair.from) || !end_of(to, made.pair.to)) return std::nullopt;
  return made;
}

Outcome placed_identity(const Asked& asked, const PlacedPair& pair) {
  Outcome outcome;
  outcome.probe = kPlacedGoodput;
  outcome.from = pair.pair.from;
  outcome.to = pair.pair.to;
  Bytes largest;
  for (const Bytes size : asked.sizes)
    largest = std::max(largest, size);
  outcome.parameters = {{"size", std::to_string(largest.count)},
                        {"direction", "one_way"},
                        {"from_pod", pair.from->binding.name},
                        {"to_pod", pair.to->binding.name}};
  return outcome;
}

Expected expect_placed(const Facts& facts, const Racks& racks, const Outcome& outcome) {
  Outcome between = outcome;
  between.probe = "pair_goodput";
  return expect_pair(facts, racks, between);
}

std::vector<Finding> placed_paths(const Judged& judged) {
  std::vector<Finding> findings;
  if (!judged.facts->workloads) return findings;
  for (const JudgedOutcome& entry : judged.outcomes) {
    if (entry.outcome->probe == kPlacedGoodput && entry.outcome->measured() != nullptr)
      findings.push_back(judge(*judged.facts, entry));
  }
  return findings;
}

}  // namespace plumbline::netcheck
