#include "netcheck/rules/quote.hpp"

namespace plumbline::netcheck {
namespace {

ClaimRef refer(const std::string& kind, const ObjectMeta& meta, std::string path,
               std::string value) {
  return {
      kind, full_name(meta), meta.uid, meta.resource_version, std::move(path), std::move(value)};
}

}  // namespace

std::string text_of(const AttributeValue& value) {
  if (const auto* number = std::get_if<std::int64_t>(&value)) return std::to_string(*number);
  if (const auto* flag = std::get_if<bool>(&value)) return *flag ? "true" : "false";
  if (const auto* list = std::get_if<std::vector<std::string>>(&value)) {
    std::string text;
    for (const std::string& part : *list)
      text += (text.empty() ? "" : ", ") + part;
    return text;
  }
  return std::get<std::string>(value);
}

std::string text_of(const AllocatedDevice& device) {
  return device.driver + "/" + device.pool + "/" + device.device;
}

ClaimRef quote_device(const Published& published, const std::string& key) {
  const std::string base = "spec.devices[" + std::to_string(published.device->index) + "]";
  const auto& meta = published.slice->meta;
  if (key.empty()) return refer("ResourceSlice", meta, base + ".name", published.device->name);
  return refer("ResourceSlice", meta, base + ".attributes[" + key + "]",
               text_of(published.device->attributes.at(key)));
}

ClaimRef quote_given(const Given& given) {
  const std::string path = "status.allocation.devices.results[" + std::to_string(given.index) + "]";
  return refer("ResourceClaim", given.claim->meta, path, text_of(given.device()));
}

ClaimRef quote_claim(const DeviceClaim& claim) {
  std::string all;
  for (const AllocatedDevice& device : claim.devices)
    all += (all.empty() ? "" : ", ") + text_of(device);
  return refer("ResourceClaim", claim.meta, "status.allocation.devices.results", all);
}

ClaimRef quote_constraint(const DeviceClaim& claim, std::size_t index) {
  const DeviceConstraint& asked = claim.constraints[index];
  const std::string path = std::string(claim.is_template ? "spec.spec" : "spec") +
                           ".devices.constraints[" + std::to_string(index) + "]." +
                           (asked.distinct ? "distinctAttribute" : "matchAttribute");
  return refer(claim.is_template ? "ResourceClaimTemplate" : "ResourceClaim", claim.meta, path,
               asked.attribute);
}

ClaimRef quote_pod(const PodClaim& pod) {
  return refer("Pod", pod.meta, "spec.nodeName", pod.node);
}

ClaimRef quote_gang(const PlacementClaim& gang, bool least_members) {
  if (least_members) {
    return refer(gang.kind, gang.meta, gang.least_path, std::to_string(gang.least_members));
  }
  const bool as_written = !gang.value.empty();
  return refer(gang.kind, gang.meta, gang.path,
               as_written ? gang.value : gang.one_domain.value_or(""));
}

std::string source_of(const NodeFacts& node, const Place& place) {
  if (place.sandbox != nullptr) {
    return "network namespace of pod " + place.sandbox->pod_namespace + "/" +
           place.sandbox->pod_name + " on " + node.node + " (" + place.sandbox->source + ")";
  }
  if (place.pci != nullptr) return "PCI functions of " + node.node;
  return "network namespace of " + node.node;
}

std::string describe(const NetworkDevice& device) {
  std::string text = device.name + " mac " + device.mac + " mtu " + std::to_string(device.mtu);
  for (const std::string& address : device.addresses)
    text += " " + address;
  return text + " " + device.state;
}

std::vector<Finding> without_claims(const Facts& facts, const std::string& rule,
                                    const std::string& tier) {
  if (facts.claims || facts.claims_problem.empty()) return {};
  Finding finding;
  finding.rule = rule;
  finding.verdict = Verdict::unobservable;
  finding.subject = {"claim", "claims", "", ""};
  finding.message = "What the cluster claims could not be read: " + facts.claims_problem + ".";
  finding.next_step =
      "Make the claims readable (the bundle or API server that the stage file names) and run "
      "again.";
  finding.tier = tier;
  return {finding};
}

std::vector<Finding> without_nodes(const Facts& facts, const std::string& rule,
                                   const std::string& tier, const std::string& what) {
  Finding finding;
  finding.rule = rule;
  finding.verdict = Verdict::unobservable;
  finding.subject = {"claim", facts.claims->source, "", ""};
  finding.message = what + " could not be checked: claims alone were read, nothing of any node.";
  finding.next_step =
      "Run a stage over agents, or record the nodes too (plumbline collect --node NAME).";
  finding.tier = tier;
  return {finding};
}

std::string listed(const std::vector<std::string>& words) {
  std::string text;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0) text += i + 1 == words.size() ? " and " : ", ";
    text += words[i];
  }
  return text;
}

}  // namespace plumbline::netcheck
