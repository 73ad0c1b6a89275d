#include "core/json/tree.hpp"

namespace plumbline::json {
namespace {

void put_rate(Tree& tree, const char* name, const std::optional<BytesPerSecond>& rate) {
  if (rate) tree[name] = rate->value;
}

void put_bytes(Tree& tree, const char* name, const std::optional<Bytes>& bytes) {
  if (bytes) tree[name] = bytes->count;
}

std::optional<Bytes> maybe_bytes(const Fields& fields, const char* name) {
  const auto count = fields.maybe<std::uint64_t>(name);
  return count ? std::optional<Bytes>(Bytes{*count}) : std::nullopt;
}

Tree tree_of(const NvLink& link) {
  Tree tree{{"index", link.index}, {"active", link.active}, {"remote_kind", link.remote_kind}};
  put(tree, "generation", link.generation);
  put_text(tree, "remote_pci", link.remote_pci);
  put_rate(tree, "bytes_per_second", link.speed);
  put_bytes(tree, "sent_bytes", link.sent);
  put_bytes(tree, "received_bytes", link.received);
  put(tree, "crc_errors", link.crc_errors);
  put(tree, "replays", link.replays);
  put(tree, "recoveries", link.recoveries);
  return tree;
}

NvLink read_link(const Fields& fields) {
  NvLink link;
  link.index = fields.get<int>("index");
  link.active = fields.get<bool>("active");
  link.remote_kind = fields.get_or<std::string>("remote_kind", "unknown");
  link.generation = fields.maybe<double>("generation");
  link.remote_pci = fields.get_or<std::string>("remote_pci", "");
  const auto speed = fields.maybe<double>("bytes_per_second");
  if (speed) link.speed = BytesPerSecond{*speed};
  link.sent = maybe_bytes(fields, "sent_bytes");
  link.received = maybe_bytes(fields, "received_bytes");
  link.crc_errors = fields.maybe<std::uint64_t>("crc_errors");
  link.replays = fields.maybe<std::uint64_t>("replays");
  link.recoveries = fields.maybe<std::uint64_t>("recoveries");
  return link;
}

Tree tree_of(const GpuFabric& fabric) {
  Tree tree{{"state", fabric.state},
            {"clique", fabric.clique},
            {"health_mask", fabric.health_mask},
            {"unhealthy", fabric.unhealthy}};
  put_text(tree, "problem", fabric.problem);
  put_text(tree, "cluster_uuid", fabric.cluster_uuid);
  return tree;
}

GpuFabric read_fabric(const Fields& fields) {
  GpuFabric fabric;
  fabric.state = fields.get<std::string>("state");
  fabric.problem = fields.get_or<std::string>("problem", "");
  fabric.cluster_uuid = fields.get_or<std::string>("cluster_uuid", "");
  fabric.clique = fields.get_or<std::uint32_t>("clique", 0);
  fabric.health_mask = fields.get_or<std::uint32_t>("health_mask", 0);
  fabric.unhealthy = fields.list<std::string>("unhealthy");
  return fabric;
}

Tree tree_of(const GpuPlatform& platform) {
  return {{"chassis_serial", platform.chassis_serial},
          {"slot", platform.slot},
          {"tray", platform.tray},
          {"host", platform.host},
          {"module", platform.module}};
}

GpuPlatform read_platform(const Fields& fields) {
  return {fields.get_or<std::string>("chassis_serial", ""), fields.get_or<int>("slot", 0),
          fields.get_or<int>("tray", 0), fields.get_or<int>("host", 0),
          fields.get_or<int>("module", 0)};
}

Tree tree_of(const MigInstance& instance) {
  return {{"uuid", instance.uuid},
          {"profile", instance.profile},
          {"memory_bytes", instance.memory.count}};
}

MigInstance read_instance(const Fields& fields) {
  return {fields.get<std::string>("uuid"), fields.get_or<std::string>("profile", ""),
          Bytes{fields.get_or<std::uint64_t>("memory_bytes", 0)}};
}

Tree tree_of(const GpuProcess& process) {
  Tree tree{{"pid", process.pid}, {"kind", process.kind}};
  put_bytes(tree, "memory_bytes", process.memory);
  if (!process.pod_uid.empty()) tree["pod_uid"] = process.pod_uid;
  return tree;
}

GpuProcess read_process(const Fields& fields) {
  return {fields.get<std::uint32_t>("pid"), fields.get_or<std::string>("kind", "compute"),
          maybe_bytes(fields, "memory_bytes"), fields.get_or<std::string>("pod_uid", "")};
}

Tree tree_of(const GpuMemoryHealth& health) {
  Tree tree = Tree::object();
  put(tree, "ecc", health.ecc);
  put(tree, "uncorrected", health.uncorrected);
  put(tree, "retired_pages", health.retired_pages);
  put(tree, "remapped_rows", health.remapped_rows);
  put(tree, "pending", health.pending);
  put(tree, "remap_failed", health.remap_failed);
  return tree;
}

GpuMemoryHealth read_health(const Fields& fields) {
  return {fields.maybe<bool>("ecc"),
          fields.maybe<std::uint64_t>("uncorrected"),
          fields.maybe<std::uint64_t>("retired_pages"),
          fields.maybe<std::uint64_t>("remapped_rows"),
          fields.maybe<bool>("pending"),
          fields.maybe<bool>("remap_failed")};
}

Tree tree_of(const GpuState& state) {
  Tree tree{{"throttled", state.throttled}};
  put(tree, "sm_clock_mhz", state.sm_clock_mhz);
  put(tree, "memory_clock_mhz", state.memory_clock_mhz);
  put(tree, "temperature_celsius", state.temperature);
  put(tree, "power_limit_watts", state.power_limit_watts);
  return tree;
}

GpuState read_state(const Fields& fields) {
  return {fields.maybe<std::uint32_t>("sm_clock_mhz"),
          fields.maybe<std::uint32_t>("memory_clock_mhz"), fields.list<std::string>("throttled"),
          fields.maybe<int>("temperature_celsius"), fields.maybe<double>("power_limit_watts")};
}

Tree tree_of(const Gpu& gpu);
Tree tree_of(const GpuPeer& peer);

constexpr auto as_tree = [](const auto& item) { return tree_of(item); };

void put_hardware(Tree& tree, const Gpu& gpu) {
  put(tree, "minor", gpu.minor);
  put(tree, "numa", gpu.numa);
  put(tree, "compute_capability", gpu.compute_capability);
  put_bytes(tree, "free_memory_bytes", gpu.free_memory);
  put(tree, "persistence", gpu.persistence);
  put(tree, "mig", gpu.mig);
  if (!gpu.instances.empty()) tree["instances"] = list_of(gpu.instances, as_tree);
  tree["pcie"] = Tree::object();
  put_link(tree["pcie"], gpu.pcie);
  put(tree, "slot_gts", gpu.slot_gigatransfers);
  put(tree, "pcie_replays", gpu.pcie_replays);
}

Tree tree_of(const Gpu& gpu) {
  Tree tree{{"uuid", gpu.uuid},
            {"pci_address", gpu.pci_address},
            {"product", gpu.product},
            {"memory_bytes", gpu.memory.count},
            {"compute_mode", gpu.compute_mode}};
  put_hardware(tree, gpu);
  tree["nvlinks"] = list_of(gpu.links, as_tree);
  if (gpu.fabric) tree["fabric"] = tree_of(*gpu.fabric);
  if (gpu.platform) tree["platform"] = tree_of(*gpu.platform);
  tree["memory_health"] = tree_of(gpu.health);
  tree["state"] = tree_of(gpu.state);
  if (gpu.processes) tree["processes"] = list_of(*gpu.processes, as_tree);
  tree["problems"] = gpu.problems;
  return tree;
}

Gpu read_gpu(const Fields& fields) {
  Gpu gpu;
  gpu.uuid = fields.get<std::string>("uuid");
  gpu.pci_address = fields.get<std::string>("pci_address");
  gpu.product = fields.get_or<std::string>("product", "");
  gpu.minor = fields.maybe<int>("minor");
  gpu.numa = fields.maybe<int>("numa");
  gpu.compute_capability = fields.maybe<std::string>("compute_capability");
  gpu.memory = Bytes{fields.get_or<std::uint64_t>("memory_bytes", 0)};
  gpu.free_memory = maybe_bytes(fields, "free_memory_bytes");
  gpu.compute_mode = fields.get_or<std::string>("compute_mode", "");
  gpu.persistence = fields.maybe<bool>("persistence");
  gpu.mig = fields.maybe<bool>("mig");
  gpu.instances = fields.objects("instances", read_instance);
  if (fields.has("pcie")) gpu.pcie = read_pcie(fields.object("pcie"));
  gpu.slot_gigatransfers = fields.maybe<double>("slot_gts");
  gpu.pcie_replays = fields.maybe<std::uint64_t>("pcie_replays");
  gpu.links = fields.objects("nvlinks", read_link);
  if (fields.has("fabric")) gpu.fabric = read_fabric(fields.object("fabric"));
  if (fields.has("platform")) gpu.platform = read_platform(fields.object("platform"));
  if (fields.has("memory_health")) gpu.health = read_health(fields.object("memory_health"));
  if (fields.has("state")) gpu.state = read_state(fields.object("state"));
  if (fields.has("processes")) gpu.processes = fields.objects("processes", read_process);
  gpu.problems = fields.list<std::string>("problems");
  return gpu;
}

Tree tree_of(const GpuPeer& peer) {
  return {{"from", peer.from},   {"to", peer.to},         {"read", peer.read},
          {"write", peer.write}, {"nvlink", peer.nvlink}, {"atomics", peer.atomics}};
}

GpuPeer read_peer(const Fields& fields) {
  return {fields.get<std::string>("from"),
          fields.get<std::string>("to"),
          fields.get_or<std::string>("read", "unknown"),
          fields.get_or<std::string>("write", "unknown"),
          fields.get_or<std::string>("nvlink", "unknown"),
          fields.get_or<std::string>("atomics", "unknown")};
}

}  // namespace

void put_link(Tree& tree, const PcieLink& link) {
  put(tree, "link_gts", link.gigatransfers);
  put(tree, "link_width", link.width);
  put(tree, "link_most_gts", link.most_gigatransfers);
  put(tree, "link_most_width", link.most_width);
}

PcieLink read_pcie(const Fields& fields) {
  return {fields.maybe<double>("link_gts"), fields.maybe<int>("link_width"),
          fields.maybe<double>("link_most_gts"), fields.maybe<int>("link_most_width")};
}

Tree tree_of(const GpuNode& node) {
  Tree tree{{"source", node.source},
            {"driver_version", node.driver_version},
            {"cuda_version", node.cuda_version}};
  if (node.fake) tree["fake"] = true;
  tree["gpus"] = list_of(node.gpus, as_tree);
  tree["peers"] = list_of(node.peers, as_tree);
  tree["problems"] = node.problems;
  return tree;
}

GpuNode read_gpu_node(const Fields& fields) {
  GpuNode node;
  node.source = fields.get<std::string>("source");
  node.driver_version = fields.get_or<std::string>("driver_version", "");
  node.cuda_version = fields.get_or<std::string>("cuda_version", "");
  node.fake = fields.get_or<bool>("fake", false);
  node.gpus = fields.objects("gpus", read_gpu);
  node.peers = fields.objects("peers", read_peer);
  node.problems = fields.list<std::string>("problems");
  return node;
}

}  // namespace plumbline::json
