#include <algorithm>

#include "netcheck/rules/pod_view.hpp"
#include "netcheck/rules/quote.hpp"
#include "netcheck/rules/rules.hpp"

namespace plumbline::netcheck {
namespace {

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return text;
}

bool has_network_data(const AllocatedDevice& device) {
  return device.interface_name || device.hardware_address || !device.addresses.empty();
}

/// The claim's quote of one field of a device's network data.
ClaimRef quote_field(const Given& given, const std::string& field, std::string value) {
  ClaimRef claim = quote_given(given);
  claim.path = "status.devices[" + std::to_string(given.index) + "].networkData." + field;
  claim.value = std::move(value);
  return claim;
}

ClaimRef quote_data(const Given& given) {
  const AllocatedDevice& device = given.device();
  if (device.interface_name) return quote_field(given, "interfaceName", *device.interface_name);
  if (device.hardware_address)
    return quote_field(given, "hardwareAddress", *device.hardware_address);
  return quote_field(given, "ips", listed(device.addresses));
}

Finding begin(const PodView& view, const Given& given) {
  Finding finding;
  finding.rule = "X15";
  finding.tier = view.host_network() ? "A" : "C";
  finding.subject = {"pod", view.name, view.node_name, ""};
  finding.claim = quote_data(given);
  return finding;
}

std::string title(const PodView& view, const Given& given) {
  return "Claim " + full_name(given.claim->meta) + " says that pod " + view.name + " on " +
         view.node_name + " has " + given.device().interface_name.value_or(given.device().device);
}

Finding unseen(const PodView& view, const Given& given, const std::string& reason) {
  Finding finding = begin(view, given);
  finding.verdict = Verdict::unobservable;
  finding.message = title(view, given) + ", which could not be looked at: " + reason + ".";
  finding.next_step = "Give the agent on " + view.node_name +
                      " the rights of tier C and the CNI result cache, then run again.";
  return finding;
}

/// The interfaces of the pod's network namespace; null with a reason when they cannot be seen.
const std::vector<NetworkDevice>* interfaces(const PodView& view, std::string& reason) {
  if (view.node == nullptr || !view.node->topology) {
    reason = view.node == nullptr || view.node->topology_problem.empty()
                 ? "nothing was recorded from this node"
                 : view.node->topology_problem;
    return nullptr;
  }
  if (view.host_network()) return &view.node->topology->network_devices;
  if (view.sandbox == nullptr) {
    reason = "no CNI result tells of the pod's network namespace";
    return nullptr;
  }
  if (!view.sandbox->devices) {
    reason = view.sandbox->problem;
    return nullptr;
  }
  return &*view.sandbox->devices;
}

const NetworkDevice* find_interface(const std::vector<NetworkDevice>& devices,
                                    const AllocatedDevice& given) {
  for (const NetworkDevice& device : devices) {
    if (given.interface_name && device.name == *given.interface_name) return &device;
  }
  for (const NetworkDevice& device : devices) {
    const bool same = given.hardware_address && lower(device.mac) == lower(*given.hardware_address);
    if (!given.interface_name && same) return &device;
  }
  return nullptr;
}

bool has_address(const NetworkDevice& device, const std::string& address) {
  const auto same = [&](const std::string& there) { return lower(there) == lower(address); };
  return std::any_of(device.addresses.begin(), device.addresses.end(), same);
}

struct Difference {
  ClaimRef claim;
  std::string text;
};

std::vector<Difference> differences(const Given& given, const NetworkDevice& there) {
  std::vector<Difference> found;
  const AllocatedDevice& device = given.device();
  if (device.hardware_address && lower(*device.hardware_address) != lower(there.mac)) {
    found.push_back({quote_field(given, "hardwareAddress", *device.hardware_address),
                     "hardwareAddress " + *device.hardware_address + ", but it has " + there.mac});
  }
  for (const std::string& address : device.addresses) {
    if (has_address(there, address)) continue;
    std::string all;
    for (const std::string& one : device.addresses)
      all += (all.empty() ? "" : ", ") + one;
    found.push_back({quote_field(given, "ips", all), "address " + address + ", which it has not"});
  }
  return found;
}

Finding differs(Finding finding, const PodView& view, const Given& given,
                const std::vector<Difference>& wrong) {
  std::vector<std::string> parts;
  for (const Difference& difference : wrong)
    parts.push_back(difference.text);
  finding.verdict = Verdict::violation;
  finding.claim = wrong.front().claim;
  finding.message = title(view, given) + " with " + listed(parts) + ".";
  finding.next_step = "Look at who changed the interface after driver " + given.device().driver +
                      " had set it up, then restart pod " + view.name + ".";
  return finding;
}

/// The device sits in a pod that nobody gave it to: that pod is the culprit, as in X04.
const PodSandbox* taken_by(const Facts& facts, const PodView& view, const Given& given,
                           std::optional<Place>& place) {
  const AllocatedDevice& device = given.device();
  const auto published = find_published(facts, device.driver, device.pool, device.device);
  if (published) place = locate(facts, *view.node, *published);
  return place && place->sandbox != view.sandbox ? place->sandbox : nullptr;
}

Finding absent(const Facts& facts, const PodView& view, const Given& given) {
  Finding finding = begin(view, given);
  finding.verdict = Verdict::violation;
  std::optional<Place> place;
  if (const PodSandbox* thief = taken_by(facts, view, given, place)) {
    finding.subject.name = thief->pod_namespace + "/" + thief->pod_name;
    finding.message = title(view, given) + ", but it is in pod " + finding.subject.name + ".";
    finding.evidence.push_back({source_of(*view.node, *place), describe(*place->network), ""});
    finding.next_step = "Take the device back from pod " + finding.subject.name + ".";
    return finding;
  }
  finding.message = title(view, given) + ", but no such interface is there.";
  finding.next_step = "Look at the log of driver " + given.device().driver + " on " +
                      view.node_name + ", then restart pod " + view.name + ".";
  return finding;
}

Finding check(const Facts& facts, const PodView& view, const Given& given) {
  std::string reason;
  const auto* devices = interfaces(view, reason);
  if (devices == nullptr) return unseen(view, given, reason);
  const NetworkDevice* there = find_interface(*devices, given.device());
  if (there == nullptr) return absent(facts, view, given);
  Finding finding = begin(view, given);
  finding.subject.rail = rail_of(facts.fabric, *there).value_or("");
  finding.evidence.push_back(
      {source_of(*view.node, {there, view.sandbox, nullptr}), describe(*there), ""});
  const auto wrong = differences(given, *there);
  if (!wrong.empty()) return differs(std::move(finding), view, given, wrong);
  finding.verdict = Verdict::match;
  finding.message = title(view, given) + ", and it has, with the address and MAC that are claimed.";
  finding.next_step = "Nothing to do.";
  return finding;
}

}  // namespace

std::vector<Finding> x15_attachment(const Facts& facts) {
  if (!facts.claims) return without_claims(facts, "X15", "C");
  if (facts.nodes.empty()) {
    const bool told = std::any_of(
        facts.claims->claims.begin(), facts.claims->claims.end(), [](const DeviceClaim& claim) {
          return std::any_of(claim.devices.begin(), claim.devices.end(), has_network_data);
        });
    if (!told) return {};
    return without_nodes(facts, "X15", "C", "What drivers wrote of pods' interfaces");
  }
  std::vector<Finding> findings;
  for (const PodView& view : pod_views(facts)) {
    for (const Given& given : view.given) {
      if (has_network_data(given.device())) findings.push_back(check(facts, view, given));
    }
  }
  return findings;
}

}  // namespace plumbline::netcheck
