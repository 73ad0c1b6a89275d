#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "netcheck/gpu/claimed.hpp"
#include "netcheck/gpu/gpu_rules.hpp"
#include "netcheck/lookup.hpp"
#include "netcheck/rules/quote.hpp"

namespace plumbline::netcheck {
namespace {

/// Whether a GPU was loaded, by its UUID, and a telling outcome.
struct Use {
  bool loaded = false;
  std::string key;
};

std::map<std::string, Use> uses(const Facts& facts, const NodeFacts& node) {
  std::map<std::string, Use> all;
  for (const Outcome* outcome : latest_outcomes(facts)) {
    if (outcome->probe.rfind("gpu_", 0) != 0) continue;
    for (const Endpoint* end : {&outcome->from, &outcome->to}) {
      if (end->node != node.node) continue;
      if (gpu_of(*node.topology, end->device) == nullptr) continue;
      Use& use = all[end->device];
      const bool loaded = outcome->skipped() == nullptr;
      if (use.key.empty() || (loaded && !use.loaded)) use.key = outcome->key();
      use.loaded = use.loaded || loaded;
    }
  }
  return all;
}

/// The pod that holds a GPU or a slice of it; null when none does.
const GpuHolder* holder_of(const std::vector<GpuHolder>& holders, const Topology& topology,
                           const Gpu* gpu) {
  for (const GpuHolder& holder : holders) {
    for (const std::string& uuid : holder.uuids) {
      if (gpu_of(topology, uuid) == gpu) return &holder;
    }
  }
  return nullptr;
}

std::string pids_of(const Gpu& gpu) {
  std::vector<std::string> pids;
  for (const GpuProcess& process : *gpu.processes)
    pids.push_back(std::to_string(process.pid));
  return listed(pids);
}

/// Who else is on a GPU; empty when nobody is. `unknown` says why it cannot be told.
std::string other_on(const Facts& facts, const NodeFacts& node, const Gpu& gpu,
                     std::string& unknown) {
  const auto holders = gpu_holders(facts, node);
  const GpuHolder* holder = holders ? holder_of(*holders, *node.topology, &gpu) : nullptr;
  if (holder != nullptr && holder->name_space != facts.own_namespace) return "pod " + holder->pod;
  if (holder != nullptr) return {};
  if (!gpu.processes) {
    unknown = "the driver does not tell its processes";
    return {};
  }
  if (!gpu.processes->empty()) return "process " + pids_of(gpu);
  if (!holders && !facts.own_namespace.empty()) unknown = node.holdings_problem;
  return {};
}

Finding check(const Facts& facts, const NodeFacts& node, const std::string& uuid, const Use& use) {
  const Gpu& gpu = *gpu_of(*node.topology, uuid);
  Finding finding = gpu_finding("X21", "A", Verdict::match, gpu_subject(node.node, uuid));
  finding.measurement = use.key;
  std::string unknown;
  const std::string other = other_on(facts, node, gpu, unknown);
  const std::string what = "GPU " + uuid + " on " + node.node;
  if (!other.empty() && use.loaded) {
    finding.verdict = Verdict::violation;
    finding.message = what + " was measured under load while " + other + " held it.";
    finding.next_step = "Tell its owner that the GPU was loaded, and do not trust this number.";
  } else if (!other.empty()) {
    finding.verdict = Verdict::unobservable;
    finding.message = what + " was not measured, because " + other + " holds it.";
    finding.next_step =
        "Run again when it is free, or give the stage this GPU by a claim of its own.";
  } else if (!use.loaded) {
    finding.message = what + " was left alone.";
  } else if (!unknown.empty()) {
    finding.verdict = Verdict::unobservable;
    finding.message = what + " was measured, but who held it is not known: " + unknown + ".";
    finding.next_step =
        "Make the kubelet and the driver of " + node.node + " answer, and run again.";
  } else {
    finding.message = what + " was measured while nobody else held it.";
  }
  return finding;
}

}  // namespace

std::vector<Finding> x21_gpu_tenants(const Facts& facts) {
  std::vector<Finding> findings;
  for (const NodeFacts& node : facts.nodes) {
    if (!node.topology || !node.topology->gpus) continue;
    for (const auto& [uuid, use] : uses(facts, node))
      findings.push_back(check(facts, node, uuid, use));
  }
  return findings;
}

std::map<std::string, std::string> held_gpus(const Facts& facts, const NodeFacts& node) {
  std::map<std::string, std::string> held;
  if (!node.topology || !node.topology->gpus) return held;
  for (const Gpu& gpu : node.topology->gpus->gpus) {
    std::string unknown;
    const std::string other = other_on(facts, node, gpu, unknown);
    if (other.empty() && unknown.empty()) continue;
    const std::string why = other.empty()
                                ? "who holds GPU " + gpu.uuid + " is not known: " + unknown
                                : other + " holds GPU " + gpu.uuid;
    held[gpu.uuid] = why;
    for (const MigInstance& slice : gpu.instances)
      held[slice.uuid] = why;
  }
  return held;
}

std::vector<std::string> gpu_names(const Facts& facts, const NodeFacts& node,
                                   const std::map<std::string, std::string>& held) {
  std::set<std::string> names;
  if (!node.topology || !node.topology->gpus) return {};
  for (const Gpu& gpu : node.topology->gpus->gpus) {
    if (held.count(gpu.uuid) > 0) continue;
    names.insert(gpu.uuid);
    for (const MigInstance& slice : gpu.instances)
      names.insert(slice.uuid);
  }
  const std::set<std::string> uuids = names;
  for (const Published& published : published_gpus(facts, node.node)) {
    if (uuids.count(attribute_text(published, "uuid")) > 0) names.insert(published.device->name);
  }
  return {names.begin(), names.end()};
}

}  // namespace plumbline::netcheck
