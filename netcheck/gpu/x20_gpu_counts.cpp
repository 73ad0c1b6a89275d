#include <algorithm>
#include <optional>
#include <utility>

#include "core/quantity.hpp"
#include "netcheck/gpu/claimed.hpp"
#include "netcheck/gpu/gpu_rules.hpp"
#include "netcheck/lookup.hpp"
#include "netcheck/rules/quote.hpp"

namespace plumbline::netcheck {
namespace {

constexpr const char* kRule = "X20";
constexpr const char* kResource = "nvidia.com/gpu";

std::string gpus_text(std::size_t count) {
  return std::to_string(count) + (count == 1 ? " GPU" : " GPUs");
}

/// GPUs on the PCI bus that the driver does not tell of.
std::vector<const PciDevice*> lost(const Topology& topology) {
  std::vector<const PciDevice*> lost;
  for (const PciDevice* device : pci_gpus(topology)) {
    const auto& told = topology.gpus->gpus;
    const bool there = std::any_of(told.begin(), told.end(), [&](const Gpu& gpu) {
      return gpu.pci_address == device->address;
    });
    if (!there) lost.push_back(device);
  }
  return lost;
}

Finding bus_against_driver(const NodeFacts& node) {
  const Topology& topology = *node.topology;
  const auto gone = lost(topology);
  const std::size_t told = topology.gpus->gpus.size();
  Finding finding = gpu_finding(kRule, "C", Verdict::match, {"node", node.node, node.node, ""});
  finding.evidence.push_back({topology.gpus->source + " on " + node.node, gpus_text(told), ""});
  for (const std::string& problem : topology.gpus->problems)
    finding.evidence.push_back({topology.gpus->source + " on " + node.node, problem, ""});
  if (gone.empty()) {
    finding.message =
        "All " + gpus_text(told) + " on the PCI bus of " + node.node + " answer the driver.";
    return finding;
  }
  std::vector<std::string> addresses;
  for (const PciDevice* device : gone)
    addresses.push_back(device->address);
  finding.verdict = Verdict::violation;
  finding.subject = {"gpu", node.node + "/" + addresses.front(), node.node, ""};
  for (const std::string& address : addresses) {
    if (addresses.size() > 1) {
      finding.ambiguity.push_back({"gpu", node.node + "/" + address, node.node, ""});
    }
  }
  finding.message = "The PCI bus of " + node.node + " shows " + gpus_text(told + gone.size()) +
                    ", but the driver tells of " + std::to_string(told) + ": " + listed(addresses) +
                    (gone.size() == 1 ? " does" : " do") + " not answer.";
  finding.next_step =
      "Look for Xid 79 in dmesg on " + node.node + "; drain the node and power it off and on.";
  return finding;
}

/// True where one GPU is offered several times, or in slices: then counts differ by design.
bool is_shared(const NodeClaim& claim, const Topology& topology) {
  const auto label = [&](const char* name) {
    const auto found = claim.meta.labels.find(name);
    return found == claim.meta.labels.end() ? std::string{} : found->second;
  };
  const std::string replicas = label("nvidia.com/gpu.replicas");
  if (!replicas.empty() && replicas != "1") return true;
  return topology.gpus && std::any_of(topology.gpus->gpus.begin(), topology.gpus->gpus.end(),
                                      [](const Gpu& gpu) { return gpu.mig.value_or(false); });
}

Finding unseen(Finding finding, const NodeFacts& node, const std::string& what) {
  finding.verdict = Verdict::unobservable;
  finding.message = what + ", which could not be counted: " + why_no_gpus(node) + ".";
  finding.next_step = "Make the agent of " + node.node + " tell its GPUs, then run again.";
  return finding;
}

Finding compared(Finding finding, const NodeFacts& node, const std::string& what,
                 std::size_t claimed, const std::string& restart) {
  const bool silent = !node.topology || (!node.topology->gpus && shows_gpus(node));
  if (silent) return unseen(std::move(finding), node, what);
  const std::size_t there = node.topology->gpus ? node.topology->gpus->gpus.size() : 0;
  finding.evidence.push_back({"GPUs of " + node.node, std::to_string(there), ""});
  if (there >= claimed) {
    finding.verdict = Verdict::match;
    finding.message = what + " and " + std::to_string(there) + " answer the driver.";
    return finding;
  }
  finding.verdict = Verdict::violation;
  finding.message = what + ", but only " + std::to_string(there) + " answer the driver.";
  finding.next_step = "Look for the lost GPU on " + node.node + " (dmesg, lspci), and restart " +
                      restart + " that still offers it.";
  return finding;
}

void add_allocatable(const Facts& facts, const NodeFacts& node, std::vector<Finding>& findings) {
  const NodeClaim* claim = find_node_claim(facts, node.node);
  if (claim == nullptr) return;
  const auto offered = claim->allocatable.find(kResource);
  if (offered == claim->allocatable.end()) return;
  const auto amount = whole_quantity(offered->second);
  if (!amount || *amount <= 0) return;
  if (node.topology && is_shared(*claim, *node.topology)) return;
  Finding finding = gpu_finding(kRule, "A", Verdict::match, {"node", node.node, node.node, ""});
  finding.claim = quote_allocatable(*claim, kResource);
  findings.push_back(
      compared(std::move(finding), node,
               "Node " + node.node + " offers " + std::to_string(*amount) + " " + kResource,
               static_cast<std::size_t>(*amount), "the device plugin"));
}

void add_published(const Facts& facts, const NodeFacts& node, std::vector<Finding>& findings) {
  std::vector<Published> whole_gpus;
  for (const Published& published : published_gpus(facts, node.node)) {
    if (attribute_text(published, "type") == "gpu") whole_gpus.push_back(published);
  }
  if (whole_gpus.empty()) return;
  Finding finding = gpu_finding(kRule, "C", Verdict::match,
                                {"slice", whole_gpus.front().slice->meta.name, node.node, ""});
  finding.claim = quote_device(whole_gpus.front(), "");
  findings.push_back(compared(std::move(finding), node,
                              "Slices publish " + gpus_text(whole_gpus.size()) + " of " + node.node,
                              whole_gpus.size(), "the GPU DRA driver"));
}

}  // namespace

std::vector<Finding> x20_gpu_counts(const Facts& facts) {
  std::vector<Finding> findings;
  for (const NodeFacts& node : facts.nodes) {
    if (node.topology && node.topology->gpus && !pci_gpus(*node.topology).empty()) {
      findings.push_back(bus_against_driver(node));
    }
    if (!facts.claims) continue;
    add_allocatable(facts, node, findings);
    add_published(facts, node, findings);
  }
  return findings;
}

}  // namespace plumbline::netcheck
