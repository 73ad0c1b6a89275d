#include <map>
#include <set>

#include "netcheck/rules/lookup.hpp"
#include "netcheck/rules/quote.hpp"
#include "netcheck/rules/rules.hpp"

namespace plumbline::netcheck {
namespace {

using Devices = std::set<std::string>;

/// What both words say of one container.
struct Books {
  const PodClaim* pod = nullptr;
  std::string container;
  Devices answered;  ///< "resource device", by PodResources
  Devices written;   ///< the same, by the checkpoint
};

std::map<std::pair<std::string, std::string>, Books> books_of(const Facts& facts,
                                                              const NodeFacts& node) {
  std::map<std::string, const PodClaim*> by_uid;
  std::map<std::string, const PodClaim*> by_name;
  for (const PodClaim* pod : pods_on(facts, node.node)) {
    if (ended(*pod)) continue;
    by_uid[pod->meta.uid] = pod;
    by_name[full_name(pod->meta)] = pod;
  }
  std::map<std::pair<std::string, std::string>, Books> all;
  const auto books = [&all](const PodClaim& pod, const std::string& container) -> Books& {
    Books& found = all[{full_name(pod.meta), container}];
    found.pod = &pod;
    found.container = container;
    return found;
  };
  for (const Holding& holding : node.holdings->holdings) {
    const auto pod = by_name.find(holding.pod_namespace + "/" + holding.pod_name);
    if (pod == by_name.end() || holding.resource.empty()) continue;
    books(*pod->second, holding.container).answered.insert(holding.resource + " " + holding.device);
  }
  // What is written of pods that are gone is cleared when the kubelet comes to it.
  for (const PluginEntry& entry : *node.holdings->state->plugins) {
    const auto pod = by_uid.find(entry.pod_uid);
    if (pod == by_uid.end()) continue;
    for (const std::string& device : entry.devices)
      books(*pod->second, entry.container).written.insert(entry.resource + " " + device);
  }
  return all;
}

std::string text_of(const Devices& devices) {
  return devices.empty() ? "nothing" : listed({devices.begin(), devices.end()});
}

Finding judge(const NodeFacts& node, const Books& books) {
  Finding finding;
  finding.rule = "X04";
  finding.tier = "A";
  finding.subject = {"pod", full_name(books.pod->meta), node.node, ""};
  finding.claim = quote_pod(*books.pod);
  finding.evidence.push_back(
      {node.holdings->source, books.container + ": " + text_of(books.answered), ""});
  finding.evidence.push_back({"kubelet_internal_checkpoint of " + node.node,
                              books.container + ": " + text_of(books.written), ""});
  const std::string who = "ontainer " + books.container + " of " + full_name(books.pod->meta);
  if (books.answered == books.written) {
    finding.verdict = Verdict::match;
    finding.message = "C" + who + " holds by its kubelet's answer what stands in the checkpoint: " +
                      text_of(books.written) + ".";
    finding.next_step = "Nothing to do.";
    return finding;
  }
  finding.verdict = Verdict::violation;
  finding.message = "The kubelet of " + node.node + " says two things of c" + who + ": it holds " +
                    text_of(books.answered) + " to those who ask, " + text_of(books.written) +
                    " in its own checkpoint.";
  finding.next_step = "Restart the kubelet of " + node.node +
                      " and see which of the two stays; then delete the pod.";
  return finding;
}

}  // namespace

std::vector<Finding> x04_checkpoint(const Facts& facts) {
  // That nothing could be read is told by X04's own rule, once.
  if (!facts.claims) return {};
  std::vector<Finding> findings;
  for (const NodeFacts& node : facts.nodes) {
    if (!node.holdings || !node.holdings->state || !node.holdings->state->plugins) continue;
    for (const auto& [key, books] : books_of(facts, node))
      findings.push_back(judge(node, books));
  }
  return findings;
}

}  // namespace plumbline::netcheck
