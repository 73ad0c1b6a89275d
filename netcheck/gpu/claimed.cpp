#include "netcheck/gpu/claimed.hpp"

#include <algorithm>
#include <set>
#include <utility>

namespace plumbline::netcheck {
namespace {

constexpr const char* kDriver = "gpu.nvidia.com";

bool is_gpu_resource(const std::string& resource) {
  return resource.rfind("nvidia.com/gpu", 0) == 0 || resource.rfind("nvidia.com/mig-", 0) == 0;
}

/// "GPU-<uuid>" of "GPU-<uuid>::2", a replica of time slicing.
std::pair<std::string, bool> without_replica(const std::string& device) {
  const auto at = device.find("::");
  return {device.substr(0, at), at != std::string::npos};
}

GpuHolder& holder_of(std::vector<GpuHolder>& holders, const Holding& holding) {
  const std::string pod = holding.pod_namespace + "/" + holding.pod_name;
  for (GpuHolder& holder : holders) {
    if (holder.pod == pod) return holder;
  }
  holders.push_back({pod, holding.pod_namespace, {}, {}, {}});
  return holders.back();
}

void add(std::vector<std::string>& words, const std::string& word) {
  if (std::find(words.begin(), words.end(), word) == words.end()) words.push_back(word);
}

/// The UUID that a slice publishes for a device; empty when none does.
std::string published_uuid(const Facts& facts, const NodeFacts& node, const std::string& pool,
                           const std::string& device) {
  for (const Published& published : published_gpus(facts, node.node)) {
    if (published.slice->pool == pool && published.device->name == device) {
      return attribute_text(published, "uuid");
    }
  }
  return {};
}

}  // namespace

Finding gpu_finding(const char* rule, const char* tier, Verdict verdict, Subject subject) {
  Finding finding;
  finding.rule = rule;
  finding.tier = tier;
  finding.verdict = verdict;
  finding.subject = std::move(subject);
  finding.next_step = "Nothing to do.";
  return finding;
}

Subject gpu_subject(const std::string& node, const std::string& uuid) {
  return {"gpu", node + "/" + uuid, node, ""};
}

std::vector<Published> published_gpus(const Facts& facts, const std::string& node) {
  std::vector<Published> all;
  for (const SliceClaim* slice : slices_of(facts, node)) {
    if (slice->driver != kDriver) continue;
    for (const SliceDevice& device : slice->devices)
      all.push_back({slice, &device});
  }
  return all;
}

std::optional<std::vector<GpuHolder>> gpu_holders(const Facts& facts, const NodeFacts& node) {
  if (!node.holdings) return std::nullopt;
  std::vector<GpuHolder> holders;
  for (const Holding& holding : node.holdings->holdings) {
    if (holding.driver == kDriver) {
      GpuHolder& holder = holder_of(holders, holding);
      const std::string uuid = published_uuid(facts, node, holding.pool, holding.device);
      add(uuid.empty() ? holder.unresolved : holder.uuids, uuid.empty() ? holding.device : uuid);
    } else if (is_gpu_resource(holding.resource)) {
      GpuHolder& holder = holder_of(holders, holding);
      const auto [uuid, replica] = without_replica(holding.device);
      const bool told = uuid.rfind("GPU-", 0) == 0 || uuid.rfind("MIG-", 0) == 0;
      add(told ? holder.uuids : holder.unresolved, uuid);
      if (replica) add(holder.shared, uuid);
    }
  }
  return holders;
}

std::vector<const PciDevice*> pci_gpus(const Topology& topology) {
  std::vector<const PciDevice*> gpus;
  for (const PciDevice& device : topology.pci_devices) {
    if (device.kind == "accelerator" && device.vendor == "0x10de") gpus.push_back(&device);
  }
  return gpus;
}

bool shows_gpus(const NodeFacts& node) {
  if (!node.topology) return false;
  const Topology& topology = *node.topology;
  return (topology.gpus && !topology.gpus->gpus.empty()) || !topology.gpus_problem.empty() ||
         !pci_gpus(topology).empty();
}

const Gpu* gpu_of(const Topology& topology, const std::string& uuid) {
  if (!topology.gpus) return nullptr;
  for (const Gpu& gpu : topology.gpus->gpus) {
    if (gpu.uuid == uuid) return &gpu;
    for (const MigInstance& slice : gpu.instances) {
      if (slice.uuid == uuid) return &gpu;
    }
  }
  return nullptr;
}

std::vector<std::string> ailments(const Gpu& gpu) {
  std::vector<std::string> words;
  const GpuMemoryHealth& health = gpu.health;
  if (health.remap_failed.value_or(false)) words.emplace_back("a memory row could not be remapped");
  if (health.pending.value_or(false)) words.emplace_back("a reset is pending for bad memory");
  if (health.uncorrected.value_or(0) > 0) {
    words.push_back(std::to_string(*health.uncorrected) + " uncorrected memory errors");
  }
  if (gpu.fabric) {
    if (!gpu.fabric->problem.empty()) words.push_back(gpu.fabric->problem);
    for (const std::string& word : gpu.fabric->unhealthy)
      words.push_back("fabric: " + word);
  }
  return words;
}

ClaimRef quote_allocatable(const NodeClaim& claim, const std::string& resource) {
  return {"Node",
          claim.meta.name,
          claim.meta.uid,
          claim.meta.resource_version,
          "status.allocatable[" + resource + "]",
          claim.allocatable.at(resource)};
}

std::string why_no_gpus(const NodeFacts& node) {
  if (!node.topology) {
    return node.topology_problem.empty() ? "nothing was recorded from this node"
                                         : node.topology_problem;
  }
  if (!node.topology->gpus_problem.empty()) return node.topology->gpus_problem;
  return "the node shows no GPU of NVIDIA";
}

}  // namespace plumbline::netcheck
