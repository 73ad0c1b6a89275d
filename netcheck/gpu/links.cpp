#include <algorithm>
#include <utility>

#include "netcheck/expectations/gpu_paths.hpp"
#include "netcheck/gpu/claimed.hpp"
#include "netcheck/gpu/gpu_rules.hpp"
#include "netcheck/rules/quote.hpp"

namespace plumbline::netcheck {
namespace {

constexpr const char* kRule = "gpu";

std::string titled(const Gpu& gpu, const std::string& node) {
  return "GPU " + gpu.uuid + " (" + gpu.product + ", " + gpu.pci_address + ") on " + node;
}

/// Where the driver's facts of a node come from, for evidence.
std::string source_of(const NodeFacts& node) {
  return node.topology->gpus->source + " on " + node.node;
}

Finding of(const NodeFacts& node, const Gpu& gpu, const std::string& value) {
  Finding finding = gpu_finding(kRule, "C", Verdict::degraded, gpu_subject(node.node, gpu.uuid));
  finding.evidence.push_back({source_of(node), value, ""});
  return finding;
}

void check_width(const NodeFacts& node, const Gpu& gpu, std::vector<Finding>& findings) {
  const auto& link = gpu.pcie;
  if (!link.width || !link.most_width || *link.width >= *link.most_width) return;
  Finding finding = of(node, gpu, "PCIe width " + std::to_string(*link.width));
  finding.message = titled(gpu, node.node) + " has " + std::to_string(*link.width) + " of " +
                    std::to_string(*link.most_width) + " PCIe lanes.";
  finding.next_step = "Reseat the GPU or its riser on " + node.node +
                      " and look at the slot's lanes (lspci -vv, LnkSta); bifurcation in the "
                      "firmware narrows a slot too.";
  findings.push_back(std::move(finding));
}

/// The slot is slower than the GPU. What the link has now says nothing: an idle one is clocked
/// down.
void check_generation(const NodeFacts& node, const Gpu& gpu, std::vector<Finding>& findings) {
  const auto most = gpu.pcie.most_gigatransfers;
  if (!most || !gpu.slot_gigatransfers || *gpu.slot_gigatransfers >= *most) return;
  const int there = pcie_generation(*gpu.slot_gigatransfers);
  const int able = pcie_generation(*most);
  Finding finding = of(node, gpu, "PCIe generation at most " + std::to_string(there));
  finding.message = titled(gpu, node.node) + " can do PCIe generation " + std::to_string(able) +
                    ", its slot no more than " + std::to_string(there) + ".";
  finding.next_step = "Look at the link speed that the firmware of " + node.node +
                      " allows this slot, and at the riser.";
  findings.push_back(std::move(finding));
}

void check_nvlinks(const NodeFacts& node, const Gpu& gpu, std::vector<Finding>& findings) {
  std::vector<std::string> down;
  for (const NvLink& link : gpu.links) {
    if (!link.active) down.push_back(std::to_string(link.index));
  }
  // A card without a bridge has links and none is up: that is how it was built.
  if (down.empty() || down.size() == gpu.links.size()) return;
  Finding finding = of(node, gpu, "NVLink inactive: " + listed(down));
  finding.subject.kind = "nvlink";
  finding.subject.name += "/link " + down.front();
  for (const std::string& index : down) {
    if (down.size() == 1) break;
    finding.ambiguity.push_back(
        {"nvlink", node.node + "/" + gpu.uuid + "/link " + index, node.node, ""});
  }
  finding.message = titled(gpu, node.node) + " has " + std::to_string(down.size()) + " of " +
                    std::to_string(gpu.links.size()) + " NVLinks down: link " + listed(down) + ".";
  finding.next_step = "Look at fabricmanager's log and dmesg (Xid 74) on " + node.node +
                      ", reset the GPU, and have the board or the cable of that link replaced if "
                      "it stays down.";
  findings.push_back(std::move(finding));
}

void check_health(const NodeFacts& node, const Gpu& gpu, std::vector<Finding>& findings) {
  const auto words = ailments(gpu);
  if (words.empty()) return;
  Finding finding = of(node, gpu, listed(words));
  finding.message = titled(gpu, node.node) + " is unhealthy: " + listed(words) + ".";
  finding.next_step =
      "Drain " + node.node + " and reset the GPU; replace it if that does not help.";
  findings.push_back(std::move(finding));
}

/// All links of a kind of board are down at once: its fabric never came up.
void check_fabric(const NodeFacts& node, std::vector<Finding>& findings) {
  const auto& gpus = node.topology->gpus->gpus;
  const auto up = [](const Gpu& gpu) {
    return std::any_of(gpu.links.begin(), gpu.links.end(),
                       [](const NvLink& link) { return link.active; });
  };
  if (std::none_of(gpus.begin(), gpus.end(), up)) return;
  for (const Gpu& gpu : gpus) {
    if (gpu.links.empty() || up(gpu)) continue;
    Finding finding = of(node, gpu, "no NVLink active");
    finding.message =
        titled(gpu, node.node) + " has no NVLink up, while other GPUs of the node have theirs.";
    finding.next_step = "Look at fabricmanager's log and dmesg on " + node.node + ".";
    findings.push_back(std::move(finding));
  }
}

Finding no_driver(const NodeFacts& node) {
  Finding finding =
      gpu_finding(kRule, "C", Verdict::unobservable, {"node", node.node, node.node, ""});
  const auto seen = pci_gpus(*node.topology);
  finding.message =
      "Node " + node.node + " has " + std::to_string(seen.size()) +
      " GPUs of NVIDIA on its PCI bus that could not be asked: " + node.topology->gpus_problem +
      ".";
  finding.next_step = "Install or load the NVIDIA driver on " + node.node +
                      ", or let plumbline's pod reach it (libnvidia-ml.so.1).";
  for (const PciDevice* device : seen)
    finding.evidence.push_back(
        {"PCI bus of " + node.node, device->address + " " + device->name, ""});
  return finding;
}

}  // namespace

std::vector<Finding> gpu_links(const Facts& facts) {
  std::vector<Finding> findings;
  for (const NodeFacts& node : facts.nodes) {
    if (!node.topology) continue;
    if (!node.topology->gpus) {
      if (!node.topology->gpus_problem.empty()) findings.push_back(no_driver(node));
      continue;
    }
    for (const Gpu& gpu : node.topology->gpus->gpus) {
      check_width(node, gpu, findings);
      check_generation(node, gpu, findings);
      check_nvlinks(node, gpu, findings);
      check_health(node, gpu, findings);
    }
    check_fabric(node, findings);
  }
  return findings;
}

}  // namespace plumbline::netcheck
