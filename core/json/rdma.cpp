#include "core/json/rdma.hpp"

namespace plumbline::json {
namespace {

Tree tree_of(const RdmaGid& gid) {
  return {{"index", gid.index},   {"gid", gid.gid},   {"type", gid.type},
          {"netdev", gid.netdev}, {"used", gid.used}, {"why", gid.why}};
}

RdmaGid read_gid(const Fields& fields) {
  return {fields.get<int>("index"),
          fields.get<std::string>("gid"),
          fields.get_or<std::string>("type", ""),
          fields.get_or<std::string>("netdev", ""),
          fields.get_or<bool>("used", false),
          fields.get_or<std::string>("why", "")};
}

constexpr auto gid_as_tree = [](const RdmaGid& gid) { return tree_of(gid); };

Tree tree_of(const RdmaPort& port) {
  Tree tree{{"number", port.number},
            {"state", port.state},
            {"physical_state", port.physical_state},
            {"link_layer", port.link_layer},
            {"rate_text", port.rate_text}};
  if (port.rate) tree["rate_bytes_per_second"] = port.rate->value;
  put(tree, "width", port.width);
  put_text(tree, "speed", port.speed);
  put_text(tree, "coding", port.coding);
  tree["active_mtu"] = port.active_mtu;
  put(tree, "lid", port.lid);
  put(tree, "sm_lid", port.sm_lid);
  put_text(tree, "subnet_manager", port.subnet_manager);
  put_text(tree, "subnet_prefix", port.subnet_prefix);
  tree["gids"] = list_of(port.gids, gid_as_tree);
  tree["zero_gids"] = port.zero_gids;
  put(tree, "used_gid", port.used_gid);
  put_text(tree, "gid_problem", port.gid_problem);
  tree["counters"] = port.counters;
  tree["hw_counters"] = port.hw_counters;
  tree["problems"] = port.problems;
  return tree;
}

RdmaPort read_port(const Fields& fields) {
  RdmaPort port;
  port.number = fields.get<int>("number");
  port.state = fields.get_or<std::string>("state", "");
  port.physical_state = fields.get_or<std::string>("physical_state", "");
  port.link_layer = fields.get_or<std::string>("link_layer", "");
  port.rate_text = fields.get_or<std::string>("rate_text", "");
  if (const auto rate = fields.maybe<double>("rate_bytes_per_second")) {
    port.rate = BytesPerSecond{*rate};
  }
  port.width = fields.maybe<int>("width");
  port.speed = fields.get_or<std::string>("speed", "");
  port.coding = fields.get_or<std::string>("coding", "");
  port.active_mtu = fields.get_or<std::uint32_t>("active_mtu", 0);
  port.lid = fields.maybe<std::uint32_t>("lid");
  port.sm_lid = fields.maybe<std::uint32_t>("sm_lid");
  port.subnet_manager = fields.get_or<std::string>("subnet_manager", "");
  port.subnet_prefix = fields.get_or<std::string>("subnet_prefix", "");
  port.gids = fields.objects("gids", read_gid);
  port.zero_gids = fields.get_or<std::size_t>("zero_gids", 0);
  port.used_gid = fields.maybe<int>("used_gid");
  port.gid_problem = fields.get_or<std::string>("gid_problem", "");
  port.counters = fields.table<std::uint64_t>("counters");
  port.hw_counters = fields.table<std::uint64_t>("hw_counters");
  port.problems = fields.list<std::string>("problems");
  return port;
}

}  // namespace

Tree tree_of(const RdmaDevice& device) {
  Tree tree{{"name", device.name},
            {"driver", device.driver},
            {"node_type", device.node_type},
            {"node_guid", device.node_guid},
            {"system_guid", device.system_guid}};
  put_text(tree, "firmware", device.firmware);
  put_text(tree, "board", device.board);
  put_text(tree, "uverbs", device.uverbs);
  tree["netdevs"] = device.netdevs;
  put(tree, "pci_address", device.pci_address);
  put(tree, "pcie_root", device.pcie_root);
  put(tree, "numa", device.numa);
  put(tree, "physical", device.physical);
  put_text(tree, "access_control", device.access_control);
  put_text(tree, "iommu_group", device.iommu_group);
  tree["ports"] = list_of(device.ports, [](const RdmaPort& port) { return tree_of(port); });
  put(tree, "unusable", device.unusable);
  put_text(tree, "capability", device.capability);
  tree["problems"] = device.problems;
  return tree;
}

RdmaDevice read_rdma_device(const Fields& fields) {
  RdmaDevice device;
  device.name = fields.get<std::string>("name");
  device.driver = fields.get_or<std::string>("driver", "");
  device.node_type = fields.get_or<std::string>("node_type", "");
  device.node_guid = fields.get_or<std::string>("node_guid", "");
  device.system_guid = fields.get_or<std::string>("system_guid", "");
  device.firmware = fields.get_or<std::string>("firmware", "");
  device.board = fields.get_or<std::string>("board", "");
  device.uverbs = fields.get_or<std::string>("uverbs", "");
  device.netdevs = fields.list<std::string>("netdevs");
  device.pci_address = fields.maybe<std::string>("pci_address");
  device.pcie_root = fields.maybe<std::string>("pcie_root");
  device.numa = fields.maybe<int>("numa");
  device.physical = fields.maybe<std::string>("physical");
  device.access_control = fields.get_or<std::string>("access_control", "");
  device.iommu_group = fields.get_or<std::string>("iommu_group", "");
  device.ports = fields.objects("ports", read_port);
  device.unusable = fields.maybe<std::string>("unusable");
  device.capability = fields.get_or<std::string>("capability", "");
  device.problems = fields.list<std::string>("problems");
  return device;
}

Tree tree_of(const RdmaHost& host) {
  Tree tree{{"netns_mode", host.netns_mode}, {"ipc_lock", host.ipc_lock}};
  put(tree, "memlock_bytes", host.memlock);
  put_text(tree, "peer_memory", host.peer_memory);
  put_text(tree, "dma_buf", host.dma_buf);
  put_text(tree, "iommu", host.iommu);
  tree["uverbs"] = host.uverbs;
  tree["problems"] = host.problems;
  return tree;
}

RdmaHost read_rdma_host(const Fields& fields) {
  RdmaHost host;
  host.netns_mode = fields.get_or<std::string>("netns_mode", "");
  host.memlock = fields.maybe<std::uint64_t>("memlock_bytes");
  host.ipc_lock = fields.get_or<bool>("ipc_lock", false);
  host.peer_memory = fields.get_or<std::string>("peer_memory", "");
  host.dma_buf = fields.get_or<std::string>("dma_buf", "");
  host.iommu = fields.get_or<std::string>("iommu", "");
  host.uverbs = fields.list<std::string>("uverbs");
  host.problems = fields.list<std::string>("problems");
  return host;
}

}  // namespace plumbline::json
