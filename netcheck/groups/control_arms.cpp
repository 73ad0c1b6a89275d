#include <algorithm>
#include <map>

#include "netcheck/expectations/thresholds.hpp"
#include "netcheck/groups/group_findings.hpp"
#include "netcheck/groups/group_scene.hpp"
#include "netcheck/lookup.hpp"

namespace plumbline::netcheck {
namespace {

constexpr const char* kRule = "control_arms";
constexpr double kTwice = 2;  // between the quickest batches: more than noise leaves between six

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

/// True when every counter says that the bytes took the arm's own way: over loopback by sockets,
/// over no interface by shared memory. A number without such a sign may be of any way.
bool applied(const Measured& measured) {
  const auto counter = [](const Proof& proof) { return proof.kind == "counter"; };
  const auto& proofs = measured.proof;
  return std::any_of(proofs.begin(), proofs.end(), counter) &&
         std::all_of(proofs.begin(), proofs.end(),
                     [&](const Proof& proof) { return !counter(proof) || proof.holds; });
}

/// A node's collective of one size by one transport and by the other. They differ when the slowest
/// of the one is better than the best of the other: batches of a rate, intervals of a latency; of a
/// latency also when the quickest batch of the one takes less than half of the other's.
struct Arms {
  const Outcome* memory = nullptr;
  const Outcome* sockets = nullptr;
  const Measured* fast() const { return memory == nullptr ? nullptr : memory->measured(); }
  const Measured* slow() const { return sockets == nullptr ? nullptr : sockets->measured(); }
  bool whole() const { return fast() != nullptr && slow() != nullptr; }
  bool proven() const { return applied(*fast()) && applied(*slow()); }
  bool differ() const {
    if (fast()->unit == Unit::seconds) {
      // A busy machine only adds to a time: the quickest batch is nearest to the transport's own.
      const bool quickest = kTwice * least(*fast()) < least(*slow());
      return quickest || kClears * fast()->interval.high < slow()->interval.low;
    }
    return least(*fast()) > kClears * most(*slow());
  }
};

/// All sizes of one operation on one node.
using Sizes = std::map<std::string, Arms>;

std::map<std::string, Sizes> arms_by_group(const Judged& judged) {
  std::map<std::string, Sizes> groups;
  for (const JudgedOutcome& number : judged.outcomes) {
    const Outcome& outcome = *number.outcome;
    const std::string transport = parameter(outcome, "transport");
    if (transport != "shared_memory" && transport != "sockets") continue;
    Arms& arms =
        groups[outcome.probe + " on " + parameter(outcome, "group")][parameter(outcome, "size")];
    (transport == "sockets" ? arms.sockets : arms.memory) = &outcome;
  }
  for (auto& [key, sizes] : groups)
    std::erase_if(sizes, [](const auto& size) { return !size.second.whole(); });
  std::erase_if(groups, [](const auto& group) { return group.second.empty(); });
  return groups;
}

std::string number_of(const Measured& measured) {
  return measured.unit == Unit::seconds ? format_time({measured.value})
                                        : format_rate({measured.value});
}

std::string words(const std::string& key, const Arms& arms) {
  return key + " takes " + number_of(*arms.fast()) + " by shared memory and " +
         number_of(*arms.slow()) + " by sockets alone";
}

std::string words(const std::string& key, const Sizes& sizes) {
  std::string text;
  for (const auto& [size, arms] : sizes)
    text +=
        (text.empty() ? "" : "; ") + words(key + (size.empty() ? "" : " of " + size + " B"), arms);
  return text;
}

/// Why the arms of a node prove nothing; empty when they do.
std::string blind(const std::string& key, const Sizes& sizes) {
  for (const auto& [size, arms] : sizes) {
    if (!arms.proven())
      return words(key, sizes) + ", but the counters do not show that each took its own way";
  }
  const bool differ = std::any_of(sizes.begin(), sizes.end(),
                                  [](const auto& size) { return size.second.differ(); });
  return differ ? "" : words(key, sizes);
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
  for (const auto& [key, sizes] : groups) {
    const std::string at = sizes.begin()->second.sockets->finished_at;
    finding.evidence.push_back({key, words(key, sizes), at});
    const std::string why = blind(key, sizes);
    if (why.empty()) continue;
    finding.verdict = Verdict::vacuous;
    if (alike.empty()) alike = why;
  }
  const Arms& first = groups.begin()->second.begin()->second;
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
