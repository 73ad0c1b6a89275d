#include <map>
#include <unordered_map>

#include "core/quantity.hpp"
#include "netcheck/rules/lookup.hpp"
#include "netcheck/rules/quote.hpp"
#include "netcheck/rules/rules.hpp"

namespace plumbline::netcheck {
namespace {

Finding judge(const NodeFacts& node, const NodeClaim& object, const std::string& resource,
              const std::vector<std::string>& devices) {
  Finding finding;
  finding.rule = "X20";
  finding.tier = "A";
  finding.subject = {"node", node.node, node.node, ""};
  const auto offered = object.allocatable.find(resource);
  const std::string claimed = offered == object.allocatable.end() ? "" : offered->second;
  finding.claim = ClaimRef{"Node",
                           object.meta.name,
                           object.meta.uid,
                           object.meta.resource_version,
                           "status.allocatable[" + resource + "]",
                           claimed};
  const std::string count = std::to_string(devices.size());
  finding.evidence.push_back({node.holdings->source + " GetAllocatableResources",
                              resource + ": " + count + " devices: " + listed(devices), ""});
  // What the API server writes of 1000 is "1k".
  const bool same = whole_quantity(claimed) == static_cast<std::int64_t>(devices.size());
  finding.verdict = same ? Verdict::match : Verdict::violation;
  finding.message = "Node " + node.node + " offers " + (claimed.empty() ? "no" : claimed) + " " +
                    resource + ", and its kubelet has " + (same ? "as many" : count) + " to give.";
  finding.next_step =
      same ? "Nothing to do."
           : "Look at the device plugin of " + resource + " on " + node.node +
                 ": a device became unhealthy, or the kubelet cannot update its Node.";
  return finding;
}

}  // namespace

std::vector<Finding> x20_allocatable(const Facts& facts) {
  // That nothing could be read is told by X20's own rule, once.
  if (!facts.claims) return {};
  std::unordered_map<std::string, const NodeClaim*> objects;
  for (const NodeClaim& object : facts.claims->nodes)
    objects.emplace(object.meta.name, &object);
  std::vector<Finding> findings;
  for (const NodeFacts& node : facts.nodes) {
    const auto object = objects.find(node.node);
    if (object == objects.end() || !node.holdings || !node.holdings->allocatable) continue;
    std::map<std::string, std::vector<std::string>> by_resource;
    for (const AllocatableDevice& device : node.holdings->allocatable->devices)
      by_resource[device.resource].push_back(device.device);
    for (const auto& [resource, devices] : by_resource)
      findings.push_back(judge(node, *object->second, resource, devices));
  }
  return findings;
}

}  // namespace plumbline::netcheck
