#include "agent/command/inventory_rdma.hpp"

#include "core/units.hpp"

namespace plumbline::agent {
namespace {

void add(std::string& text, const std::string& part) {
  if (!part.empty()) text += (text.empty() ? "" : "  ") + part;
}

std::string rate_words(const RdmaPort& port) {
  if (!port.rate) return "rate not told";
  std::string text = format_link_rate(*port.rate);
  if (port.width) text += " (" + std::to_string(*port.width) + "X " + port.speed;
  if (port.width && !port.coding.empty()) text += ", " + port.coding;
  return text + (port.width ? ")" : "");
}

std::string port_text(const RdmaPort& port) {
  std::string text = "port " + std::to_string(port.number);
  add(text, port.state.empty() ? "state not readable" : port.state);
  add(text, port.physical_state);
  add(text, port.link_layer);
  add(text, rate_words(port));
  if (port.active_mtu > 0) add(text, "MTU " + std::to_string(port.active_mtu));
  if (port.lid) add(text, "LID " + std::to_string(*port.lid));
  add(text, port.subnet_manager.empty() ? "" : "subnet manager " + port.subnet_manager);
  add(text, port.subnet_prefix.empty() ? "" : "subnet " + port.subnet_prefix);
  return text;
}

Branch port_line(const RdmaPort& port) {
  Branch line{port_text(port), {}};
  for (const RdmaGid& gid : port.gids) {
    std::string text = "GID " + std::to_string(gid.index);
    add(text, gid.gid);
    add(text, gid.type);
    add(text, gid.netdev);
    add(text, (gid.used ? "used: " : "not used: ") + gid.why);
    line.below.push_back({text, {}});
  }
  if (!port.gid_problem.empty()) line.below.push_back({"no GID: " + port.gid_problem, {}});
  for (const auto& problem : port.problems)
    line.below.push_back({"unknown: " + problem, {}});
  return line;
}

Branch device_line(const RdmaDevice& device) {
  std::string text = device.name;
  add(text, device.driver.empty() ? "driver not told" : device.driver);
  add(text, device.firmware.empty() ? "" : "firmware " + device.firmware);
  add(text, device.pci_address.value_or(""));
  add(text, device.physical ? "virtual function of " + *device.physical : "");
  add(text, device.numa ? "NUMA " + std::to_string(*device.numa) : "NUMA not told");
  for (const auto& netdev : device.netdevs)
    add(text, "over " + netdev);
  add(text, device.uverbs);
  add(text, device.access_control.empty() ? "" : "ACS " + device.access_control);
  add(text, device.iommu_group.empty() ? "" : "IOMMU group " + device.iommu_group);
  Branch line{text, {}};
  if (device.unusable) line.below.push_back({"cannot be used: " + *device.unusable, {}});
  for (const RdmaPort& port : device.ports)
    line.below.push_back(port_line(port));
  for (const auto& problem : device.problems)
    line.below.push_back({"unknown: " + problem, {}});
  return line;
}

Branch host_line(const RdmaHost& host) {
  std::string text = "RDMA";
  add(text, host.netns_mode.empty() ? "namespace mode not told" : "namespaces " + host.netns_mode);
  add(text, host.memlock ? "locked memory " + format_size(Bytes{*host.memlock})
                         : "locked memory unlimited");
  add(text, host.ipc_lock ? "CAP_IPC_LOCK" : "no CAP_IPC_LOCK");
  add(text, host.peer_memory.empty() ? "no peer memory module" : host.peer_memory);
  add(text, "dma-buf: " + host.dma_buf);
  add(text, "IOMMU " + host.iommu);
  Branch line{text, {}};
  for (const auto& problem : host.problems)
    line.below.push_back({"unknown: " + problem, {}});
  return line;
}

}  // namespace

std::vector<Branch> rdma_branches(const Topology& topology) {
  std::vector<Branch> lines;
  if (topology.rdma_devices.empty()) return lines;
  Branch all = topology.rdma_host ? host_line(*topology.rdma_host) : Branch{"RDMA", {}};
  for (const RdmaDevice& device : topology.rdma_devices)
    all.below.push_back(device_line(device));
  lines.push_back(std::move(all));
  return lines;
}

}  // namespace plumbline::agent
