#include "probes/drivers/verbs/device_files.hpp"

#include <algorithm>
#include <charconv>
#include <vector>

#include "probes/drivers/host/nics.hpp"
#include "probes/drivers/verbs/gid_choice.hpp"
#include "probes/drivers/verbs/port_rate.hpp"

namespace plumbline::probes {

namespace {

using Names = std::vector<std::string>;

std::string text_at(const FileTree& root, const std::string& path) {
  return root.read(path).value_or("");
}

/// "4: ACTIVE" as "ACTIVE".
std::string word_at(const FileTree& root, const std::string& path) {
  const std::string text = text_at(root, path);
  const auto colon = text.find(": ");
  return colon == std::string::npos ? text : text.substr(colon + 2);
}

void add_name(Names& names, const std::string& name) {
  if (name.empty() || std::find(names.begin(), names.end(), name) != names.end()) return;
  names.push_back(name);
}

std::optional<int> port_number(const std::string& name) {
  int number = 0;
  const auto read = std::from_chars(name.data(), name.data() + name.size(), number);
  if (read.ec != std::errc() || read.ptr != name.data() + name.size()) return std::nullopt;
  if (number < 1 || number > 255) return std::nullopt;
  return number;
}

std::optional<std::uint32_t> lid_at(const FileTree& root, const std::string& path) {
  const auto value = root.read_integer(path);
  if (!value || *value < 0 || *value > 0xFFFFFF) return std::nullopt;
  return static_cast<std::uint32_t>(*value);
}

bool is_software(const RdmaDevice& device) {
  return device.driver == "rdma_rxe" || device.driver == "siw";
}

/// What sysfs tells of the subnet manager. Which switch is at the other end only it knows, and it
/// answers through the umad node, which nobody here opens.
std::string manager_words(const FileTree& root, const std::string& base, const RdmaPort& port) {
  if (!port.sm_lid) return "unknown: /" + base + "/sm_lid could not be read";
  // Bit 1 of CapabilityMask, IsSM (IBTA Vol. 1, PortInfo).
  const auto mask = root.read_integer(base + "/cap_mask").value_or(0);
  const bool here = (static_cast<std::uint64_t>(mask) & 2U) != 0;
  std::string text = "none has configured the port";
  if (*port.sm_lid != 0) {
    text = "at LID " + std::to_string(*port.sm_lid);
    if (const auto level = root.read_integer(base + "/sm_sl"))
      text += ", service level " + std::to_string(*level);
  }
  if (here) text += "; this port runs one";
  return text +
         "; the switch behind the port is unknown: asking for it needs /dev/infiniband/umad*";
}

RdmaPort read_port_frame(const FileTree& root, const RdmaDevice& device, int number) {
  const std::string base = port_directory(device.name, number);
  RdmaPort port;
  port.number = number;
  port.state = word_at(root, base + "/state");
  port.physical_state = word_at(root, base + "/phys_state");
  port.link_layer = text_at(root, base + "/link_layer");
  port.rate_text = text_at(root, base + "/rate");
  // Software devices show a constant that has nothing to do with their network device.
  if (!is_software(device)) read_port_rate(port.rate_text, port);
  if (port.state.empty()) port.problems.push_back("/" + base + "/state could not be read");
  if (port.link_layer == "InfiniBand") {
    port.lid = lid_at(root, base + "/lid");
    port.sm_lid = lid_at(root, base + "/sm_lid");
    port.subnet_manager = manager_words(root, base, port);
  }
  return port;
}

/// Where the device sits in the machine: its own PCI function, or that of its network device.
void place(const FileTree& root, RdmaDevice& device, const std::string& parent) {
  std::string link = std::string(kRdmaClass) + "/" + device.name + "/device";
  if (!root.exists(link) && !parent.empty()) link = "sys/class/net/" + parent + "/device";
  if (!root.exists(link)) return;
  const auto real = root.resolve(link);
  const std::string path = real ? real->string() : std::string{};
  if (const auto address = pci_address_in(path); !address.empty()) {
    device.pci_address = address;
    const auto numa = root.read_integer("sys/bus/pci/devices/" + address + "/numa_node");
    if (numa && *numa >= 0) device.numa = static_cast<int>(*numa);
    const std::string physical = "sys/bus/pci/devices/" + address + "/physfn";
    if (root.exists(physical)) {
      if (const auto target = root.resolve(physical)) {
        device.physical = target->filename().string();
      }
    }
  }
  if (const auto above = pcie_root_in(path); !above.empty()) device.pcie_root = above;
}

std::string driver_of(const FileTree& root, const std::string& name, const std::string& parent) {
  const std::string link = std::string(kRdmaClass) + "/" + name + "/device/driver";
  if (root.exists(link)) {
    if (const auto target = root.resolve(link)) return target->filename().string();
  }
  // Software devices have no device behind them; rxe names its network device, siw does not.
  if (!parent.empty()) return "rdma_rxe";
  return root.exists(std::string(kRdmaClass) + "/" + name + "/device") ? "" : "siw";
}

bool is_zero(const std::string& gid) { return gid.find_first_not_of("0:") == std::string::npos; }

}  // namespace

std::string port_directory(const std::string& device, int port) {
  return std::string(kRdmaClass) + "/" + device + "/ports/" + std::to_string(port);
}

RdmaDevice read_rdma_frame(const FileTree& root, const std::string& name) {
  const std::string base = std::string(kRdmaClass) + "/" + name;
  RdmaDevice device;
  device.name = name;
  const std::string parent = text_at(root, base + "/parent");
  device.driver = driver_of(root, name, parent);
  add_name(device.netdevs, parent);
  for (const auto& net : root.list(base + "/device/net").value_or(Names{})) {
    add_name(device.netdevs, net);
  }
  place(root, device, parent);
  const auto ports = root.list(base + "/ports");
  if (!ports) device.problems.push_back(ports.error().message);
  for (const auto& word : ports.value_or(Names{})) {
    const auto number = port_number(word);
    if (!number) continue;
    add_name(device.netdevs, text_at(root, port_directory(name, *number) + "/gid_attrs/ndevs/0"));
    device.ports.push_back(read_port_frame(root, device, *number));
  }
  return device;
}

void read_gids(const FileTree& root, const std::string& device, RdmaPort& port) {
  const std::string base = port_directory(device, port.number);
  const auto names = root.list(base + "/gids");
  if (!names) port.problems.push_back(names.error().message);
  for (const auto& name : names.value_or(Names{})) {
    RdmaGid entry;
    const auto read = std::from_chars(name.data(), name.data() + name.size(), entry.index);
    if (read.ec != std::errc()) continue;
    const auto gid = root.read(base + "/gids/" + name, 256);
    if (!gid) {
      port.problems.push_back(gid.error().message);
      continue;
    }
    if (is_zero(*gid)) {
      ++port.zero_gids;
      continue;
    }
    entry.gid = *gid;
    entry.type = text_at(root, base + "/gid_attrs/types/" + name);
    entry.netdev = text_at(root, base + "/gid_attrs/ndevs/" + name);
    port.gids.push_back(std::move(entry));
  }
  std::sort(port.gids.begin(), port.gids.end(),
            [](const RdmaGid& one, const RdmaGid& other) { return one.index < other.index; });
  choose_gid(port);
  if (port.link_layer == "InfiniBand" && !port.gids.empty() && port.gids.front().gid.size() > 19) {
    port.subnet_prefix = port.gids.front().gid.substr(0, 19);
  }
}

Result<PortName> find_rdma_port(const FileTree& root, const std::string& name) {
  const auto cut = name.find_first_of(":/");
  const std::string device = name.substr(0, cut);
  PortName found{device, 1};
  if (cut != std::string::npos) {
    const auto number = port_number(name.substr(cut + 1));
    if (!number) return fail(ErrorCode::invalid_input, "'" + name + "' names no port of a device");
    found.port = *number;
  }
  std::string there;
  for (const auto& one : root.list(kRdmaClass).value_or(Names{})) {
    there += (there.empty() ? "" : " ") + one;
    if (one == device) return found;
    const RdmaDevice frame = read_rdma_frame(root, one);
    const bool behind =
        std::find(frame.netdevs.begin(), frame.netdevs.end(), name) != frame.netdevs.end();
    if (!behind) continue;
    for (const RdmaPort& port : frame.ports) {
      const std::string first =
          text_at(root, port_directory(one, port.number) + "/gid_attrs/ndevs/0");
      if (first == name) return PortName{one, port.number};
    }
    // A zero GID has no network device: the device is this one all the same.
    if (!frame.ports.empty()) return PortName{one, frame.ports.front().number};
  }
  return fail(ErrorCode::not_found,
              "no RDMA device is called " + name + " or is over " + name +
                  (there.empty() ? "; this node has none" : "; there are only: " + there));
}

}  // namespace plumbline::probes
