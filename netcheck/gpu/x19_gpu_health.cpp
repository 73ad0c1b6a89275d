#include <optional>
#include <utility>

#include "netcheck/gpu/claimed.hpp"
#include "netcheck/gpu/gpu_rules.hpp"
#include "netcheck/lookup.hpp"
#include "netcheck/rules/quote.hpp"

namespace plumbline::netcheck {
namespace {

/// Who still offers a GPU: a slice's device, or the node's allocatable.
std::optional<ClaimRef> offer_of(const Facts& facts, const NodeFacts& node, const Gpu& gpu) {
  for (const Published& published : published_gpus(facts, node.node)) {
    if (attribute_text(published, "uuid") == gpu.uuid) return quote_device(published, "");
  }
  const NodeClaim* claim = find_node_claim(facts, node.node);
  if (claim == nullptr) return std::nullopt;
  const auto offered = claim->allocatable.find("nvidia.com/gpu");
  if (offered == claim->allocatable.end() ||
      offered->second != std::to_string(node.topology->gpus->gpus.size())) {
    return std::nullopt;  // fewer than there are: the plugin may have taken this one out
  }
  return quote_allocatable(*claim, "nvidia.com/gpu");
}

}  // namespace

std::vector<Finding> x19_gpu_health(const Facts& facts) {
  std::vector<Finding> findings;
  if (!facts.claims) return findings;
  for (const NodeFacts& node : facts.nodes) {
    if (!node.topology || !node.topology->gpus) continue;
    for (const Gpu& gpu : node.topology->gpus->gpus) {
      const auto words = ailments(gpu);
      auto offer = offer_of(facts, node, gpu);
      if (!offer) continue;
      Finding finding = gpu_finding("X19", "A", Verdict::match, gpu_subject(node.node, gpu.uuid));
      finding.claim = std::move(offer);
      if (words.empty()) {
        finding.message = "GPU " + gpu.uuid + " on " + node.node +
                          " is offered, and the driver calls nothing of it unhealthy.";
      } else {
        finding.verdict = Verdict::drift;
        finding.evidence.push_back(
            {node.topology->gpus->source + " on " + node.node, listed(words), ""});
        finding.message =
            "GPU " + gpu.uuid + " on " + node.node + " is offered although " + listed(words) + ".";
        finding.next_step =
            "Keep new pods off it: a DeviceTaintRule with effect None or NoSchedule for a slice's "
            "device, a cordon for a device plugin's.";
      }
      findings.push_back(std::move(finding));
    }
  }
  return findings;
}

}  // namespace plumbline::netcheck
