#include "core/json/codec.hpp"
#include "core/json/tree.hpp"

namespace plumbline::json {
namespace {

Tree tree_of(const Holding& holding) {
  return {{"pod_namespace", holding.pod_namespace},
          {"pod_name", holding.pod_name},
          {"container", holding.container},
          {"resource", holding.resource},
          {"device", holding.device},
          {"driver", holding.driver},
          {"pool", holding.pool},
          {"claim", holding.claim},
          {"numa", holding.numa}};
}

Holding read_holding(const Fields& fields) {
  return {fields.get<std::string>("pod_namespace"),
          fields.get<std::string>("pod_name"),
          fields.get_or<std::string>("container", ""),
          fields.get_or<std::string>("resource", ""),
          fields.get<std::string>("device"),
          fields.get_or<std::string>("driver", ""),
          fields.get_or<std::string>("pool", ""),
          fields.get_or<std::string>("claim", ""),
          fields.list<int>("numa")};
}

Tree tree_of(const ContainerShare& share) {
  return {{"pod_namespace", share.pod_namespace},
          {"pod_name", share.pod_name},
          {"container", share.container},
          {"cpus", share.cpus},
          {"memory_numa", share.memory_numa}};
}

ContainerShare read_share(const Fields& fields) {
  return {fields.get<std::string>("pod_namespace"), fields.get<std::string>("pod_name"),
          fields.get<std::string>("container"), fields.list<int>("cpus"),
          fields.list<int>("memory_numa")};
}

Tree tree_of(const AllocatableDevice& device) {
  return {{"resource", device.resource}, {"device", device.device}, {"numa", device.numa}};
}

AllocatableDevice read_allocatable_device(const Fields& fields) {
  return {fields.get<std::string>("resource"), fields.get<std::string>("device"),
          fields.list<int>("numa")};
}

Allocatable read_allocatable(const Fields& fields) {
  return {fields.objects("devices", read_allocatable_device), fields.list<int>("cpus")};
}

Tree tree_of(const ManagerEntry& entry) {
  return {{"pod_uid", entry.pod_uid},
          {"container", entry.container},
          {"cpus", entry.cpus},
          {"memory_numa", entry.memory_numa}};
}

ManagerEntry read_entry(const Fields& fields) {
  return {fields.get<std::string>("pod_uid"), fields.get<std::string>("container"),
          fields.list<int>("cpus"), fields.list<int>("memory_numa")};
}

Tree tree_of(const PluginEntry& entry) {
  return {{"pod_uid", entry.pod_uid},
          {"container", entry.container},
          {"resource", entry.resource},
          {"devices", entry.devices}};
}

PluginEntry read_plugin(const Fields& fields) {
  return {fields.get<std::string>("pod_uid"), fields.get<std::string>("container"),
          fields.get<std::string>("resource"), fields.list<std::string>("devices")};
}

Tree tree_of(const PreparedDevice& device) {
  return {{"driver", device.driver}, {"pool", device.pool}, {"device", device.device}};
}

PreparedDevice read_prepared_device(const Fields& fields) {
  return {fields.get<std::string>("driver"), fields.get<std::string>("pool"),
          fields.get<std::string>("device")};
}

Tree tree_of(const PreparedClaim& claim) {
  const auto pod = [](const std::string& uid) { return Tree{{"pod_uid", uid}}; };
  const auto device = [](const PreparedDevice& one) { return tree_of(one); };
  return {{"uid", claim.uid},
          {"namespace", claim.name_space},
          {"claim", claim.name},
          {"pods", list_of(claim.pod_uids, pod)},
          {"devices", list_of(claim.devices, device)}};
}

PreparedClaim read_prepared(const Fields& fields) {
  const auto pod = [](const Fields& one) { return one.get<std::string>("pod_uid"); };
  return {fields.get<std::string>("uid"), fields.get<std::string>("namespace"),
          fields.get<std::string>("claim"), fields.objects("pods", pod),
          fields.objects("devices", read_prepared_device)};
}

Tree tree_of(const ContainerCpuset& cpuset) {
  return {{"pod_uid", cpuset.pod_uid},
          {"container_id", cpuset.container_id},
          {"cpus", cpuset.cpus},
          {"memory_nodes", cpuset.memory_nodes}};
}

constexpr auto as_tree = [](const auto& item) { return tree_of(item); };

Tree tree_of(const KubeletState& state) {
  Tree tree{{"shared_cpus", state.shared_cpus},
            {"entries", list_of(state.entries, as_tree)},
            {"problems", state.problems}};
  put_text(tree, "topology_policy", state.topology_policy);
  put_text(tree, "topology_scope", state.topology_scope);
  put_text(tree, "cpu_policy", state.cpu_policy);
  put_text(tree, "memory_policy", state.memory_policy);
  if (state.plugins) tree["plugins"] = list_of(*state.plugins, as_tree);
  if (state.claims) tree["claims"] = list_of(*state.claims, as_tree);
  return tree;
}

KubeletState read_state(const Fields& fields) {
  KubeletState state;
  state.topology_policy = fields.get_or<std::string>("topology_policy", "");
  state.topology_scope = fields.get_or<std::string>("topology_scope", "");
  state.cpu_policy = fields.get_or<std::string>("cpu_policy", "");
  state.shared_cpus = fields.list<int>("shared_cpus");
  state.memory_policy = fields.get_or<std::string>("memory_policy", "");
  state.entries = fields.objects("entries", read_entry);
  if (fields.has("plugins")) state.plugins = fields.objects("plugins", read_plugin);
  if (fields.has("claims")) state.claims = fields.objects("claims", read_prepared);
  state.problems = fields.list<std::string>("problems");
  return state;
}

ContainerCpuset read_cpuset(const Fields& fields) {
  return {fields.get<std::string>("pod_uid"), fields.get<std::string>("container_id"),
          fields.list<int>("cpus"), fields.list<int>("memory_nodes")};
}

}  // namespace

Tree tree_of(const NodeHoldings& holdings) {
  Tree tree{{"schema", "plumbline.holdings/v1"},
            {"node", holdings.node},
            {"source", holdings.source},
            {"holdings", list_of(holdings.holdings, as_tree)},
            {"containers", list_of(holdings.containers, as_tree)}};
  if (holdings.allocatable) {
    tree["allocatable"] = Tree{{"devices", list_of(holdings.allocatable->devices, as_tree)},
                               {"cpus", holdings.allocatable->cpus}};
  }
  if (holdings.state) tree["state"] = tree_of(*holdings.state);
  if (holdings.cpusets) tree["cpusets"] = list_of(*holdings.cpusets, as_tree);
  if (!holdings.unread.empty()) tree["unread"] = holdings.unread;
  put_text(tree, "read_at", holdings.read_at);
  return tree;
}

NodeHoldings read_holdings(const Fields& fields) {
  NodeHoldings holdings;
  holdings.node = fields.get<std::string>("node");
  holdings.source = fields.get_or<std::string>("source", "");
  holdings.holdings = fields.objects("holdings", read_holding);
  holdings.containers = fields.objects("containers", read_share);
  if (fields.has("allocatable")) {
    holdings.allocatable = read_allocatable(fields.object("allocatable"));
  }
  if (fields.has("state")) holdings.state = read_state(fields.object("state"));
  if (fields.has("cpusets")) holdings.cpusets = fields.objects("cpusets", read_cpuset);
  holdings.unread = fields.list<std::string>("unread");
  holdings.read_at = fields.get_or<std::string>("read_at", "");
  return holdings;
}

std::string encode(const NodeHoldings& holdings) { return one_line(tree_of(holdings)); }

Result<NodeHoldings> decode_holdings(std::string_view text) { return decode(text, read_holdings); }

}  // namespace plumbline::json
