#include <algorithm>
#include <unordered_set>

#include "netcheck/rules/attributes.hpp"
#include "netcheck/rules/lookup.hpp"
#include "netcheck/rules/quote.hpp"
#include "netcheck/rules/rules.hpp"

namespace plumbline::netcheck {
namespace {

Finding begin(const Facts& facts, const std::string& node, const Published& published,
              const std::optional<Place>& place) {
  Finding finding;
  finding.rule = "X03";
  finding.tier = place && place->sandbox != nullptr ? "C" : "A";
  finding.subject = {"slice", published.slice->meta.name, node, rail_of(facts, published, place)};
  finding.claim = quote_device(published, "");
  return finding;
}

std::string title(const Published& published) {
  return "Slice " + published.slice->meta.name + " publishes " + published.device->name;
}

Finding unseen(Finding finding, const Published& published, const std::string& node,
               const std::string& reason) {
  finding.verdict = Verdict::unobservable;
  finding.message =
      title(published) + " on " + node + ", which could not be checked: " + reason + ".";
  finding.next_step =
      "Make " + node +
      " tell its network devices (its agent's log says why it does not) and run again.";
  return finding;
}

/// The attribute that names a device best, for quoting one that is nowhere.
std::string naming_key(const Published& published) {
  for (const char* name : {"ifName", "interfaceName", "mac", "pciAddress", "rdmaDevice"}) {
    for (const auto& [key, value] : published.device->attributes) {
      if (key.ends_with(std::string("/") + name)) return key;
    }
  }
  return {};
}

Finding nowhere(const Facts& facts, Finding finding, const NodeFacts& node,
                const Published& published) {
  const auto closed = unseen_places(facts, node);
  if (!closed.empty()) {
    return unseen(
        std::move(finding), published, node.node,
        "it is not where could be looked, and not all could be looked at (" + listed(closed) + ")");
  }
  finding.verdict = Verdict::violation;
  finding.claim = quote_device(published, naming_key(published));
  finding.message = title(published) + " (" + finding.claim->path + " = " + finding.claim->value +
                    "), but " + node.node + " has no such device, nor has any pod on it.";
  finding.next_step =
      "Restart the network DRA driver on " + node.node +
      " so that it publishes again; if the device should be there, look for it by lspci.";
  for (const NetworkDevice& device : node.topology->network_devices) {
    finding.evidence.push_back({"network namespace of " + node.node, describe(device), ""});
  }
  return finding;
}

std::vector<Compared> only(const std::vector<Compared>& all, Agreement wanted) {
  std::vector<Compared> found;
  std::copy_if(all.begin(), all.end(), std::back_inserter(found),
               [&](const Compared& c) { return c.agreement == wanted; });
  return found;
}

Finding lie(Finding finding, const std::string& node, const Published& published,
            const std::vector<Compared>& wrong) {
  finding.verdict = Verdict::violation;
  finding.claim = quote_device(published, wrong.front().key);
  std::vector<std::string> parts;
  for (const Compared& c : wrong) {
    parts.push_back(c.key + " = " + c.claimed + ", but " + node + " shows " + c.there);
  }
  finding.message = title(published) + " with " + listed(parts) + ".";
  finding.next_step = "Restart the network DRA driver on " + node +
                      "; if it publishes the same again, report it with this slice and node.";
  return finding;
}

Finding drifted(Finding finding, const std::string& node, const Published& published,
                const Place& place, const Compared& state) {
  finding.verdict = Verdict::drift;
  finding.subject.kind = "nic";
  finding.subject.name = node + "/" + place.network->name;
  finding.claim = quote_device(published, state.key);
  finding.message = title(published) + " as " + state.claimed + ", but " + place.network->name +
                    " on " + node + " is " + state.there + " now.";
  finding.next_step = "Look at the link of " + place.network->name + " on " + node +
                      " (cable, switch port, ip link) before anything is placed on it.";
  return finding;
}

Finding judge(Finding finding, const NodeFacts& node, const Published& published,
              const Place& place) {
  const auto all = compare_attributes(published, place);
  const std::string seen = place.network != nullptr ? describe(*place.network)
                                                    : place.pci->address + " " + place.pci->name;
  finding.evidence.push_back({source_of(node, place), seen, ""});
  if (auto wrong = only(all, Agreement::different); !wrong.empty()) {
    return lie(std::move(finding), node.node, published, wrong);
  }
  if (auto state = only(all, Agreement::moved_on); !state.empty()) {
    return drifted(std::move(finding), node.node, published, place, state.front());
  }
  if (all.empty()) {
    return unseen(std::move(finding), published, node.node,
                  "it carries nothing that can be compared");
  }
  if (auto unknown = only(all, Agreement::unknown); !unknown.empty()) {
    std::vector<std::string> keys;
    for (const Compared& c : unknown)
      keys.push_back(c.key);
    return unseen(std::move(finding), published, node.node,
                  "the node does not tell " + listed(keys) + " of it");
  }
  finding.verdict = Verdict::match;
  finding.message = title(published) + " truthfully: all " + std::to_string(all.size()) +
                    " comparable attributes are what the " + source_of(node, place) + " shows.";
  finding.next_step = "Nothing to do.";
  return finding;
}

Finding check(const Facts& facts, const std::string& name, const Published& published) {
  const NodeFacts* node = find_node(facts, name);
  if (node == nullptr || !node->topology) {
    const std::string reason = node == nullptr || node->topology_problem.empty()
                                   ? "nothing was recorded from this node"
                                   : node->topology_problem;
    return unseen(begin(facts, name, published, std::nullopt), published, name, reason);
  }
  const auto place = locate(facts, *node, published);
  Finding finding = begin(facts, name, published, place);
  if (place) return judge(std::move(finding), *node, published, *place);
  if (node->topology->network_devices.empty() && !node->topology->problems.empty()) {
    return unseen(std::move(finding), published, name, listed(node->topology->problems));
  }
  return nowhere(facts, std::move(finding), *node, published);
}

std::vector<std::string> nodes_with_slices(const AllocationView& view) {
  std::vector<std::string> nodes;
  std::unordered_set<std::string> known;
  for (const SliceClaim& slice : view.slices) {
    if (!slice.node.empty() && known.insert(slice.node).second) nodes.push_back(slice.node);
  }
  return nodes;
}

}  // namespace

std::vector<Finding> x03_slice_truth(const Facts& facts) {
  if (!facts.claims) return without_claims(facts, "X03", "A");
  if (facts.nodes.empty()) {
    if (nodes_with_slices(*facts.claims).empty()) return {};
    const std::size_t slices = facts.claims->slices.size();
    return without_nodes(
        facts, "X03", "A",
        slices == 1 ? "What 1 slice publishes of its devices"
                    : "What " + std::to_string(slices) + " slices publish of their devices");
  }
  std::vector<Finding> findings;
  for (const std::string& node : nodes_with_slices(*facts.claims)) {
    if (!in_scope(facts, node)) continue;
    for (const Published& published : published_devices(facts, node)) {
      findings.push_back(check(facts, node, published));
    }
  }
  return findings;
}

}  // namespace plumbline::netcheck
