#include <map>
#include <set>

#include "netcheck/rules/lookup.hpp"
#include "netcheck/rules/quote.hpp"
#include "netcheck/rules/rules.hpp"

namespace plumbline::netcheck {
namespace {

using Devices = std::set<std::string>;

std::string words_of(const Devices& devices) {
  return devices.empty() ? "nothing" : listed({devices.begin(), devices.end()});
}

Devices given_by(const DeviceClaim& claim) {
  Devices devices;
  for (const AllocatedDevice& device : claim.devices)
    devices.insert(text_of(device));
  return devices;
}

/// What was prepared; of a driver that told no devices, what the claim gives of it.
Devices prepared_of(const PreparedClaim& prepared, const DeviceClaim& claim) {
  Devices devices;
  std::set<std::string> told;
  for (const PreparedDevice& device : prepared.devices) {
    told.insert(device.driver);
    devices.insert(device.driver + "/" + device.pool + "/" + device.device);
  }
  for (const AllocatedDevice& device : claim.devices) {
    if (told.count(device.driver) == 0) devices.insert(text_of(device));
  }
  return devices;
}

/// Node -> the claims that a running pod there uses.
std::map<std::string, std::vector<const DeviceClaim*>> used_claims(const Facts& facts) {
  std::map<std::string, std::string> node_of;  // of running pods
  for (const PodClaim& pod : facts.claims->pods) {
    if (pod.phase == "Running" && !ended(pod)) node_of[full_name(pod.meta)] = pod.node;
  }
  std::map<std::string, std::vector<const DeviceClaim*>> used;
  for (const DeviceClaim& claim : facts.claims->claims) {
    if (!claim.allocated) continue;
    std::set<std::string> nodes;
    for (const std::string& pod : claim.reserved_for) {
      const auto node = node_of.find(claim.meta.name_space + "/" + pod);
      if (node != node_of.end()) nodes.insert(node->second);
    }
    for (const std::string& node : nodes)
      used[node].push_back(&claim);
  }
  return used;
}

/// What the checkpoint has of a claim: by its uid, else by its name.
class Checkpoint {
 public:
  explicit Checkpoint(const std::vector<PreparedClaim>& claims) {
    for (const PreparedClaim& claim : claims) {
      by_uid_[claim.uid] = &claim;
      by_name_[claim.name_space + "/" + claim.name] = &claim;
    }
  }

  const PreparedClaim* of(const DeviceClaim& claim) const {
    const auto same = by_uid_.find(claim.meta.uid);
    if (same != by_uid_.end()) return same->second;
    const auto named = by_name_.find(full_name(claim.meta));
    return named == by_name_.end() ? nullptr : named->second;
  }

 private:
  std::map<std::string, const PreparedClaim*> by_uid_;
  std::map<std::string, const PreparedClaim*> by_name_;
};

Finding begin(const NodeFacts& node, const DeviceClaim& claim) {
  Finding finding;
  finding.rule = "X04";
  finding.tier = "A";
  finding.subject = {"claim", full_name(claim.meta), node.node, ""};
  finding.claim = quote_claim(claim);
  return finding;
}

Finding wrong(Finding finding, const std::string& node, std::string message) {
  finding.verdict = Verdict::violation;
  finding.message = std::move(message);
  finding.next_step = "Delete the claim's pods, so that the kubelet of " + node +
                      " lets go of it and prepares it anew; look at the driver's log there.";
  return finding;
}

Finding judge(const NodeFacts& node, const DeviceClaim& claim, const PreparedClaim* prepared) {
  Finding finding = begin(node, claim);
  const std::string source = "dra_manager_state of " + node.node;
  const std::string who = "claim " + full_name(claim.meta);
  if (prepared == nullptr) {
    finding.evidence.push_back({source, "no claim of that name", ""});
    return wrong(std::move(finding), node.node,
                 "A pod runs on " + node.node + " with " + who +
                     ", but the kubelet there never prepared it by its own checkpoint.");
  }
  const Devices written = prepared_of(*prepared, claim);
  finding.evidence.push_back({source, prepared->uid + ": " + words_of(written), ""});
  if (prepared->uid != claim.meta.uid) {
    return wrong(std::move(finding), node.node,
                 "The kubelet of " + node.node + " prepared another object of the name of " + who +
                     ": the one with uid " + prepared->uid + ", not " + claim.meta.uid + ".");
  }
  const Devices given = given_by(claim);
  if (written != given) {
    return wrong(std::move(finding), node.node,
                 "The kubelet of " + node.node + " prepared " + words_of(written) + " for " + who +
                     ", which was given " + words_of(given) + ".");
  }
  finding.verdict = Verdict::match;
  finding.message = "The kubelet of " + node.node + " prepared for " + who +
                    " what it was given: " + words_of(given) + ".";
  finding.next_step = "Nothing to do.";
  return finding;
}

}  // namespace

std::vector<Finding> x04_prepared(const Facts& facts) {
  // That nothing could be read is told by X04's own rule, once.
  if (!facts.claims) return {};
  std::vector<Finding> findings;
  const auto used = used_claims(facts);
  for (const NodeFacts& node : facts.nodes) {
    if (!node.holdings || !node.holdings->state || !node.holdings->state->claims) continue;
    const auto claims = used.find(node.node);
    if (claims == used.end()) continue;
    const Checkpoint checkpoint(*node.holdings->state->claims);
    for (const DeviceClaim* const claim : claims->second)
      findings.push_back(judge(node, *claim, checkpoint.of(*claim)));
  }
  return findings;
}

}  // namespace plumbline::netcheck
