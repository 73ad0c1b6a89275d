#include <algorithm>
#include <optional>
#include <utility>

#include "netcheck/gpu/claimed.hpp"
#include "netcheck/gpu/gpu_rules.hpp"
#include "netcheck/rules/quote.hpp"

namespace plumbline::netcheck {
namespace {

/// One attribute that a slice publishes, beside what the node shows; nothing there: not told.
struct Pair {
  const char* name;
  std::optional<std::string> there;
};

/// True for the same text, and for a version that only has more zeros: "9.0.0" is "9.0".
bool same(const std::string& claimed, const std::string& there) {
  if (claimed == there) return true;
  if (claimed.size() <= there.size() || claimed.compare(0, there.size(), there) != 0) return false;
  return claimed.find_first_not_of(".0", there.size()) == std::string::npos &&
         claimed[there.size()] == '.';
}

std::optional<std::string> told(const std::string& text) {
  return text.empty() ? std::nullopt : std::optional<std::string>(text);
}

const PciDevice* function_of(const Topology& topology, const Gpu& gpu) {
  for (const PciDevice& device : topology.pci_devices) {
    if (device.address == gpu.pci_address) return &device;
  }
  return nullptr;
}

std::vector<Pair> what_is_there(const Topology& topology, const Gpu& gpu, const std::string& uuid) {
  const PciDevice* function = function_of(topology, gpu);
  std::vector<Pair> pairs{{"productName", told(gpu.product)},
                          {"driverVersion", told(topology.gpus->driver_version)},
                          {"cudaDriverVersion", told(topology.gpus->cuda_version)},
                          {"cudaComputeCapability", gpu.compute_capability},
                          {"pciBusID", told(gpu.pci_address)},
                          {"pcieRoot", function == nullptr ? std::nullopt : told(function->root)},
                          {"numaNode", gpu.numa ? told(std::to_string(*gpu.numa)) : std::nullopt}};
  for (const MigInstance& slice : gpu.instances) {
    if (slice.uuid != uuid) continue;
    pairs.push_back({"parentUUID", told(gpu.uuid)});
    pairs.push_back({"profile", told(slice.profile)});
  }
  return pairs;
}

std::string title(const Published& published, const std::string& node) {
  return "Slice " + published.slice->meta.name + " publishes " + published.device->name + " of " +
         node;
}

Finding unseen(Finding finding, const std::string& what, const std::string& reason) {
  finding.verdict = Verdict::unobservable;
  finding.message = what + ", which could not be checked: " + reason + ".";
  finding.next_step = "Make the node's agent tell its GPUs, and run again.";
  return finding;
}

std::string key_of(const Published& published, const std::string& name) {
  for (const auto& [key, value] : published.device->attributes) {
    if (key.ends_with("/" + name)) return key;
  }
  return {};
}

Finding compare(Finding finding, const NodeFacts& node, const Published& published,
                const Gpu& gpu) {
  const std::string what = title(published, node.node);
  std::vector<std::string> wrong;
  std::size_t equal = 1;  // the UUID, by which it was found
  for (const Pair& pair : what_is_there(*node.topology, gpu, attribute_text(published, "uuid"))) {
    const std::string claimed = attribute_text(published, pair.name);
    if (claimed.empty() || !pair.there) continue;
    if (same(claimed, *pair.there)) {
      ++equal;
      continue;
    }
    if (wrong.empty()) finding.claim = quote_device(published, key_of(published, pair.name));
    wrong.push_back(std::string(pair.name) + " = " + claimed + ", but " + node.node + " shows " +
                    *pair.there);
  }
  finding.evidence.push_back({node.topology->gpus->source + " on " + node.node,
                              gpu.uuid + " " + gpu.product + " " + gpu.pci_address, ""});
  if (wrong.empty()) {
    finding.verdict = Verdict::match;
    finding.message =
        what + " truthfully: " + std::to_string(equal) + " attributes are what the driver tells.";
    return finding;
  }
  finding.verdict = Verdict::violation;
  finding.message = what + " with " + listed(wrong) + ".";
  finding.next_step = "Restart the GPU DRA driver on " + node.node +
                      "; device names follow the minor number and move at a reboot.";
  return finding;
}

Finding check(const NodeFacts& node, const Published& published) {
  Finding finding =
      gpu_finding("X03", "C", Verdict::match, {"slice", published.slice->meta.name, node.node, ""});
  finding.claim = quote_device(published, "");
  const std::string what = title(published, node.node);
  const std::string uuid = attribute_text(published, "uuid");
  if (!node.topology || (!node.topology->gpus && shows_gpus(node))) {
    return unseen(std::move(finding), what, why_no_gpus(node));
  }
  if (uuid.empty()) {
    return unseen(std::move(finding), what, "it carries no uuid by which it could be found");
  }
  const Gpu* gpu = gpu_of(*node.topology, uuid);
  if (gpu != nullptr) return compare(std::move(finding), node, published, *gpu);
  finding.verdict = Verdict::violation;
  finding.claim = quote_device(published, key_of(published, "uuid"));
  finding.message = what + " as " + uuid + ", but the driver tells of no such device.";
  finding.next_step = "Look for the GPU on " + node.node +
                      " (dmesg, nvidia-smi -L), then restart the GPU DRA driver.";
  for (const Gpu& other : node.topology->gpus ? node.topology->gpus->gpus : std::vector<Gpu>{})
    finding.evidence.push_back({"GPUs of " + node.node, other.uuid, ""});
  return finding;
}

}  // namespace

std::vector<Finding> x03_gpu_truth(const Facts& facts) {
  std::vector<Finding> findings;
  for (const NodeFacts& node : facts.nodes) {
    for (const Published& published : published_gpus(facts, node.node)) {
      const std::string type = attribute_text(published, "type");
      if (type != "vfio") findings.push_back(check(node, published));
    }
  }
  return findings;
}

}  // namespace plumbline::netcheck
