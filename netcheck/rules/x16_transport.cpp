#include <algorithm>
#include <map>

#include "netcheck/rdma/layers.hpp"
#include "netcheck/rules/rules.hpp"
#include "netcheck/transport.hpp"

namespace plumbline::netcheck {
namespace {

/// What was measured over one pair of devices.
struct Use {
  const Outcome* outcome = nullptr;  ///< a telling one
  bool rdma = false;
  bool sockets = false;
  bool other_path = false;  ///< a counter says that the bytes took another port
  Endpoint unproven;        ///< whose counters could not be read
  std::string unread;       ///< why
  std::string words;        ///< the library's, or the counter's
};

using Pair = std::pair<Endpoint, Endpoint>;

bool is_pair(const Outcome& outcome) {
  return outcome.probe == "pair_goodput" || outcome.probe == "pair_latency";
}

void take_proof(const Measured& measured, Use& use) {
  for (const Proof& proof : measured.proof) {
    if (proof.kind == "library") {
      const bool rdma = proof.statement.find(" rc_") != std::string::npos;
      (rdma ? use.rdma : use.sockets) = true;
      if (use.words.empty()) use.words = proof.statement;
    } else if (!proof.holds && proof.before && proof.after && proof.expected) {
      use.other_path = true;
      use.words = proof.statement;
    } else if (!proof.holds && use.unread.empty()) {
      use.unproven = proof.at;
      use.unread = proof.statement;
    }
  }
}

std::map<Pair, Use> uses_of(const Facts& facts) {
  std::map<Pair, Use> uses;
  for (const Outcome& outcome : facts.outcomes) {
    if (!is_pair(outcome) || outcome.from.device.empty() || outcome.to.device.empty()) continue;
    Use& use = uses[std::minmax(outcome.from, outcome.to)];
    if (use.outcome == nullptr || use.outcome->measured() == nullptr) use.outcome = &outcome;
    if (outcome.measured() != nullptr) take_proof(*outcome.measured(), use);
  }
  return uses;
}

std::string name_of(const Pair& pair) {
  return pair.first.node + "/" + pair.first.device + " and " + pair.second.node + "/" +
         pair.second.device;
}

Finding begin(const Pair& pair, const Use& use) {
  Finding finding;
  finding.rule = "X16";
  finding.tier = "A";
  finding.subject = {"nic", pair.first.node + "/" + pair.first.device, pair.first.node,
                     pair.first.rail};
  finding.measurement = use.outcome->key();
  if (!use.words.empty()) finding.evidence.push_back({"proof of the path", use.words, {}});
  return finding;
}

/// The broken precondition names its node: that end is the culprit.
void blame(Finding& finding, const Pair& pair, const std::string& broken) {
  const Endpoint& end = broken.rfind(pair.second.node + ":", 0) == 0 ? pair.second : pair.first;
  finding.subject = {"nic", end.node + "/" + end.device, end.node, end.rail};
}

Finding fallback(Finding finding, const Pair& pair, const Transport& transport) {
  finding.verdict = Verdict::violation;
  if (transport.broken.empty()) {
    finding.message = "Between " + name_of(pair) + " RDMA is possible (" + transport.because +
                      "), but TCP was used.";
    finding.next_step =
        "Look at why the transport was not chosen; nothing that the nodes tell "
        "stands against it.";
    return finding;
  }
  blame(finding, pair, transport.broken);
  finding.message = "Between " + name_of(pair) +
                    " TCP is used in place of RDMA, silently: " + transport.broken + ".";
  finding.next_step =
      "Repair this on the node, then run again; jobs fall back to TCP in the same "
      "way and only get slower.";
  return finding;
}

Finding strayed(Finding finding, const Pair& pair, const Use& use) {
  finding.verdict = Verdict::violation;
  finding.message =
      "The bytes between " + name_of(pair) + " did not take the claimed port: " + use.words + ".";
  finding.next_step = "Look at the routes of the two nodes and at which port the GID belongs to.";
  return finding;
}

/// RDMA was used as its library says, and no counter bears witness.
Finding unproven(Finding finding, const Pair& pair, const Use& use) {
  finding.verdict = Verdict::unobservable;
  finding.subject = {"nic", use.unproven.node + "/" + use.unproven.device, use.unproven.node,
                     use.unproven.rail};
  finding.message = "Between " + name_of(pair) + " RDMA is used by what its library says, but no " +
                    "counter proves the path: " + use.unread + ".";
  finding.next_step = "Make the port's counters on " + use.unproven.node +
                      " readable for the agent, then run again.";
  return finding;
}

Finding judge_use(const Facts& facts, const Pair& pair, const Use& use) {
  const Transport transport = predict_transport(facts, pair.first, pair.second);
  Finding finding = begin(pair, use);
  if (use.outcome->measured() == nullptr) {
    if (!transport.broken.empty()) return fallback(std::move(finding), pair, transport);
    finding.verdict = Verdict::unobservable;
    finding.message = "Between " + name_of(pair) + " RDMA is predicted (" + transport.because +
                      "), but nothing was measured that would show it.";
    finding.next_step = "See why the pair was not measured.";
    return finding;
  }
  if (use.rdma && use.other_path) return strayed(std::move(finding), pair, use);
  if (!use.rdma) return fallback(std::move(finding), pair, transport);
  if (!use.unread.empty()) return unproven(std::move(finding), pair, use);
  const std::string layers = words_of(layers_between(facts, pair.first, pair.second));
  if (!layers.empty()) finding.evidence.push_back({"layers, the slowest first", layers, ""});
  finding.verdict = Verdict::match;
  finding.message =
      "Between " + name_of(pair) + " RDMA is predicted and used: " + transport.because + ".";
  finding.next_step = "Nothing to do.";
  return finding;
}

}  // namespace

std::vector<Finding> x16_transport(const Facts& facts) {
  std::vector<Finding> findings;
  for (const auto& [pair, use] : uses_of(facts)) {
    const bool any =
        rdma_on(facts, pair.first) != nullptr || rdma_on(facts, pair.second) != nullptr;
    if (any) findings.push_back(judge_use(facts, pair, use));
  }
  return findings;
}

}  // namespace plumbline::netcheck
