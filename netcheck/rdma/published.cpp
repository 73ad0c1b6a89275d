#include "netcheck/rdma/published.hpp"

#include <algorithm>

namespace plumbline::netcheck {
namespace {

template <typename Test>
const RdmaDevice* find(const Topology& topology, const Test& test) {
  const auto& all = topology.rdma_devices;
  const auto found = std::find_if(all.begin(), all.end(), test);
  return found == all.end() ? nullptr : &*found;
}

bool is_true(const Published& published, const char* name) {
  const AttributeValue* value = find_attribute(published, name);
  const bool* flag = value == nullptr ? nullptr : std::get_if<bool>(value);
  return flag != nullptr && *flag;
}

}  // namespace

bool is_published_rdma(const Published& published) {
  return is_true(published, "rdma") || is_true(published, "rdmaCapable") ||
         !attribute_text(published, "rdmaDevice").empty();
}

const RdmaDevice* rdma_of(const Facts& facts, const NodeFacts& node, const Published& published) {
  if (!node.topology) return nullptr;
  const std::string name = attribute_text(published, "rdmaDevice");
  const auto place = locate(facts, node, published);
  std::string address = attribute_text(published, "pciAddress");
  std::string netdev;
  if (place && place->network != nullptr) {
    netdev = place->network->name;
    if (address.empty()) address = place->network->pci_address.value_or("");
  }
  if (place && place->pci != nullptr) address = place->pci->address;
  if (const auto* device = find(*node.topology, [&](const RdmaDevice& one) {
        return !name.empty() && one.name == name;
      })) {
    return device;
  }
  if (const auto* device = find(*node.topology, [&](const RdmaDevice& one) {
        return !address.empty() && one.pci_address == address;
      })) {
    return device;
  }
  const bool at_home = place && place->network != nullptr && place->sandbox == nullptr;
  return find(*node.topology, [&](const RdmaDevice& one) {
    return at_home &&
           std::find(one.netdevs.begin(), one.netdevs.end(), netdev) != one.netdevs.end();
  });
}

}  // namespace plumbline::netcheck
