#include "netcheck/rules/attributes.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

#include "netcheck/rules/quote.hpp"

namespace plumbline::netcheck {
namespace {

using Text = std::optional<std::string>;

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return text;
}

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> parts;
  std::string part;
  for (const char c : text + ",") {
    if (c != ',' && c != ' ') {
      part += c;
    } else if (!part.empty()) {
      parts.push_back(std::move(part));
      part.clear();
    }
  }
  return parts;
}

bool has_address(const NetworkDevice& device, const std::string& wanted) {
  const bool with_length = wanted.find('/') != std::string::npos;
  return std::any_of(
      device.addresses.begin(), device.addresses.end(), [&](const std::string& there) {
        return lower(with_length ? there : there.substr(0, there.find('/'))) == lower(wanted);
      });
}

/// Link-local addresses are not in a topology.
bool is_told(const std::string& address) { return !lower(address).starts_with("fe80:"); }

Compared compare_addresses(Compared compared, const NetworkDevice& device) {
  for (const std::string& address : device.addresses) {
    compared.there += (compared.there.empty() ? "" : ",") + address;
  }
  if (compared.there.empty()) compared.there = "no address";
  for (const std::string& wanted : split(compared.claimed)) {
    if (is_told(wanted) && !has_address(device, wanted)) compared.agreement = Agreement::different;
  }
  return compared;
}

/// Drivers write "lower-layer-down", sysfs "lowerlayerdown".
std::string plain_state(std::string state) {
  state.erase(std::remove(state.begin(), state.end(), '-'), state.end());
  return lower(std::move(state));
}

Compared compare_state(Compared compared, const NetworkDevice& device) {
  compared.there = device.state;
  const std::string claimed = plain_state(compared.claimed);
  const std::string there = plain_state(device.state);
  if (claimed != there) compared.agreement = Agreement::moved_on;
  if (claimed == "unknown" || there == "unknown" || there.empty()) {
    compared.agreement = Agreement::equal;
  }
  return compared;
}

/// Attributes that belong to the hardware, wherever the device is; nothing when the name is not
/// one.
struct Fact {
  bool known_name = false;
  Text value;
};

std::string yes_no(bool value) { return value ? "true" : "false"; }

Text number(const std::optional<int>& value) {
  return value ? Text(std::to_string(*value)) : std::nullopt;
}

Fact hardware_fact(const NetworkDevice& device, std::string_view name) {
  if (name == "mac") return {true, device.mac};
  if (name == "pciAddress" || name == "pciBusID") return {true, device.pci_address};
  if (name == "pcieRoot") return {true, device.pcie_root};
  if (name == "numaNode") return {true, number(device.numa)};
  if (name == "rdma") return {true, yes_no(device.rdma_device.has_value())};
  if (name == "rdmaDevice") return {true, device.rdma_device.value_or("none")};
  if (name == "virtual") return {true, yes_no(device.is_virtual)};
  return {};
}

/// Attributes that a pod's own configuration may change.
Fact setting(const NetworkDevice& device, std::string_view name) {
  if (name == "ifName" || name == "interfaceName") return {true, device.name};
  if (name == "mtu") return {true, std::to_string(device.mtu)};
  return {};
}

Fact function_fact(const PciDevice& function, std::string_view name) {
  if (name == "pciAddress" || name == "pciBusID") return {true, function.address};
  if (name == "pcieRoot") {
    return {true, function.root.empty() ? Text() : Text(function.root)};
  }
  if (name == "numaNode") return {true, number(function.numa)};
  return {};
}

Fact fact_of(const Place& place, std::string_view name) {
  if (place.network == nullptr) return function_fact(*place.pci, name);
  Fact fact = hardware_fact(*place.network, name);
  if (!fact.known_name && place.sandbox == nullptr) fact = setting(*place.network, name);
  return fact;
}

std::optional<Compared> compare(const std::string& key, const AttributeValue& value,
                                const Place& place) {
  const std::string name = key.substr(key.rfind('/') + 1);
  Compared compared{key, text_of(value), {}, Agreement::equal};
  const bool at_home = place.network != nullptr && place.sandbox == nullptr;
  if (at_home && (name == "ipv4" || name == "ipv6"))
    return compare_addresses(compared, *place.network);
  if (at_home && name == "state") return compare_state(compared, *place.network);
  const Fact fact = fact_of(place, name);
  if (!fact.known_name) return std::nullopt;
  compared.there = fact.value.value_or("the node does not tell");
  if (!fact.value) {
    compared.agreement = Agreement::unknown;
  } else if (lower(*fact.value) != lower(compared.claimed)) {
    compared.agreement = Agreement::different;
  }
  return compared;
}

}  // namespace

std::vector<Compared> compare_attributes(const Published& published, const Place& place) {
  std::vector<Compared> all;
  for (const auto& [key, value] : published.device->attributes) {
    if (auto compared = compare(key, value, place)) all.push_back(std::move(*compared));
  }
  return all;
}

}  // namespace plumbline::netcheck
