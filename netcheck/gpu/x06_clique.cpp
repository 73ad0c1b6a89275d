#include <optional>
#include <set>
#include <utility>

#include "netcheck/gpu/claimed.hpp"
#include "netcheck/gpu/gpu_rules.hpp"
#include "netcheck/lookup.hpp"

namespace plumbline::netcheck {
namespace {

constexpr const char* kLabel = "nvidia.com/gpu.clique";

/// What NVML tells of a node's fabric.
struct Told {
  std::set<std::string> cliques;  ///< "UUID.clique" of GPUs that joined one
  std::string joining;            ///< state of a GPU that has not; empty: all have
};

Told told_by(const GpuNode& gpus) {
  Told told;
  for (const Gpu& gpu : gpus.gpus) {
    if (!gpu.fabric || gpu.fabric->state == "not_supported") continue;
    if (gpu.fabric->state != "completed") {
      told.joining = gpu.uuid + " is " + gpu.fabric->state;
    } else if (!gpu.fabric->cluster_uuid.empty()) {
      told.cliques.insert(gpu.fabric->cluster_uuid + "." + std::to_string(gpu.fabric->clique));
    }
  }
  return told;
}

ClaimRef quote_label(const NodeClaim& claim, const std::string& value) {
  return {"Node",
          claim.meta.name,
          claim.meta.uid,
          claim.meta.resource_version,
          "metadata.labels[" + std::string(kLabel) + "]",
          value};
}

Finding wrong(Finding finding, const NodeFacts& node, const std::string& message) {
  finding.verdict = Verdict::violation;
  finding.message = message;
  finding.next_step = "Restart GPU feature discovery on " + node.node +
                      ", and look at fabricmanager and the IMEX daemon if it says the same again.";
  return finding;
}

std::string joined(const std::set<std::string>& words) {
  std::string text;
  for (const std::string& word : words)
    text += (text.empty() ? "" : ", ") + word;
  return text;
}

std::optional<Finding> labelled(Finding finding, const NodeFacts& node, const std::string& label,
                                const Told& told) {
  const std::string what = "Node " + node.node + " is labelled " + kLabel + " = " + label;
  if (!told.joining.empty()) {
    finding.verdict = Verdict::unobservable;
    finding.message = what + ", but its fabric is not joined yet: " + told.joining + ".";
    finding.next_step = "Wait until the fabric is up (nvidia-smi -q, Fabric), then run again.";
    return finding;
  }
  if (told.cliques.empty()) {
    return wrong(std::move(finding), node, what + ", but no GPU of it is in a fabric.");
  }
  if (told.cliques.size() > 1) {
    return wrong(std::move(finding), node,
                 what + ", but its GPUs are in different cliques: " + joined(told.cliques) + ".");
  }
  if (*told.cliques.begin() != label) {
    return wrong(std::move(finding), node,
                 what + ", but NVML tells " + *told.cliques.begin() + ".");
  }
  finding.verdict = Verdict::match;
  finding.message = what + ", as NVML tells of all its GPUs.";
  return finding;
}

std::optional<Finding> check(const Facts& facts, const NodeFacts& node) {
  const NodeClaim* claim = find_node_claim(facts, node.node);
  if (claim == nullptr) return std::nullopt;
  const auto found = claim->meta.labels.find(kLabel);
  const bool has = found != claim->meta.labels.end();
  Finding finding = gpu_finding("X06", "A", Verdict::match, {"label", kLabel, node.node, ""});
  if (has) finding.claim = quote_label(*claim, found->second);
  if (!node.topology || !node.topology->gpus) {
    if (!has) return std::nullopt;
    if (node.topology && !shows_gpus(node)) {
      return wrong(std::move(finding), node,
                   "Node " + node.node + " is labelled " + kLabel + " = " + found->second +
                       ", but shows no GPU.");
    }
    finding.verdict = Verdict::unobservable;
    finding.message = "The label " + std::string(kLabel) + " of " + node.node +
                      " could not be checked: " + why_no_gpus(node) + ".";
    finding.next_step = "Make the node's agent tell its GPUs, and run again.";
    return finding;
  }
  const Told told = told_by(*node.topology->gpus);
  for (const std::string& clique : told.cliques)
    finding.evidence.push_back({node.topology->gpus->source + " on " + node.node, clique, ""});
  if (has) return labelled(std::move(finding), node, found->second, told);
  if (told.cliques.size() != 1) return std::nullopt;
  finding.verdict = Verdict::unclaimed;
  finding.message = "Node " + node.node + " is in the NVLink fabric " + *told.cliques.begin() +
                    ", but has no label " + kLabel + ".";
  finding.next_step = "If the scheduler should know it, run GPU feature discovery on the node.";
  return finding;
}

}  // namespace

std::vector<Finding> x06_clique(const Facts& facts) {
  std::vector<Finding> findings;
  if (!facts.claims) return findings;
  for (const NodeFacts& node : facts.nodes) {
    if (auto finding = check(facts, node)) findings.push_back(std::move(*finding));
  }
  return findings;
}

}  // namespace plumbline::netcheck
