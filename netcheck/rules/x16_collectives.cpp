#include <algorithm>
#include <map>
#include <set>

#include "netcheck/expectations/gpu_groups.hpp"
#include "netcheck/judging/numbers.hpp"
#include "netcheck/lookup.hpp"
#include "netcheck/rules/rules.hpp"

namespace plumbline::netcheck {
namespace {

constexpr const char* kMark = ", network ";

/// Nodes of the group whose RDMA ports are not all down.
std::vector<std::string> with_rdma(const Facts& facts, const std::vector<std::string>& nodes) {
  std::vector<std::string> able;
  for (const std::string& name : nodes) {
    const NodeFacts* const node = facts_of(facts, name);
    if (node == nullptr || !node->topology) continue;
    const auto& devices = node->topology->rdma_devices;
    const bool active = std::any_of(devices.begin(), devices.end(), [](const auto& device) {
      return std::any_of(device.ports.begin(), device.ports.end(),
                         [](const RdmaPort& port) { return port.state == "ACTIVE"; });
    });
    if (active) able.push_back(name);
  }
  return able;
}

/// NCCL's word for its network out of the proofs: "IB", "Socket"; empty when it told none.
std::string network_of(const Measured& measured) {
  for (const Proof& proof : measured.proof) {
    const std::size_t at = proof.statement.find(kMark);
    if (proof.kind != "library" || at == std::string::npos) continue;
    const std::string word = proof.statement.substr(at + std::string(kMark).size());
    return word.substr(0, word.find_first_of(" ,;"));
  }
  return {};
}

/// The counters of nodes that contradict what NCCL says, or that could not tell.
struct Witnesses {
  std::vector<const Proof*> against;
  std::vector<const Proof*> mute;
  bool any = false;
};

Witnesses witnesses_of(const Measured& measured) {
  Witnesses witnesses;
  for (const Proof& proof : measured.proof) {
    if (proof.kind != "counter") continue;
    witnesses.any = true;
    if (proof.holds) continue;
    const bool told = proof.before && proof.after && proof.expected;
    (told ? witnesses.against : witnesses.mute).push_back(&proof);
  }
  return witnesses;
}

Finding begin(const Outcome& outcome, const std::vector<std::string>& nodes) {
  Finding finding;
  finding.rule = "X16";
  finding.tier = "A";
  finding.subject = {"node", nodes.front(), nodes.front(), ""};
  finding.measurement = outcome.key();
  for (const Proof& proof : outcome.measured()->proof) {
    if (proof.kind == "library" || (proof.kind == "counter" && !proof.holds))
      finding.evidence.push_back(
          {proof.at.node.empty() ? proof.source : proof.at.node, proof.statement, {}});
  }
  return finding;
}

void blame(Finding& finding, const std::vector<std::string>& nodes) {
  finding.subject = {"node", nodes.front(), nodes.front(), ""};
  finding.ambiguity.clear();
  for (const std::string& node : nodes)
    if (nodes.size() > 1) finding.ambiguity.push_back({"node", node, node, ""});
}

std::string what(const Outcome& outcome, std::size_t nodes) {
  return outcome.probe + " over the GPUs of " + std::to_string(nodes) + " nodes (" +
         parameter(outcome, "group") + ")";
}

Finding fell_back(const Outcome& outcome, const std::vector<std::string>& nodes) {
  Finding finding = begin(outcome, nodes);
  blame(finding, nodes);
  finding.verdict = Verdict::violation;
  finding.message = "NCCL fell back to sockets in " + what(outcome, nodes.size()) +
                    ", though each node has an RDMA port that is up; one node without a usable "
                    "device is enough for that.";
  finding.next_step =
      "Look at NCCL's own words for why it did not take the device (NCCL_DEBUG=INFO), at "
      "NCCL_IB_HCA, and at what X16 says of the pairs of these nodes.";
  return finding;
}

Finding contradicted(const Outcome& outcome, const std::vector<std::string>& nodes,
                     const std::string& network, const Witnesses& witnesses) {
  std::set<std::string> told;
  for (const Proof* proof : witnesses.against)
    if (!proof->at.node.empty()) told.insert(proof->at.node);
  Finding finding = begin(outcome, nodes);
  if (!told.empty()) blame(finding, {told.begin(), told.end()});
  finding.verdict = Verdict::violation;
  finding.message = "What carried " + what(outcome, nodes.size()) + " is not what NCCL says (" +
                    (network.empty() ? "no network" : network) +
                    "): " + witnesses.against.front()->statement + ".";
  finding.next_step =
      "Look at which ports and links the job really uses on these nodes; this number is not of the "
      "path that it is told of.";
  return finding;
}

Finding judge_one(const Facts& facts, const Outcome& outcome,
                  const std::vector<std::string>& nodes) {
  const std::string network = network_of(*outcome.measured());
  const Witnesses witnesses = witnesses_of(*outcome.measured());
  if (network == "Socket" && with_rdma(facts, nodes).size() == nodes.size())
    return fell_back(outcome, nodes);
  if (!witnesses.against.empty()) return contradicted(outcome, nodes, network, witnesses);
  Finding finding = begin(outcome, nodes);
  const bool mute = !witnesses.any || !witnesses.mute.empty() || network.empty();
  finding.verdict = mute ? Verdict::unobservable : Verdict::match;
  finding.message = mute ? "By which network NCCL did " + what(outcome, nodes.size()) +
                               " is not proven: " +
                               (witnesses.mute.empty() ? "its log and the counters do not tell"
                                                       : witnesses.mute.front()->statement) +
                               "."
                         : "NCCL says that it did " + what(outcome, nodes.size()) + " over " +
                               network + ", and the counters of the nodes agree.";
  finding.next_step =
      mute ? "Make the counters of the nodes' ports readable, then run again." : "Nothing to do.";
  return finding;
}

}  // namespace

std::vector<Finding> x16_collectives(const Facts& facts) {
  std::vector<Finding> findings;
  std::set<std::string> groups;
  for (const Outcome& outcome : facts.outcomes) {
    if (outcome.measured() == nullptr || !is_gpu_collective(outcome)) continue;
    const auto nodes = group_nodes(facts, outcome);
    if (nodes.size() < 2 || with_rdma(facts, nodes).empty()) continue;
    const bool fresh = groups.insert(outcome.probe + " " + parameter(outcome, "group")).second;
    if (fresh) findings.push_back(judge_one(facts, outcome, nodes));
  }
  return findings;
}

}  // namespace plumbline::netcheck
