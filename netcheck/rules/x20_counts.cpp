#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

#include "core/quantity.hpp"
#include "netcheck/rules/lookup.hpp"
#include "netcheck/rules/quote.hpp"
#include "netcheck/rules/rules.hpp"

namespace plumbline::netcheck {
namespace {

/// The published network devices of one slice, there or not.
struct Count {
  const SliceClaim* slice = nullptr;
  std::vector<Published> published;
  std::vector<Published> lost;
};

std::vector<Count> count(const Facts& facts, const NodeFacts& node) {
  std::vector<Count> counts;
  for (const Published& published : published_devices(facts, node.node)) {
    if (counts.empty() || counts.back().slice != published.slice) {
      counts.push_back({published.slice, {}, {}});
    }
    counts.back().published.push_back(published);
    if (!locate(facts, node, published)) counts.back().lost.push_back(published);
  }
  return counts;
}

std::string named(const std::vector<Published>& devices) {
  std::vector<std::string> names;
  for (const Published& device : devices)
    names.push_back(device.device->name);
  return listed(names);
}

std::string on_node(const NodeFacts& node) {
  std::vector<std::string> names;
  for (const NetworkDevice& device : node.topology->network_devices)
    names.push_back(device.name);
  for (const PodSandbox& sandbox : node.topology->sandboxes) {
    if (!sandbox.devices) continue;
    for (const NetworkDevice& device : *sandbox.devices) {
      names.push_back(device.name + " in pod " + sandbox.pod_namespace + "/" + sandbox.pod_name);
    }
  }
  return names.empty() ? "none" : listed(names);
}

Finding begin(const Count& counted, const std::string& node) {
  Finding finding;
  finding.rule = "X20";
  finding.tier = "C";
  finding.subject = {"slice", counted.slice->meta.name, node, ""};
  const Published& telling =
      counted.lost.empty() ? counted.published.front() : counted.lost.front();
  finding.claim = quote_device(telling, "");
  return finding;
}

Finding unseen(Finding finding, const std::string& what, const std::string& node,
               const std::string& reason) {
  finding.verdict = Verdict::unobservable;
  finding.message = what + " could not be counted on " + node + ": " + reason + ".";
  finding.next_step =
      "Make " + node + " tell its network devices and those of its pods, then run again.";
  return finding;
}

Finding judge(const Facts& facts, const NodeFacts& node, const Count& counted) {
  Finding finding = begin(counted, node.node);
  finding.evidence.push_back({"network devices of " + node.node, on_node(node), ""});
  const std::string what = "Slice " + counted.slice->meta.name + " publishes " +
                           std::to_string(counted.published.size()) + " network devices (" +
                           named(counted.published) + ")";
  if (counted.lost.empty()) {
    finding.verdict = Verdict::match;
    finding.message = what + " for " + node.node + " and all of them are there.";
    finding.next_step = "Nothing to do.";
    return finding;
  }
  const auto closed = unseen_places(facts, node);
  if (!closed.empty()) return unseen(std::move(finding), what, node.node, listed(closed));
  if (node.topology->network_devices.empty() && !node.topology->problems.empty()) {
    return unseen(std::move(finding), what, node.node, listed(node.topology->problems));
  }
  finding.verdict = Verdict::violation;
  finding.subject.rail = rail_of(facts, counted.lost.front(), std::nullopt);
  finding.message = what + ", but " + named(counted.lost) +
                    (counted.lost.size() == 1 ? " is" : " are") + " not on " + node.node + ".";
  finding.next_step = "Look for the lost device on " + node.node +
                      " (lspci, dmesg); if it never was there, restart the network DRA driver.";
  return finding;
}

/// Resource names of device plugins that hand out network devices one by one.
bool is_network_resource(const std::string& name) {
  constexpr std::array<std::string_view, 6> telling{"sriov", "rdma",     "hca",
                                                    "efa",   "mlnxnics", "mlx"};
  if (name.find("shared") != std::string::npos) return false;
  return std::any_of(telling.begin(), telling.end(),
                     [&](std::string_view word) { return name.find(word) != std::string::npos; });
}

/// Network functions the node shows, in its own network namespace or a pod's.
std::int64_t functions_there(const Topology& topology) {
  const auto physical = [](const std::vector<NetworkDevice>& devices) {
    return std::count_if(devices.begin(), devices.end(),
                         [](const NetworkDevice& device) { return !device.is_virtual; });
  };
  const auto functions = std::count_if(topology.pci_devices.begin(), topology.pci_devices.end(),
                                       [](const PciDevice& d) { return d.kind == "network"; });
  auto interfaces = physical(topology.network_devices);
  for (const PodSandbox& sandbox : topology.sandboxes) {
    if (sandbox.devices) interfaces += physical(*sandbox.devices);
  }
  return std::max<std::int64_t>(functions, interfaces);
}

Finding judge_resource(const NodeFacts& node, const NodeClaim& claim, const std::string& name,
                       std::int64_t amount) {
  Finding finding;
  finding.rule = "X20";
  finding.tier = "A";
  finding.subject = {"node", node.node, node.node, ""};
  finding.claim = ClaimRef{"Node",
                           claim.meta.name,
                           claim.meta.uid,
                           claim.meta.resource_version,
                           "status.allocatable[" + name + "]",
                           claim.allocatable.at(name)};
  const std::string what = "Node " + node.node + " offers " + std::to_string(amount) + " " + name;
  if (!node.topology) return unseen(std::move(finding), what, node.node, node.topology_problem);
  const std::int64_t there = functions_there(*node.topology);
  finding.evidence.push_back({"network functions of " + node.node, std::to_string(there), ""});
  if (there >= amount) {
    finding.verdict = Verdict::match;
    finding.message = what + " and has " + std::to_string(there) + " network functions.";
    finding.next_step = "Nothing to do.";
    return finding;
  }
  if (!node.topology->problems.empty()) {
    return unseen(std::move(finding), what, node.node, listed(node.topology->problems));
  }
  // The shared plugin's own prefix: it hands out one device as often as it was told to.
  if (name.starts_with("rdma/")) {
    return unseen(std::move(finding), what, node.node,
                  "its " + std::to_string(there) +
                      " network functions are fewer, as a plugin that shares them would have it");
  }
  finding.verdict = Verdict::violation;
  finding.message = what + ", but has only " + std::to_string(there) + " network functions.";
  finding.next_step = "Look for the lost NIC on " + node.node +
                      " (lspci, dmesg), and restart the device plugin that still offers it.";
  return finding;
}

void add_resources(const Facts& facts, const NodeFacts& node, std::vector<Finding>& findings) {
  for (const NodeClaim& claim : facts.claims->nodes) {
    if (claim.meta.name != node.node) continue;
    for (const auto& [name, quantity] : claim.allocatable) {
      const auto amount = whole_quantity(quantity);
      if (!is_network_resource(name) || !amount || *amount == 0) continue;
      findings.push_back(judge_resource(node, claim, name, *amount));
    }
  }
}

/// A node that publishes nothing while others of the stage do: nobody claims its network devices.
std::optional<Finding> silent(const Facts& facts, const NodeFacts& node) {
  const bool others = std::any_of(
      facts.nodes.begin(), facts.nodes.end(),
      [&](const NodeFacts& other) { return !published_devices(facts, other.node).empty(); });
  if (!others || !node.topology || !published_devices(facts, node.node).empty())
    return std::nullopt;
  Finding finding;
  finding.rule = "X20";
  finding.tier = "A";
  finding.verdict = Verdict::unclaimed;
  finding.subject = {"node", node.node, node.node, ""};
  finding.evidence.push_back({"network devices of " + node.node, on_node(node), ""});
  if (const auto lacks = unread(*facts.claims, "ResourceSlice"); !lacks.empty()) {
    finding.verdict = Verdict::unobservable;
    finding.message = "Whether a slice publishes network devices of " + node.node +
                      " cannot be told: none that was read does, but " + lacks + ".";
    finding.next_step = how_to_read("ResourceSlice");
    return finding;
  }
  finding.message = "No slice publishes a network device of " + node.node +
                    ", as slices of other nodes do; it has " + on_node(node) + ".";
  finding.next_step = "If pods should get network devices there, start the network DRA driver on " +
                      node.node + ".";
  return finding;
}

}  // namespace

std::vector<Finding> x20_counts(const Facts& facts) {
  if (!facts.claims) return without_claims(facts, "X20", "A");
  std::vector<Finding> findings;
  for (const NodeFacts& node : facts.nodes) {
    if (!node.topology) {
      for (const Count& counted : count(facts, node)) {
        findings.push_back(unseen(begin(counted, node.node),
                                  "Network devices of slice " + counted.slice->meta.name, node.node,
                                  node.topology_problem));
      }
    } else {
      for (const Count& counted : count(facts, node))
        findings.push_back(judge(facts, node, counted));
    }
    if (auto finding = silent(facts, node)) findings.push_back(std::move(*finding));
    add_resources(facts, node, findings);
  }
  return findings;
}

}  // namespace plumbline::netcheck
