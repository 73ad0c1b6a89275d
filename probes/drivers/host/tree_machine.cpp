#include "probes/drivers/host/tree_machine.hpp"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <optional>
#include <sstream>

#include "probes/drivers/host/nics.hpp"
#include "probes/drivers/host/pci_class.hpp"

namespace plumbline::probes {

namespace {

constexpr int kMostCpus = 65536;

std::optional<int> number_of(const std::string& word) {
  int value = 0;
  const char* end = word.data() + word.size();
  const auto read = std::from_chars(word.data(), end, value);
  if (read.ec != std::errc() || read.ptr != end || value < 0 || value >= kMostCpus) return {};
  return value;
}

/// The number behind `name` in a file such as meminfo: "Node 0 MemTotal:  1000 kB".
std::uint64_t kibibytes_of(const std::string& text, const std::string& name) {
  const auto at = text.find(name);
  if (at == std::string::npos) return 0;
  std::istringstream rest(text.substr(at + name.size()));
  std::uint64_t value = 0;
  rest >> value;
  return value;
}

std::string cpu_model_of(const FileTree& root) {
  std::istringstream lines(root.read("proc/cpuinfo", 16U << 20U).value_or(""));
  for (std::string line; std::getline(lines, line);) {
    if (line.rfind("model name", 0) != 0) continue;
    const auto start = line.find_first_not_of(": \t", std::string("model name").size());
    return start == std::string::npos ? "" : line.substr(start);
  }
  return {};
}

void add_numa_nodes(const FileTree& root, Topology& topology) {
  const std::string base = "sys/devices/system/node";
  const auto names = root.list(base);
  if (!names) topology.problems.push_back("NUMA nodes: " + names.error().message);
  for (const auto& name : names.value_or(std::vector<std::string>{})) {
    if (name.rfind("node", 0) != 0) continue;
    const auto index = number_of(name.substr(4));
    if (!index) continue;
    NumaNode node;
    node.index = *index;
    node.cpus = parse_cpu_list(root.read(base + "/" + name + "/cpulist").value_or(""));
    const std::string memory = root.read(base + "/" + name + "/meminfo").value_or("");
    node.memory = Bytes{kibibytes_of(memory, "MemTotal:") << 10U};
    topology.numa_nodes.push_back(std::move(node));
  }
  std::sort(topology.numa_nodes.begin(), topology.numa_nodes.end(),
            [](const NumaNode& one, const NumaNode& other) { return one.index < other.index; });
}

void add_pci_devices(const FileTree& root, Topology& topology) {
  const std::string base = "sys/bus/pci/devices";
  const auto names = root.list(base);
  if (!names) topology.problems.push_back("PCI devices: " + names.error().message);
  for (const auto& name : names.value_or(std::vector<std::string>{})) {
    const std::string place = base + "/" + name;
    const auto code = static_cast<std::uint64_t>(root.read_integer(place + "/class").value_or(0));
    PciDevice device;
    device.kind = pci_kind(static_cast<unsigned>(code >> 16U));
    // 0x0604 is a PCI bridge; host and ISA bridges are not on a device's path.
    if (device.kind == "other" || (device.kind == "bridge" && code >> 8U != 0x0604)) continue;
    device.address = name;
    device.vendor = root.read(place + "/vendor").value_or("");
    device.device = root.read(place + "/device").value_or("");
    const auto path = root.resolve(place);
    if (path) {
      device.parent = pci_address_in(path->parent_path().string());
      device.root = pcie_root_in(path->string());
    }
    topology.pci_devices.push_back(std::move(device));
  }
  std::stable_partition(topology.pci_devices.begin(), topology.pci_devices.end(),
                        [](const PciDevice& device) { return device.kind == "bridge"; });
}

}  // namespace

std::vector<int> parse_cpu_list(const std::string& text) {
  std::vector<int> cpus;
  std::istringstream ranges(text);
  for (std::string range; std::getline(ranges, range, ',');) {
    const auto dash = range.find('-');
    const auto first = number_of(range.substr(0, dash));
    const auto last = dash == std::string::npos ? first : number_of(range.substr(dash + 1));
    if (!first || !last || *last < *first) return {};
    for (int cpu = *first; cpu <= *last; ++cpu)
      cpus.push_back(cpu);
  }
  return cpus;
}

void read_tree_machine(const FileTree& root, Topology& topology) {
  topology.cpu_model = cpu_model_of(root);
  add_numa_nodes(root, topology);
  add_pci_devices(root, topology);
}

}  // namespace plumbline::probes
