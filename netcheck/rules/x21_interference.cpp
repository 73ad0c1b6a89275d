#include <map>

#include "netcheck/rules/custody.hpp"
#include "netcheck/rules/lookup.hpp"
#include "netcheck/rules/quote.hpp"
#include "netcheck/rules/rules.hpp"

namespace plumbline::netcheck {
namespace {

/// What was done with one device.
struct Use {
  bool loaded = false;  ///< measured, or tried
  std::string key;      ///< a telling outcome
  std::string reason;   ///< why it was skipped, when it was
};

bool is_network_end(const Facts& facts, const Endpoint& end) {
  if (end.node.empty() || end.device.empty()) return false;
  if (!end.rail.empty()) return true;
  const NodeFacts* node = find_node(facts, end.node);
  if (node == nullptr || !node->topology) return false;
  for (const NetworkDevice& device : node->topology->network_devices) {
    if (device.name == end.device) return true;
  }
  return false;
}

std::map<Endpoint, Use> uses(const Facts& facts) {
  std::map<Endpoint, Use> all;
  for (const Outcome& outcome : facts.outcomes) {
    for (const Endpoint* end : {&outcome.from, &outcome.to}) {
      if (!is_network_end(facts, *end)) continue;
      Use& use = all[*end];
      const bool loaded = outcome.skipped() == nullptr;
      if (use.key.empty() || (loaded && !use.loaded)) use.key = outcome.key();
      if (!loaded && use.reason.empty()) use.reason = outcome.skipped()->reason;
      use.loaded = use.loaded || loaded;
    }
  }
  return all;
}

/// The claim by which a tenant holds the device, quoted.
std::optional<ClaimRef> quote_holder(const Facts& facts, const Holder& holder) {
  if (!facts.claims) return std::nullopt;
  for (const DeviceClaim& claim : facts.claims->claims) {
    if (holder.claim == "claim " + full_name(claim.meta)) return quote_claim(claim);
  }
  const PodClaim* pod = find_pod(facts, holder.name_space, holder.pod);
  return pod == nullptr ? std::nullopt : std::optional<ClaimRef>(quote_pod(*pod));
}

Finding begin(const Endpoint& end, const Use& use) {
  Finding finding;
  finding.rule = "X21";
  finding.tier = "A";
  finding.subject = {"nic", end.node + "/" + end.device, end.node, end.rail};
  finding.measurement = use.key;
  return finding;
}

std::string device_on(const Endpoint& end) { return end.device + " on " + end.node; }

Finding disturbed(Finding finding, const Endpoint& end, const Holder& tenant) {
  finding.verdict = Verdict::violation;
  finding.message =
      device_on(end) + " was measured under load while " + text_of(tenant) + " holds it.";
  finding.next_step =
      "Tell the owner of the pod that its network was loaded, and do not trust this number.";
  return finding;
}

Finding left_alone(Finding finding, const Endpoint& end, const Holder& tenant) {
  finding.verdict = Verdict::unobservable;
  finding.message = device_on(end) + " was not measured, because " + text_of(tenant) + " holds it.";
  finding.next_step =
      "Run again when the pod has ended, or give the stage this device by a claim of its own.";
  return finding;
}

Finding not_known(Finding finding, const Endpoint& end, const std::string& reason) {
  finding.verdict = Verdict::unobservable;
  finding.message = device_on(end) + " was measured, but who held it is not known: " + reason + ".";
  finding.next_step = "Make the kubelet of " + end.node + " answer its agent, and run again.";
  return finding;
}

Finding clean(Finding finding, const Facts& facts, const Endpoint& end, const Custody& found) {
  finding.verdict = Verdict::match;
  const std::string holder =
      found.holders.empty() ? "no pod" : "the stage's own " + text_of(found.holders.front());
  finding.message = device_on(end) + " was measured while " + holder + " held it.";
  finding.next_step = "Nothing to do.";
  if (!found.holders.empty()) finding.claim = quote_holder(facts, found.holders.front());
  return finding;
}

std::optional<Finding> check(const Facts& facts, const Endpoint& end, const Use& use) {
  const Custody found = custody(facts, end.node, end.device);
  Finding finding = begin(end, use);
  for (const Holder& holder : found.holders) {
    finding.evidence.push_back({holder.source + ", " + end.node, text_of(holder), ""});
  }
  if (const Holder* tenant = tenant_of(found, facts.own_namespace)) {
    finding.claim = quote_holder(facts, *tenant);
    return use.loaded ? disturbed(std::move(finding), end, *tenant)
                      : left_alone(std::move(finding), end, *tenant);
  }
  // What was not tried for another reason is that reason's affair.
  if (!use.loaded) return std::nullopt;
  if (!found.unknown.empty()) return not_known(std::move(finding), end, found.unknown);
  return clean(std::move(finding), facts, end, found);
}

}  // namespace

std::vector<Finding> x21_interference(const Facts& facts) {
  std::vector<Finding> findings;
  for (const auto& [end, use] : uses(facts)) {
    if (auto finding = check(facts, end, use)) findings.push_back(std::move(*finding));
  }
  return findings;
}

}  // namespace plumbline::netcheck
