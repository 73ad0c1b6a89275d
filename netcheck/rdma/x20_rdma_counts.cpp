#include "netcheck/rdma/published.hpp"
#include "netcheck/rdma/rdma_rules.hpp"
#include "netcheck/rules/quote.hpp"

namespace plumbline::netcheck {
namespace {

/// The devices of one slice that are published as RDMA.
struct Count {
  std::vector<Published> all;
  std::vector<Published> bad;
  std::vector<std::string> reasons;  ///< of the bad ones
};

std::vector<Count> count(const Facts& facts, const NodeFacts& node) {
  std::vector<Count> counts;
  for (const Published& published : published_devices(facts, node.node)) {
    if (!is_published_rdma(published)) continue;
    if (counts.empty() || counts.back().all.front().slice != published.slice) counts.push_back({});
    Count& slice = counts.back();
    slice.all.push_back(published);
    const RdmaDevice* device = rdma_of(facts, node, published);
    if (device != nullptr && !device->unusable) continue;
    slice.bad.push_back(published);
    slice.reasons.push_back(published.device->name +
                            (device == nullptr
                                 ? " is no RDMA device there"
                                 : " (" + device->name + ") cannot be used, " + *device->unusable));
  }
  return counts;
}

std::string there(const Topology& topology) {
  std::vector<std::string> names;
  for (const RdmaDevice& device : topology.rdma_devices)
    names.push_back(device.name +
                    (device.capability.empty() ? "" : " (" + device.capability + ")"));
  return names.empty() ? "none" : listed(names);
}

Finding judge(const NodeFacts& node, const Count& counted) {
  Finding finding;
  finding.rule = "X20";
  finding.tier = "A";
  const bool good = counted.bad.empty();
  const Published& telling = good ? counted.all.front() : counted.bad.front();
  finding.subject = {"slice", telling.slice->meta.name, node.node, ""};
  finding.claim = quote_device(telling, "");
  finding.evidence.push_back({"RDMA devices of " + node.node, there(*node.topology), ""});
  const std::string what = "Slice " + telling.slice->meta.name + " publishes " +
                           std::to_string(counted.all.size()) + " RDMA devices for " + node.node;
  if (good) {
    finding.verdict = Verdict::match;
    finding.message = what + " and a queue pair can be made on each.";
    finding.next_step = "Nothing to do.";
    return finding;
  }
  const auto& host = node.topology->rdma_host;
  if (host && host->netns_mode == "exclusive") {
    finding.verdict = Verdict::unobservable;
    finding.message = what + ", of which not all can be seen: " + listed(counted.reasons) +
                      "; RDMA devices are moved into pods' namespaces here.";
    finding.next_step = "Run the inventory inside the pods that have them.";
    return finding;
  }
  finding.verdict = Verdict::violation;
  finding.message = what + ", but " + listed(counted.reasons) + ".";
  finding.next_step = "Look at the driver of the device on " + node.node +
                      " (rdma link, dmesg), then restart the network DRA driver.";
  return finding;
}

}  // namespace

std::vector<Finding> x20_rdma_counts(const Facts& facts) {
  std::vector<Finding> findings;
  if (!facts.claims) return findings;
  for (const NodeFacts& node : facts.nodes) {
    // A node that tells no RDMA at all was asked nothing of it, or has none: X03 compares that.
    if (!node.topology || !node.topology->rdma_host) continue;
    for (const Count& counted : count(facts, node))
      findings.push_back(judge(node, counted));
  }
  return findings;
}

}  // namespace plumbline::netcheck
