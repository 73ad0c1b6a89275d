#include <map>
#include <set>

#include "netcheck/rules/alignment.hpp"
#include "netcheck/rules/claim_devices.hpp"
#include "netcheck/rules/lookup.hpp"
#include "netcheck/rules/quote.hpp"
#include "netcheck/rules/rules.hpp"

namespace plumbline::netcheck {
namespace {

bool is_numa(const std::string& attribute) {
  const std::string last = attribute.substr(attribute.find('/') + 1);
  return last == "numaNode" || last == "numaNodeID" || last == "numa";
}

/// Everything that is not about NUMA: the PCIe root first of all, partitions, racks, whatever a
/// driver publishes.
bool is_other(const std::string& attribute) { return !is_numa(attribute); }

std::optional<std::string> real_root(const PciDevice& device) {
  return device.root.empty() ? std::nullopt : std::optional(device.root);
}

/// GPU and NIC roots of one node.
struct Roots {
  std::set<std::string> gpus;
  std::set<std::string> nics;
  const SliceClaim* slice = nullptr;
  bool whole = true;  ///< false: slices that may name more of them are missing
};

std::map<std::string, Roots> roots_by_node(const AllocationView& view) {
  std::map<std::string, Roots> nodes;
  const bool all_slices = unread(view, "ResourceSlice").empty();
  for (const SliceClaim& slice : view.slices) {
    for (const SliceDevice& device : slice.devices) {
      const Offered offered{&slice, &device};
      const auto root = root_of(offered);
      if (!root || offered.node().empty()) continue;
      Roots& roots = nodes[offered.node()];
      roots.whole = roots.whole && all_slices && slice.whole_pool;
      const std::string kind = kind_of(offered);
      if (kind == "gpu") {
        roots.gpus.insert(*root);
        roots.slice = &slice;
      }
      if (kind == "nic") roots.nics.insert(*root);
    }
  }
  return nodes;
}

std::string text_of(const std::set<std::string>& roots) {
  return listed({roots.begin(), roots.end()});
}

/// Nodes on which no GPU shares a root with any NIC: no claim over both can ever hold there. One
/// finding for all nodes of the same layout.
void add_separate_roots(const Facts& facts, std::vector<Finding>& findings) {
  std::map<std::pair<std::set<std::string>, std::set<std::string>>, Finding> layouts;
  for (const auto& [node, roots] : roots_by_node(*facts.claims)) {
    if (roots.gpus.empty() || roots.nics.empty() || !roots.whole) continue;
    if (!in_scope(facts, node)) continue;
    bool shared = false;
    for (const std::string& root : roots.gpus)
      shared = shared || roots.nics.count(root) > 0;
    if (shared) continue;
    Finding& finding = layouts[{roots.gpus, roots.nics}];
    finding.evidence.push_back(
        {"ResourceSlices of " + node,
         "GPU roots " + text_of(roots.gpus) + "; NIC roots " + text_of(roots.nics), ""});
    if (!finding.rule.empty()) continue;
    finding.rule = "X01";
    finding.tier = "A";
    finding.verdict = Verdict::unclaimed;
    finding.subject = {"node", node, node, ""};
    finding.claim = quote_device({roots.slice, roots.slice->devices.data()}, "");
  }
  for (auto& [layout, finding] : layouts) {
    const std::size_t more = finding.evidence.size() - 1;
    finding.message =
        "On " + finding.subject.node +
        (more > 0 ? " and " + std::to_string(more) + " more nodes of the same layout" : "") +
        " no GPU shares a PCIe root with any NIC (GPUs: " + text_of(layout.first) +
        "; NICs: " + text_of(layout.second) +
        "): a claim with matchAttribute resource.kubernetes.io/pcieRoot over a GPU and a NIC can "
        "never be satisfied there.";
    finding.next_step =
        "Ask for nearness by NUMA node instead, if the drivers publish one name for it.";
    if (finding.evidence.size() > 20) finding.evidence.resize(20);
    findings.push_back(std::move(finding));
  }
}

/// PCI functions by node and address.
using Functions = std::map<std::pair<std::string, std::string>, const PciDevice*>;

Functions functions_of(const Facts& facts) {
  Functions functions;
  for (const NodeFacts& node : facts.nodes) {
    if (!node.topology) continue;
    for (const PciDevice& device : node.topology->pci_devices)
      functions[{node.node, device.address}] = &device;
  }
  return functions;
}

/// What is known of where the devices of a claim are.
struct Told {
  std::set<std::string> kinds;
  bool roots = true;
  bool nodes = true;
  std::vector<std::string> lacks;  ///< "gpu-0 of gpu.nvidia.com no NUMA node"
};

Told told_of(const DeviceClaim& claim, const Offers& offers, const Functions& functions) {
  Told told;
  for (const AllocatedDevice& given : claim.devices) {
    const auto offered = given.admin_access ? std::nullopt : offers.find(given);
    const std::string kind = offered ? kind_of(*offered) : "";
    if (kind != "gpu" && kind != "nic") continue;
    told.kinds.insert(kind);
    const auto found = functions.find({offered->node(), pci_address_of(*offered)});
    const PciDevice* const real = found == functions.end() ? nullptr : found->second;
    const bool root = root_of(*offered) || (real != nullptr && !real->root.empty());
    const bool node = numa_of(*offered) || (real != nullptr && real->numa);
    told.roots = told.roots && root;
    told.nodes = told.nodes && node;
    if (root && node) continue;
    told.lacks.push_back(given.device + " of " + given.driver + " publishes no " +
                         (root   ? "NUMA node"
                          : node ? "PCIe root"
                                 : "PCIe root and no NUMA node"));
  }
  return told;
}

/// Claims of GPUs and NICs of which neither root nor NUMA node can be compared: as on machines
/// whose NICs come without a root (Hyper-V) and whose GPU driver publishes no NUMA node.
void add_unplaced(const Facts& facts, std::vector<Finding>& findings) {
  const Offers offers(*facts.claims);
  const Functions functions = functions_of(facts);
  for (const DeviceClaim& claim : facts.claims->claims) {
    if (!claim.allocated || !in_scope(facts, claim.node)) continue;
    const Told told = told_of(claim, offers, functions);
    if (told.kinds.size() < 2 || told.roots || told.nodes) continue;
    Finding finding;
    finding.rule = "X01";
    finding.tier = "A";
    finding.verdict = Verdict::unobservable;
    finding.subject = {"claim", full_name(claim.meta), claim.node, ""};
    finding.claim = quote_claim(claim);
    finding.message =
        "Whether the GPU and the NIC of claim " + full_name(claim.meta) +
        " are near each other cannot be told from what is published: " + listed(told.lacks) + ".";
    finding.next_step = "Record the node itself (plumbline collect --node " + claim.node +
                        ", or an agent there): sysfs knows both; and measure the path.";
    findings.push_back(std::move(finding));
  }
}

}  // namespace

std::vector<Finding> x01_pcie_root(const Facts& facts) {
  std::vector<Finding> findings =
      judge_nearness(facts, {"X01", "PCIe root", is_other, root_of, real_root, false});
  if (facts.claims) {
    add_separate_roots(facts, findings);
    add_unplaced(facts, findings);
  }
  return findings;
}

}  // namespace plumbline::netcheck
