#include "netcheck/rdma/rails_at_once.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <map>
#include <set>

#include "netcheck/lookup.hpp"
#include "netcheck/rdma/layers.hpp"
#include "netcheck/rules/quote.hpp"
#include "netcheck/transport.hpp"

namespace plumbline::netcheck {
namespace {

constexpr double kLeast = 0.90;  ///< as for one path: r >= 0.90 is the same

using Nodes = std::pair<std::string, std::string>;

/// One rail's numbers of two nodes in one direction.
struct Rail {
  const Outcome* together = nullptr;
  const Outcome* alone = nullptr;
};

std::string in_percent(double share) {
  std::array<char, 16> text{};
  static_cast<void>(std::snprintf(text.data(), text.size(), "%.0f %%", share * 100));
  return text.data();
}

std::map<Nodes, std::vector<Rail>> rails_of(const Facts& facts) {
  const auto outcomes = latest_outcomes(facts);
  std::map<Nodes, std::vector<Rail>> rails;
  for (const Outcome* outcome : outcomes) {
    if (outcome->probe != "pair_together" || outcome->measured() == nullptr) continue;
    Rail rail{outcome, nullptr};
    for (const Outcome* other : outcomes) {
      const bool its = other->probe == "pair_goodput" && other->from == outcome->from &&
                       other->to == outcome->to && other->parameters == outcome->parameters;
      if (its && other->measured() != nullptr) rail.alone = other;
    }
    if (rail.alone != nullptr) rails[{outcome->from.node, outcome->to.node}].push_back(rail);
  }
  std::erase_if(rails, [](const auto& entry) { return entry.second.size() < 2; });
  return rails;
}

Finding judge(const Facts& facts, const Nodes& nodes, const std::vector<Rail>& rails) {
  Finding finding;
  finding.rule = "rails";
  finding.tier = "A";
  finding.subject = {"node", nodes.first, nodes.first, ""};
  finding.measurement = rails.front().together->key();
  double together = 0;
  double alone = 0;
  std::vector<std::string> parts;
  for (const Rail& rail : rails) {
    const double one = rail.alone->measured()->value;
    const double all = rail.together->measured()->value;
    together += all;
    alone += one;
    parts.push_back(rail.together->from.rail + " " + in_percent(one > 0 ? all / one : 0));
    const auto layers = layers_between(facts, rail.together->from, rail.together->to);
    if (!layers.empty()) {
      finding.evidence.push_back(
          {"layers of " + rail.together->from.rail + ", the slowest first", words_of(layers), ""});
    }
  }
  const bool same = together >= kLeast * alone;
  finding.verdict = same ? Verdict::match : Verdict::unclaimed;
  finding.message = "All " + std::to_string(rails.size()) + " rails from " + nodes.first + " to " +
                    nodes.second + " at once give " + format_rate({together}) + ", one by one " +
                    format_rate({alone}) + ": " + listed(parts) +
                    (same ? " of what each gives by itself."
                          : "; something that they share gives "
                            "less than their sum.");
  finding.next_step =
      same ? "Nothing to do."
           : "Look at what the NICs share: a PCIe switch or root, one NUMA node's memory, the "
             "uplinks; a job that uses all rails gets this sum.";
  return finding;
}

}  // namespace

std::vector<Round> rails_at_once(const Facts& facts, const Plan& plan) {
  std::map<Nodes, std::vector<PlannedPair>> pairs;
  for (const Round& round : plan.goodput) {
    for (const PlannedPair& pair : round.pairs) {
      if (predict_transport(facts, pair.from, pair.to).rdma)
        pairs[{pair.from.node, pair.to.node}].push_back(pair);
    }
  }
  std::vector<Round> rounds;
  std::set<std::string> taken;
  for (auto& [nodes, rails] : pairs) {
    const bool free = taken.count(nodes.first) + taken.count(nodes.second) == 0;
    if (rails.size() < 2 || !free) continue;
    taken.insert({nodes.first, nodes.second});
    rounds.push_back({std::move(rails)});
  }
  return rounds;
}

Outcome together_identity(const Asked& asked, const PlannedPair& pair) {
  Outcome outcome;
  outcome.probe = "pair_together";
  outcome.from = pair.from;
  outcome.to = pair.to;
  Bytes largest;
  for (const Bytes size : asked.sizes)
    largest = std::max(largest, size);
  outcome.parameters = {{"size", std::to_string(largest.count)}, {"direction", "one_way"}};
  return outcome;
}

std::vector<Finding> rails_judged(const Facts& facts) {
  std::vector<Finding> findings;
  for (const auto& [nodes, rails] : rails_of(facts))
    findings.push_back(judge(facts, nodes, rails));
  return findings;
}

}  // namespace plumbline::netcheck
