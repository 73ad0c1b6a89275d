#include <algorithm>
#include <optional>
#include <utility>

#include "netcheck/gpu/claimed.hpp"
#include "netcheck/gpu/gpu_rules.hpp"
#include "netcheck/lookup.hpp"
#include "netcheck/rules/quote.hpp"

namespace plumbline::netcheck {
namespace {

/// Who still offers a GPU, and what keeps pods off it.
struct Offer {
  ClaimRef claim;
  std::vector<std::string> taints;  ///< "key=value:effect"
};

/// A slice's device, or the node's allocatable.
std::optional<Offer> offer_of(const Facts& facts, const NodeFacts& node, const Gpu& gpu) {
  for (const Published& published : published_gpus(facts, node.node)) {
    if (attribute_text(published, "uuid") == gpu.uuid)
      return Offer{quote_device(published, ""), published.device->taints};
  }
  const NodeClaim* claim = find_node_claim(facts, node.node);
  if (claim == nullptr) return std::nullopt;
  const auto offered = claim->allocatable.find("nvidia.com/gpu");
  if (offered == claim->allocatable.end() ||
      offered->second != std::to_string(node.topology->gpus->gpus.size())) {
    return std::nullopt;  // fewer than there are: the plugin may have taken this one out
  }
  return Offer{quote_allocatable(*claim, "nvidia.com/gpu"), {}};
}

/// The first taint that keeps new pods off; empty for none. Effect None only tells.
std::string keeps_off(const std::vector<std::string>& taints) {
  const auto found = std::find_if(taints.begin(), taints.end(), [](const std::string& taint) {
    return taint.ends_with(":NoSchedule") || taint.ends_with(":NoExecute");
  });
  return found == taints.end() ? std::string{} : *found;
}

/// Pods whose status calls the GPU unhealthy (status.containerStatuses[].allocatedResourcesStatus).
std::vector<std::string> called_unhealthy(const Facts& facts, const Gpu& gpu) {
  std::vector<std::string> pods;
  for (const PodClaim& pod : facts.claims->pods) {
    for (const std::string& device : pod.unhealthy) {
      if (device.find(gpu.uuid) == std::string::npos) continue;
      pods.push_back(full_name(pod.meta));
      break;
    }
  }
  return pods;
}

void tell_healthy(Finding& finding, const std::string& what, const Offer& offer,
                  const std::vector<std::string>& pods) {
  if (!offer.taints.empty()) {
    finding.verdict = Verdict::unclaimed;
    finding.message = what + " is tainted (" + listed(offer.taints) +
                      "), though the driver calls nothing of it unhealthy.";
    finding.next_step =
        "Look who set the taint (the slice's driver, or a DeviceTaintRule), and "
        "take it away when the reason is gone.";
  } else if (!pods.empty()) {
    finding.verdict = Verdict::unclaimed;
    finding.message = what + " is unhealthy by the status of pod " + listed(pods) +
                      ", though the driver calls nothing of it unhealthy now.";
    finding.next_step = "Look at the device plugin's log for when and why it said so.";
  } else {
    finding.message = what + " is offered, and the driver calls nothing of it unhealthy.";
  }
}

void tell_unhealthy(Finding& finding, const std::string& what, const Offer& offer,
                    const std::string& words) {
  const std::string taint = keeps_off(offer.taints);
  if (!taint.empty()) {
    finding.message =
        what + " is unhealthy (" + words + "), and its taint " + taint + " keeps new pods off it.";
    return;
  }
  finding.verdict = Verdict::drift;
  finding.message = what + " is offered although " + words + ".";
  if (!offer.taints.empty())
    finding.message += " Its taint " + listed(offer.taints) + " keeps nobody off.";
  finding.next_step =
      "Keep new pods off it: a DeviceTaintRule with effect None (to see what it would do) or "
      "NoSchedule for a slice's device, a cordon for a device plugin's.";
}

}  // namespace

std::vector<Finding> x19_gpu_health(const Facts& facts) {
  std::vector<Finding> findings;
  if (!facts.claims) return findings;
  for (const NodeFacts& node : facts.nodes) {
    if (!node.topology || !node.topology->gpus) continue;
    for (const Gpu& gpu : node.topology->gpus->gpus) {
      const auto words = ailments(gpu);
      const auto offer = offer_of(facts, node, gpu);
      if (!offer) continue;
      Finding finding = gpu_finding("X19", "A", Verdict::match, gpu_subject(node.node, gpu.uuid));
      finding.claim = offer->claim;
      const std::string what = "GPU " + gpu.uuid + " on " + node.node;
      if (words.empty()) {
        tell_healthy(finding, what, *offer, called_unhealthy(facts, gpu));
      } else {
        finding.evidence.push_back(
            {node.topology->gpus->source + " on " + node.node, listed(words), ""});
        tell_unhealthy(finding, what, *offer, listed(words));
      }
      findings.push_back(std::move(finding));
    }
  }
  return findings;
}

}  // namespace plumbline::netcheck
