#include <algorithm>
#include <map>

#include "netcheck/expectations/thresholds.hpp"
#include "netcheck/groups/group_findings.hpp"
#include "netcheck/groups/group_scene.hpp"
#include "netcheck/lookup.hpp"

namespace plumbline::netcheck {
namespace {

constexpr const char* kRule = "control_arms";

/// The slowest batch; without batches the interval's low end.
double least(const Measured& measured) {
  const auto& batches = measured.batches;
  return batches.empty() ? measured.interval.low
                         : *std::min_element(batches.begin(), batches.end());
}

double most(const Measured& measured) {
  const auto& batches = measured.batches;
  return batches.empty() ? measured.interval.high
                         : *std::max_element(batches.begin(), batches.end());
}

/// A node's collective by one transport and by the other. They differ when every batch of the one
/// is faster than every batch of the other.
struct Arms {
  const Outcome* memory = nullptr;
  const Outcome* sockets = nullptr;
  const Measured* fast() const { return memory == nullptr ? nullptr : memory->measured(); }
  const Measured* slow() const { return sockets == nullptr ? nullptr : sockets->measured(); }
  bool whole() const { return fast() != nullptr && slow() != nullptr; }
  bool differ() const { return least(*fast()) > kClears * most(*slow()); }
};

std::map<std::string, Arms> arms_by_group(const Judged& judged) {
  std::map<std::string, Arms> groups;
  for (const JudgedOutcome& number : judged.outcomes) {
    const Outcome& outcome = *number.outcome;
    const std::string transport = parameter(outcome, "transport");
    const std::string key = outcome.probe + " on " + parameter(outcome, "group");
    if (transport == "shared_memory") groups[key].memory = &outcome;
    if (transport == "sockets") groups[key].sockets = &outcome;
  }
  std::erase_if(groups, [](const auto& group) { return !group.second.whole(); });
  return groups;
}

std::string words(const std::string& key, const Arms& arms) {
  return key + " has " + format_rate({arms.fast()->value}) + " by shared memory and " +
         format_rate({arms.slow()->value}) + " by sockets alone";
}

}  // namespace

std::vector<Finding> control_arms(const Judged& judged) {
  const auto groups = arms_by_group(judged);
  if (groups.empty()) return {};
  Finding finding;
  finding.rule = kRule;
  finding.verdict = Verdict::match;
  finding.tier = "A";
  std::string alike;
  for (const auto& [key, arms] : groups) {
    finding.evidence.push_back({key, words(key, arms), arms.sockets->finished_at});
    if (arms.differ()) continue;
    finding.verdict = Verdict::vacuous;
    if (alike.empty()) alike = words(key, arms);
  }
  const Arms& first = groups.begin()->second;
  finding.subject = {"node", parameter(*first.memory, "group"), parameter(*first.memory, "group"),
                     ""};
  finding.measurement = first.memory->key();
  finding.message =
      alike.empty()
          ? "the control arms differ on all of " + std::to_string(groups.size()) +
                " nodes, so a transport that is not used would show: " +
                words(groups.begin()->first, first)
          : "control arms that must differ do not, so these numbers cannot show a fault: " + alike;
  finding.next_step = alike.empty()
                          ? "nothing to do"
                          : "look at which transport the MPI library really used (its proof), and "
                            "measure again on an idle machine";
  return {finding};
}

}  // namespace plumbline::netcheck
