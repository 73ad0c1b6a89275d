#include "probes/drivers/verbs/rdma_facts.hpp"

#include <charconv>
#include <sstream>

#include "probes/drivers/verbs/access_control.hpp"
#include "probes/drivers/verbs/device_files.hpp"
#include "probes/drivers/verbs/netns_mode.hpp"
#include "probes/drivers/verbs/port_counters.hpp"
#include "probes/drivers/verbs/verbs_facts.hpp"

namespace plumbline::probes {

namespace {

using Names = std::vector<std::string>;

constexpr int kCapIpcLock = 14;  // <linux/capability.h> CAP_IPC_LOCK

std::string text_at(const FileTree& root, const std::string& path) {
  return root.read(path).value_or("");
}

/// The rest of the line of a /proc file that begins with `head`.
std::optional<std::string> line_of(const std::string& text, const std::string& head) {
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (line.rfind(head, 0) == 0) return line.substr(head.size());
  }
  return std::nullopt;
}

void read_identity(const FileTree& root, RdmaDevice& device) {
  const std::string base = std::string(kRdmaClass) + "/" + device.name;
  device.node_type = text_at(root, base + "/node_type");
  device.node_guid = text_at(root, base + "/node_guid");
  device.system_guid = text_at(root, base + "/sys_image_guid");
  device.firmware = text_at(root, base + "/fw_ver");
  device.board = text_at(root, base + "/board_id");
}

void find_uverbs(const FileTree& root, RdmaDevice& device) {
  const std::string verbs_class = "sys/class/infiniband_verbs";
  for (const auto& node : root.list(verbs_class).value_or(Names{})) {
    if (text_at(root, verbs_class + "/" + node + "/ibdev") != device.name) continue;
    if (root.exists("dev/infiniband/" + node)) {
      device.uverbs = "/dev/infiniband/" + node;
    } else {
      device.problems.push_back("/dev/infiniband/" + node +
                                " is missing: no process here can open " + device.name);
    }
    return;
  }
  device.problems.push_back("no uverbs node belongs to it: module ib_uverbs is not loaded");
}

void read_memlock(const FileTree& root, RdmaHost& host) {
  const auto limits = root.read("proc/self/limits");
  const auto line = line_of(limits.value_or(""), "Max locked memory");
  std::istringstream words(line.value_or(""));
  std::string soft;
  words >> soft;
  std::uint64_t bytes = 0;
  const auto read = std::from_chars(soft.data(), soft.data() + soft.size(), bytes);
  if (read.ec == std::errc()) {
    host.memlock = bytes;
  } else if (soft != "unlimited") {
    host.problems.push_back("/proc/self/limits does not tell the limit of locked memory");
    host.memlock = 0;
  }
}

void read_rights(const FileTree& root, RdmaHost& host) {
  const auto line = line_of(root.read("proc/self/status").value_or(""), "CapEff:\t");
  std::uint64_t rights = 0;
  const std::string digits = line.value_or("");
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), rights, 16);
  if (read.ec != std::errc()) {
    host.problems.push_back("/proc/self/status does not tell the effective rights");
    return;
  }
  host.ipc_lock = ((rights >> static_cast<unsigned>(kCapIpcLock)) & 1U) != 0;
}

/// dma-buf for RDMA came with Linux 5.12; the NVIDIA driver exports it from its open kernel modules
/// (driver 515 and later).
std::string dma_buf_words(const FileTree& root) {
  const std::string release = text_at(root, "proc/sys/kernel/osrelease");
  int major = 0;
  int minor = 0;
  std::istringstream words(release);
  char dot = 0;
  words >> major >> dot >> minor;
  const bool able = major > 5 || (major == 5 && minor >= 12);
  std::string text = "kernel " + std::to_string(major) + "." + std::to_string(minor) +
                     (able ? " has it for RDMA" : " is too old for it (5.12)");
  const auto driver = root.read("proc/driver/nvidia/version");
  if (!driver) return text + "; no NVIDIA driver here";
  const bool open = driver->find("Open Kernel Module") != std::string::npos;
  return text + (open ? "; NVIDIA's open kernel modules export it"
                      : "; NVIDIA's closed kernel modules do not export it");
}

std::string iommu_words(const FileTree& root) {
  const auto units = root.list("sys/class/iommu");
  if (!units) return "unknown: " + units.error().message;
  if (units->empty()) return "off";
  const auto groups = root.list("sys/kernel/iommu_groups").value_or(Names{});
  std::string kind;
  for (const auto& group : groups) {
    kind = text_at(root, "sys/kernel/iommu_groups/" + group + "/type");
    if (!kind.empty()) break;
  }
  return "on (" + units->front() + "), " + std::to_string(groups.size()) + " groups" +
         (kind.empty() ? "" : ", type " + kind);
}

void add_netns_mode(const FileTree& root, RdmaHost& host, Deadline deadline) {
  if (root.root() != "/") {
    host.problems.push_back("the RDMA namespace mode is not in a file tree");
    return;
  }
  auto mode = rdma_netns_mode(deadline);
  if (mode) {
    host.netns_mode = *mode;
  } else {
    host.problems.push_back("RDMA namespace mode: " + mode.error().message);
  }
}

}  // namespace

std::vector<RdmaDevice> read_rdma_devices(const FileTree& root) {
  std::vector<RdmaDevice> devices;
  for (const auto& name : root.list(kRdmaClass).value_or(Names{})) {
    RdmaDevice device = read_rdma_frame(root, name);
    read_identity(root, device);
    find_uverbs(root, device);
    for (RdmaPort& port : device.ports) {
      const std::string base = port_directory(name, port.number);
      read_gids(root, name, port);
      port.counters = read_counters(root, base + "/counters", port.problems);
      port.hw_counters = read_counters(root, base + "/hw_counters", port.problems);
    }
    if (device.pci_address) {
      device.access_control = access_control_above(root, *device.pci_address);
      device.iommu_group = iommu_group_of(root, *device.pci_address);
    }
    devices.push_back(std::move(device));
  }
  return devices;
}

RdmaHost read_rdma_host(const FileTree& root, Deadline deadline) {
  RdmaHost host;
  add_netns_mode(root, host, deadline);
  read_memlock(root, host);
  read_rights(root, host);
  for (const char* module : {"nvidia_peermem", "nv_peer_mem"}) {
    if (root.exists(std::string("sys/module/") + module)) host.peer_memory = module;
  }
  host.dma_buf = dma_buf_words(root);
  host.iommu = iommu_words(root);
  for (const auto& node : root.list("dev/infiniband").value_or(Names{})) {
    if (node.rfind("uverbs", 0) == 0) host.uverbs.push_back("/dev/infiniband/" + node);
  }
  return host;
}

void add_rdma(const FileTree& root, Topology& topology, Deadline deadline) {
  topology.rdma_devices = read_rdma_devices(root);
  if (!topology.rdma_devices.empty()) {
    topology.rdma_host = read_rdma_host(root, deadline);
  }
  for (RdmaDevice& device : topology.rdma_devices) {
    if (root.root() == "/") {
      ask_verbs(device);
    } else {
      device.capability = "not tried: another machine's files";
    }
  }
}

}  // namespace plumbline::probes
