#include "agent/command/inventory_tree.hpp"

#include <algorithm>
#include <map>
#include <sstream>
#include <vector>

#include "agent/command/inventory_gpus.hpp"
#include "agent/command/inventory_rdma.hpp"
#include "core/units.hpp"

namespace plumbline::agent {
namespace {

std::string printable(std::string text) {
  std::replace_if(
      text.begin(), text.end(),
      [](char letter) { return static_cast<unsigned char>(letter) < 0x20 || letter == 0x7f; }, '?');
  return text;
}

void draw(std::ostringstream& out, const std::vector<Branch>& branches, const std::string& indent) {
  for (std::size_t index = 0; index < branches.size(); ++index) {
    const bool last = index + 1 == branches.size();
    out << indent << (last ? "└─ " : "├─ ") << printable(branches[index].text) << "\n";
    draw(out, branches[index].below, indent + (last ? "   " : "│  "));
  }
}

/// "0-3,8": how the kernel writes CPU lists.
std::string ranges(const std::vector<int>& cpus) {
  std::string text;
  for (std::size_t first = 0; first < cpus.size();) {
    std::size_t last = first;
    while (last + 1 < cpus.size() && cpus[last + 1] == cpus[last] + 1)
      ++last;
    if (!text.empty()) text += ",";
    text += std::to_string(cpus[first]);
    if (last > first) text += "-" + std::to_string(cpus[last]);
    first = last + 1;
  }
  return text.empty() ? "none" : text;
}

void add(std::string& text, const std::string& part) {
  if (!part.empty()) text += (text.empty() ? "" : "  ") + part;
}

Branch interface_branch(const NetworkDevice& device) {
  std::string text;
  add(text, device.name);
  add(text, device.state);
  add(text, device.link_rate ? format_link_rate(*device.link_rate) : "rate not told");
  add(text, "MTU " + std::to_string(device.mtu));
  add(text, device.mac);
  add(text, device.driver);
  if (device.numa) add(text, "NUMA " + std::to_string(*device.numa));
  if (device.rdma_device) add(text, "RDMA " + *device.rdma_device);
  for (const auto& address : device.addresses)
    add(text, address);
  if (device.carrier_downs > 1) {
    add(text, "carrier lost " + std::to_string(device.carrier_downs) + " times");
  }
  Branch branch{text, {}};
  for (const Neighbour& neighbour : device.neighbours) {
    std::string who = neighbour.system_name.empty() ? neighbour.chassis_id : neighbour.system_name;
    if (!neighbour.system_name.empty()) who += " (" + neighbour.chassis_id + ")";
    add(who, "port " + neighbour.port_id);
    add(who, neighbour.port_description);
    branch.below.push_back({"neighbour " + who + "  from " + neighbour.source, {}});
  }
  if (!device.neighbours_unknown.empty())
    branch.below.push_back({"unknown: neighbour: " + device.neighbours_unknown, {}});
  return branch;
}

std::string pci_text(const PciDevice& device) {
  std::string text = device.address;
  add(text, device.kind);
  add(text, device.name.empty() ? device.vendor + ":" + device.device : device.name);
  add(text, device.driver.value_or(""));
  add(text, link_text(device.link));
  add(text, device.numa ? "NUMA " + std::to_string(*device.numa) : "NUMA not told");
  return text;
}

/// Devices below `parent` on `root`; a device's own network devices hang under it.
std::vector<Branch> pci_branches(const Topology& topology, const std::string& root,
                                 const std::string& parent, int depth) {
  std::vector<Branch> branches;
  if (depth > 32) return branches;  // a PCI tree is never that deep: a loop in the data
  for (const auto& device : topology.pci_devices) {
    if (device.root != root || device.parent != parent) continue;
    Branch branch{pci_text(device), pci_branches(topology, root, device.address, depth + 1)};
    for (const auto& network : topology.network_devices) {
      if (network.pci_address == device.address) branch.below.push_back(interface_branch(network));
    }
    if (topology.gpus) {
      for (const auto& gpu : topology.gpus->gpus) {
        if (gpu.pci_address == device.address) branch.below.push_back(gpu_branch(gpu));
      }
    }
    branches.push_back(std::move(branch));
  }
  return branches;
}

bool has_pci_parent(const Topology& topology, const NetworkDevice& network) {
  return network.pci_address &&
         std::any_of(topology.pci_devices.begin(), topology.pci_devices.end(),
                     [&](const auto& device) { return device.address == *network.pci_address; });
}

void add_numa(std::vector<Branch>& branches, const Topology& topology) {
  for (const auto& node : topology.numa_nodes) {
    std::string text = "NUMA " + std::to_string(node.index);
    add(text, "CPUs " + ranges(node.cpus));
    add(text, format_size(node.memory));
    branches.push_back({text, {}});
  }
}

void add_pci(std::vector<Branch>& branches, const Topology& topology) {
  std::map<std::string, bool> seen;
  for (const auto& device : topology.pci_devices) {
    if (!seen.emplace(device.root, true).second) continue;
    branches.push_back({device.root, pci_branches(topology, device.root, "", 0)});
  }
}

void add_networks(std::vector<Branch>& branches, const Topology& topology) {
  Branch others{"network devices without a PCI device", {}};
  for (const auto& network : topology.network_devices) {
    if (!has_pci_parent(topology, network)) others.below.push_back(interface_branch(network));
  }
  if (!others.below.empty()) branches.push_back(std::move(others));
}

void add_rdma(std::vector<Branch>& branches, const Topology& topology) {
  for (auto& branch : rdma_branches(topology))
    branches.push_back(std::move(branch));
}

void add_sandboxes(std::vector<Branch>& branches, const Topology& topology) {
  for (const auto& sandbox : topology.sandboxes) {
    Branch branch{"pod " + sandbox.pod_namespace + "/" + sandbox.pod_name, {}};
    if (!sandbox.devices) branch.below.push_back({"not looked into: " + sandbox.problem, {}});
    for (const auto& device : sandbox.devices.value_or(std::vector<NetworkDevice>{})) {
      branch.below.push_back(interface_branch(device));
    }
    branches.push_back(std::move(branch));
  }
}

/// GPUs that hang nowhere in the tree, the paths of all, and what is not known of them.
void add_gpus(std::vector<Branch>& branches, const Topology& topology) {
  if (!topology.gpus_problem.empty()) {
    branches.push_back({"unknown: GPUs: " + topology.gpus_problem, {}});
  }
  if (!topology.gpus) return;
  const auto shown = [&](const Gpu& gpu) {
    return std::any_of(topology.pci_devices.begin(), topology.pci_devices.end(),
                       [&](const auto& device) { return device.address == gpu.pci_address; });
  };
  Branch others{"GPUs without a PCI device", {}};
  for (const auto& gpu : topology.gpus->gpus) {
    if (!shown(gpu)) others.below.push_back(gpu_branch(gpu));
  }
  if (!others.below.empty()) branches.push_back(std::move(others));
  for (auto& branch : gpu_path_branches(topology))
    branches.push_back(std::move(branch));
  for (const auto& problem : topology.gpus->problems)
    branches.push_back({"unknown: " + problem, {}});
}

void add_cloud(std::vector<Branch>& branches, const Topology& topology) {
  if (!topology.cloud) return;
  std::string text = "cloud";
  for (const auto& [name, value] : topology.cloud->facts)
    add(text, name + " " + value);
  branches.push_back({text + "  from " + topology.cloud->source, {}});
}

/// What a reader must know before all else: these GPUs are described, not there.
std::string fakes_line(const Topology& topology) {
  if (!topology.gpus || !topology.gpus->fake) return {};
  return "NOT A REAL MACHINE: GPUs and PCI tree are described by " + topology.gpus->source +
         "; never evidence\n";
}

std::string drivers_text(const Topology& topology) {
  if (!topology.gpus) return {};
  return topology.gpus->source + ", driver " + topology.gpus->driver_version + ", CUDA " +
         topology.gpus->cuda_version;
}

}  // namespace

std::string inventory_tree(const Topology& topology, const std::string& title) {
  std::vector<Branch> branches;
  add_numa(branches, topology);
  add_pci(branches, topology);
  add_networks(branches, topology);
  add_rdma(branches, topology);
  add_cloud(branches, topology);
  add_sandboxes(branches, topology);
  add_gpus(branches, topology);
  for (const auto& problem : topology.problems)
    branches.push_back({"unknown: " + problem, {}});
  std::string head;
  for (const auto& part : {title, topology.cpu_model, topology.kernel, drivers_text(topology)})
    add(head, part);
  std::ostringstream out;
  out << fakes_line(topology) << printable(head) << "\n";
  draw(out, branches, "");
  return out.str();
}

}  // namespace plumbline::agent
