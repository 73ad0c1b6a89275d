#include "core/json/codec.hpp"
#include "core/json/inside.hpp"
#include "core/json/rdma.hpp"
#include "core/json/tree.hpp"

namespace plumbline::json {
namespace {

Tree tree_of(const NumaNode& node) {
  return {{"index", node.index}, {"cpus", node.cpus}, {"memory_bytes", node.memory.count}};
}

NumaNode read_numa(const Fields& fields) {
  return {fields.get<int>("index"), fields.list<int>("cpus"),
          Bytes{fields.get_or<std::uint64_t>("memory_bytes", 0)}};
}

Tree tree_of(const PciDevice& device) {
  Tree tree{{"address", device.address},
            {"kind", device.kind},
            {"vendor", device.vendor},
            {"device", device.device},
            {"root", device.root}};
  put_text(tree, "name", device.name);
  put_text(tree, "parent", device.parent);
  put(tree, "numa", device.numa);
  put(tree, "driver", device.driver);
  put_link(tree, device.link);
  return tree;
}

PciDevice read_pci_device(const Fields& fields) {
  PciDevice device;
  device.address = fields.get<std::string>("address");
  device.kind = fields.get<std::string>("kind");
  device.vendor = fields.get_or<std::string>("vendor", "");
  device.device = fields.get_or<std::string>("device", "");
  device.root = fields.get_or<std::string>("root", "");
  device.name = fields.get_or<std::string>("name", "");
  device.parent = fields.get_or<std::string>("parent", "");
  device.numa = fields.maybe<int>("numa");
  device.driver = fields.maybe<std::string>("driver");
  device.link = read_pcie(fields);
  return device;
}

Tree tree_of(const Neighbour& neighbour) {
  Tree tree{{"chassis_id", neighbour.chassis_id},
            {"port_id", neighbour.port_id},
            {"source", neighbour.source}};
  put_text(tree, "system_name", neighbour.system_name);
  put_text(tree, "port_description", neighbour.port_description);
  return tree;
}

Neighbour read_neighbour(const Fields& fields) {
  return {fields.get<std::string>("chassis_id"), fields.get<std::string>("port_id"),
          fields.get_or<std::string>("system_name", ""),
          fields.get_or<std::string>("port_description", ""),
          fields.get_or<std::string>("source", "")};
}

Tree tree_of(const CloudPlace& place) { return {{"source", place.source}, {"facts", place.facts}}; }

CloudPlace read_cloud(const Fields& fields) {
  return {fields.get_or<std::string>("source", ""), fields.table<std::string>("facts")};
}

Tree tree_of(const NetworkDevice& device) {
  Tree tree{{"name", device.name},   {"mac", device.mac},       {"mtu", device.mtu},
            {"state", device.state}, {"driver", device.driver}, {"virtual", device.is_virtual}};
  if (device.link_rate) tree["link_bytes_per_second"] = device.link_rate->value;
  put(tree, "pci_address", device.pci_address);
  put(tree, "pcie_root", device.pcie_root);
  put(tree, "numa", device.numa);
  put(tree, "rdma_device", device.rdma_device);
  tree["addresses"] = device.addresses;
  tree["carrier_downs"] = device.carrier_downs;
  if (!device.neighbours.empty())
    tree["neighbours"] =
        list_of(device.neighbours, [](const auto& neighbour) { return tree_of(neighbour); });
  put_text(tree, "neighbours_unknown", device.neighbours_unknown);
  return tree;
}

NetworkDevice read_network(const Fields& fields) {
  NetworkDevice device;
  device.name = fields.get<std::string>("name");
  device.mac = fields.get_or<std::string>("mac", "");
  device.mtu = fields.get_or<std::uint32_t>("mtu", 0);
  device.state = fields.get_or<std::string>("state", "unknown");
  device.driver = fields.get_or<std::string>("driver", "");
  device.is_virtual = fields.get_or<bool>("virtual", false);
  const auto rate = fields.maybe<double>("link_bytes_per_second");
  if (rate) device.link_rate = BytesPerSecond{*rate};
  device.pci_address = fields.maybe<std::string>("pci_address");
  device.pcie_root = fields.maybe<std::string>("pcie_root");
  device.numa = fields.maybe<int>("numa");
  device.rdma_device = fields.maybe<std::string>("rdma_device");
  device.addresses = fields.list<std::string>("addresses");
  device.carrier_downs = fields.get_or<std::uint64_t>("carrier_downs", 0);
  device.neighbours = fields.objects("neighbours", read_neighbour);
  device.neighbours_unknown = fields.get_or<std::string>("neighbours_unknown", "");
  return device;
}

Tree tree_of(const PodSandbox& sandbox) {
  Tree tree{{"pod_namespace", sandbox.pod_namespace},
            {"pod_name", sandbox.pod_name},
            {"pod_uid", sandbox.pod_uid},
            {"source", sandbox.source}};
  if (sandbox.devices)
    tree["devices"] = list_of(*sandbox.devices, [](const auto& device) { return tree_of(device); });
  put_text(tree, "problem", sandbox.problem);
  put(tree, "rdma_devices", sandbox.rdma_devices);
  put_text(tree, "rdma_problem", sandbox.rdma_problem);
  return tree;
}

PodSandbox read_sandbox(const Fields& fields) {
  PodSandbox sandbox;
  sandbox.pod_namespace = fields.get<std::string>("pod_namespace");
  sandbox.pod_name = fields.get<std::string>("pod_name");
  sandbox.pod_uid = fields.get_or<std::string>("pod_uid", "");
  sandbox.source = fields.get_or<std::string>("source", "");
  sandbox.problem = fields.get_or<std::string>("problem", "");
  if (fields.has("devices")) sandbox.devices = fields.objects("devices", read_network);
  if (fields.has("rdma_devices")) sandbox.rdma_devices = fields.list<std::string>("rdma_devices");
  sandbox.rdma_problem = fields.get_or<std::string>("rdma_problem", "");
  return sandbox;
}

constexpr auto as_tree = [](const auto& item) { return tree_of(item); };

}  // namespace

Tree tree_of(const Topology& topology) {
  Tree tree{{"schema", "plumbline.topology/v1"},
            {"node", topology.node},
            {"boot_id", topology.boot_id},
            {"kernel", topology.kernel},
            {"cpu_model", topology.cpu_model},
            {"numa_nodes", list_of(topology.numa_nodes, as_tree)},
            {"pci_devices", list_of(topology.pci_devices, as_tree)},
            {"network_devices", list_of(topology.network_devices, as_tree)},
            {"sandboxes", list_of(topology.sandboxes, as_tree)},
            {"problems", topology.problems}};
  if (topology.gpus) tree["gpus"] = tree_of(*topology.gpus);
  put_text(tree, "gpus_problem", topology.gpus_problem);
  put_text(tree, "read_at", topology.read_at);
  tree["rdma_devices"] =
      list_of(topology.rdma_devices, [](const auto& device) { return tree_of(device); });
  if (topology.rdma_host) tree["rdma_host"] = tree_of(*topology.rdma_host);
  if (topology.cloud) tree["cloud"] = tree_of(*topology.cloud);
  if (topology.inside) tree["inside"] = tree_of(*topology.inside);
  return tree;
}

Topology read_topology(const Fields& fields) {
  Topology topology;
  topology.node = fields.get_or<std::string>("node", "");
  topology.boot_id = fields.get_or<std::string>("boot_id", "");
  topology.kernel = fields.get_or<std::string>("kernel", "");
  topology.cpu_model = fields.get_or<std::string>("cpu_model", "");
  topology.numa_nodes = fields.objects("numa_nodes", read_numa);
  topology.pci_devices = fields.objects("pci_devices", read_pci_device);
  topology.network_devices = fields.objects("network_devices", read_network);
  topology.sandboxes = fields.objects("sandboxes", read_sandbox);
  if (fields.has("gpus")) topology.gpus = read_gpu_node(fields.object("gpus"));
  topology.gpus_problem = fields.get_or<std::string>("gpus_problem", "");
  topology.read_at = fields.get_or<std::string>("read_at", "");
  topology.problems = fields.list<std::string>("problems");
  topology.rdma_devices = fields.objects("rdma_devices", read_rdma_device);
  if (fields.has("rdma_host")) topology.rdma_host = read_rdma_host(fields.object("rdma_host"));
  if (fields.has("cloud")) topology.cloud = read_cloud(fields.object("cloud"));
  if (fields.has("inside")) topology.inside = read_inside(fields.object("inside"));
  return topology;
}

std::string encode(const Topology& topology) { return one_line(tree_of(topology)); }

Result<Topology> decode_topology(std::string_view text) { return decode(text, read_topology); }

}  // namespace plumbline::json
