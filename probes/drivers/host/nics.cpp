#include "probes/drivers/host/nics.hpp"

#include <linux/ethtool.h>
#include <linux/if.h>
#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <string_view>

namespace plumbline::probes {

namespace {

/// "0000:0a:00.0"
bool is_pci_address(std::string_view word) {
  constexpr std::string_view form = "hhhh:hh:hh.h";
  constexpr std::string_view digits = "0123456789abcdef";
  if (word.size() != form.size()) return false;
  for (std::size_t i = 0; i < word.size(); ++i) {
    const bool digit = digits.find(word[i]) != std::string_view::npos;
    if (form[i] == 'h' ? !digit : word[i] != form[i]) return false;
  }
  return true;
}

std::optional<std::int64_t> integer_at(const FileTree& root, const std::string& path) {
  const auto value = root.read_integer(path);
  return value ? std::optional(*value) : std::nullopt;
}

std::string text_at(const FileTree& root, const std::string& path) {
  return root.read(path).value_or("");
}

/// "16.0 GT/s PCIe" as 16; nothing for "Unknown".
std::optional<double> gigatransfers_at(const FileTree& root, const std::string& path) {
  const std::string text = text_at(root, path);
  double value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  if (read.ec != std::errc() || value <= 0) return std::nullopt;
  return value;
}

std::optional<int> lanes_at(const FileTree& root, const std::string& path) {
  const auto value = integer_at(root, path);
  // 0 and 255 are what the kernel shows when the register was not readable.
  if (!value || *value <= 0 || *value >= 255) return std::nullopt;
  return static_cast<int>(*value);
}

std::optional<int> numa_at(const FileTree& root, const std::string& path) {
  const auto value = integer_at(root, path);
  if (!value || *value < 0) return std::nullopt;
  return static_cast<int>(*value);
}

std::string last_of(const FileTree& root, const std::string& path) {
  const auto target = root.resolve(path);
  return target && root.exists(path) ? target->filename().string() : std::string{};
}

/// The driver's name by ETHTOOL_GDRVINFO; works for devices that have no device in sysfs.
std::string driver_by_ethtool(const std::string& name) {
  const int socket = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (socket < 0) return {};
  ethtool_drvinfo info{};
  info.cmd = ETHTOOL_GDRVINFO;
  ifreq request{};
  std::memcpy(request.ifr_name, name.c_str(), std::min<std::size_t>(name.size(), IFNAMSIZ - 1));
  void* data = &info;
  request.ifr_data = static_cast<char*>(data);
  const bool answered = ioctl(socket, SIOCETHTOOL, &request) == 0;
  close(socket);
  return answered ? std::string(info.driver, strnlen(info.driver, sizeof info.driver))
                  : std::string{};
}

/// The RDMA device over a network device: below its PCI device, or one that names it in its GID
/// table.
std::optional<std::string> rdma_device_of(const FileTree& root, const std::string& name) {
  const auto below = root.list("sys/class/net/" + name + "/device/infiniband");
  if (below && !below->empty()) {
    // One PCI function with several ports has several network devices: dev_port tells which.
    return below->front();
  }
  for (const auto& device :
       root.list("sys/class/infiniband").value_or(std::vector<std::string>{})) {
    const std::string ports = "sys/class/infiniband/" + device + "/ports";
    for (const auto& port : root.list(ports).value_or(std::vector<std::string>{})) {
      if (text_at(root, ports + "/" + port + "/gid_attrs/ndevs/0") == name) return device;
    }
  }
  return std::nullopt;
}

/// What sysfs adds to a device that is already named.
void add_sysfs(const FileTree& root, NetworkDevice& device) {
  const std::string base = "sys/class/net/" + device.name;
  device.is_virtual = !root.exists(base + "/device");
  device.rdma_device = rdma_device_of(root, device.name);
  if (device.is_virtual) return;
  const auto path = root.resolve(base + "/device");
  const std::string text = path ? path->string() : std::string{};
  if (const auto address = pci_address_in(text); !address.empty()) {
    device.pci_address = address;
    device.numa = numa_at(root, "sys/bus/pci/devices/" + address + "/numa_node");
  }
  if (!device.numa) device.numa = numa_at(root, base + "/device/numa_node");
  if (const auto above = pcie_root_in(text); !above.empty()) device.pcie_root = above;
  if (const auto driver = last_of(root, base + "/device/driver"); !driver.empty())
    device.driver = driver;
  // Mb/s; -1 or EINVAL when there is no link or no such thing.
  const auto speed = integer_at(root, base + "/speed");
  if (speed && *speed > 0) device.link_rate = bits_per_second(static_cast<double>(*speed) * 1e6);
}

/// A device of a file tree: no kernel to ask.
NetworkDevice device_in_tree(const FileTree& root, const std::string& name) {
  const std::string base = "sys/class/net/" + name;
  NetworkDevice device;
  device.name = name;
  device.mac = text_at(root, base + "/address");
  device.mtu = static_cast<std::uint32_t>(integer_at(root, base + "/mtu").value_or(0));
  device.state = text_at(root, base + "/operstate");
  device.carrier_downs =
      static_cast<std::uint64_t>(integer_at(root, base + "/carrier_down_count").value_or(0));
  add_sysfs(root, device);
  return device;
}

/// The link of this network namespace that the tree's device is; nothing when it is in another one.
const Link* same_link(const FileTree& root, const NetworkDevice& device,
                      const std::vector<Link>& links) {
  const auto index = integer_at(root, "sys/class/net/" + device.name + "/ifindex");
  for (const Link& link : links) {
    if (link.name == device.name && index == link.index && link.mac == device.mac) return &link;
  }
  return nullptr;
}

std::vector<NetworkDevice> nics_in_tree(const FileTree& root, const std::vector<Link>& links,
                                        std::vector<std::string>& problems) {
  std::vector<NetworkDevice> devices;
  const auto names = root.list("sys/class/net");
  if (!names) problems.push_back("network devices: " + names.error().message);
  for (const auto& name : names.value_or(std::vector<std::string>{})) {
    // ARPHRD_LOOPBACK; /sys/class/net also holds files such as bonding_masters.
    const auto type = integer_at(root, "sys/class/net/" + name + "/type");
    if (!type || *type == 772) continue;
    NetworkDevice device = device_in_tree(root, name);
    if (const Link* const link = same_link(root, device, links)) {
      device = device_of(*link);
      add_sysfs(root, device);
      if (device.driver.empty()) device.driver = driver_by_ethtool(name);
    }
    devices.push_back(std::move(device));
  }
  return devices;
}

}  // namespace

std::string pci_address_in(const std::string& path) {
  std::string found;
  for (const auto& part : std::filesystem::path(path)) {
    if (is_pci_address(part.string())) found = part.string();
  }
  return found;
}

std::string pcie_root_in(const std::string& path) {
  for (const auto& part : std::filesystem::path(path)) {
    const std::string word = part.string();
    if (word.size() == 10 && word.rfind("pci", 0) == 0 && word[7] == ':') return word;
  }
  return {};
}

bool is_this_machine(const FileTree& root) {
  if (root.root() == "/") return true;
  constexpr const char* id = "proc/sys/kernel/random/boot_id";
  const auto here = FileTree("/").read(id);
  const auto there = root.read(id);
  return here && there && !here->empty() && *here == *there;
}

NetworkDevice device_of(const Link& link) {
  NetworkDevice device;
  device.name = link.name;
  device.mac = link.mac;
  device.mtu = link.mtu;
  device.state = link.state;
  device.driver = link.kind;
  device.is_virtual = !link.kind.empty();
  device.addresses = link.addresses;
  device.carrier_downs = link.carrier_downs;
  return device;
}

std::vector<NetworkDevice> read_nics(const FileTree& root, Deadline deadline,
                                     std::vector<std::string>& problems) {
  return read_nics(
      root, [&] { return read_links(deadline); }, problems);
}

std::vector<NetworkDevice> read_nics(const FileTree& root, const ReadLinks& read,
                                     std::vector<std::string>& problems) {
  std::vector<NetworkDevice> devices;
  Result<std::vector<Link>> links = std::vector<Link>{};
  if (is_this_machine(root)) links = read();
  if (!links) problems.push_back(links.error().message);
  if (root.root() != "/") return nics_in_tree(root, links.value_or(std::vector<Link>{}), problems);
  for (const Link& link : links.value_or(std::vector<Link>{})) {
    if (link.loopback) continue;
    NetworkDevice device = device_of(link);
    // /sys may have been mounted in another network namespace: the index tells.
    if (integer_at(root, "sys/class/net/" + link.name + "/ifindex") == link.index) {
      add_sysfs(root, device);
    } else {
      problems.push_back("/sys/class/net does not show " + link.name +
                         " of this network namespace");
    }
    if (device.driver.empty()) device.driver = driver_by_ethtool(link.name);
    devices.push_back(std::move(device));
  }
  return devices;
}

void add_link_state(const FileTree& root, std::vector<PciDevice>& devices) {
  for (PciDevice& device : devices) {
    const std::string base = "sys/bus/pci/devices/" + device.address;
    device.link.gigatransfers = gigatransfers_at(root, base + "/current_link_speed");
    device.link.width = lanes_at(root, base + "/current_link_width");
    device.link.most_gigatransfers = gigatransfers_at(root, base + "/max_link_speed");
    device.link.most_width = lanes_at(root, base + "/max_link_width");
    device.numa = numa_at(root, base + "/numa_node");
    if (const auto driver = last_of(root, base + "/driver"); !driver.empty())
      device.driver = driver;
  }
}

}  // namespace plumbline::probes
