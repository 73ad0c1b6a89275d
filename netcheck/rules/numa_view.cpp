#include "netcheck/rules/numa_view.hpp"

#include <algorithm>
#include <optional>

namespace plumbline::netcheck {
namespace {

std::optional<int> node_of_cpu(const Topology& topology, int cpu) {
  for (const NumaNode& node : topology.numa_nodes) {
    if (std::find(node.cpus.begin(), node.cpus.end(), cpu) != node.cpus.end()) return node.index;
  }
  return std::nullopt;
}

/// The node's own word for a device whose id is a PCI address.
std::optional<int> node_of_function(const Topology& topology, const std::string& id) {
  for (const PciDevice& device : topology.pci_devices) {
    if (device.address == id) return device.numa;
  }
  return std::nullopt;
}

void add_cpus(const Topology& topology, const ContainerShare& share, ContainerNuma& view) {
  std::map<int, std::string> cpus;
  for (const int cpu : share.cpus) {
    const auto node = node_of_cpu(topology, cpu);
    if (!node) continue;
    cpus[*node] += (cpus[*node].empty() ? "cpus " : ",") + std::to_string(cpu);
    view.cpu_nodes.insert(*node);
  }
  for (auto& [node, text] : cpus)
    view.on[node].push_back(std::move(text));
  for (const int node : share.memory_numa)
    view.on[node].push_back("memory");
  if (!share.cpus.empty()) view.amounts["cpu"] = static_cast<std::int64_t>(share.cpus.size());
}

void add_device(const Topology& topology, const Holding& holding, ContainerNuma& view) {
  const std::string text = holding.resource + " " + holding.device;
  ++view.amounts[holding.resource];
  if (const auto node = node_of_function(topology, holding.device)) {
    view.on[*node].push_back(text);
  } else if (holding.numa.size() == 1) {
    view.on[holding.numa.front()].push_back(text);
  } else {
    view.silent.push_back(text);
  }
}

}  // namespace

std::vector<ContainerNuma> containers_by_numa(const NodeFacts& node) {
  std::map<std::pair<std::string, std::string>, ContainerNuma> views;
  const auto view_of = [&](const auto& item) -> ContainerNuma& {
    const std::string pod = item.pod_namespace + "/" + item.pod_name;
    ContainerNuma& view = views[{pod, item.container}];
    view.pod = pod;
    view.container = item.container;
    return view;
  };
  for (const ContainerShare& share : node.holdings->containers)
    add_cpus(*node.topology, share, view_of(share));
  for (const Holding& holding : node.holdings->holdings) {
    if (!holding.resource.empty()) add_device(*node.topology, holding, view_of(holding));
  }
  std::vector<ContainerNuma> all;
  for (auto& [name, view] : views)
    all.push_back(std::move(view));
  return all;
}

}  // namespace plumbline::netcheck
