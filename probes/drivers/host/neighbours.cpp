#include "probes/drivers/host/neighbours.hpp"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <span>

#include "probes/drivers/host/lldp.hpp"

namespace plumbline::probes {
namespace {

constexpr std::size_t kMostFile = 1U << 20U;
constexpr std::size_t kMostHeard = 16;  // on one device: a switch, or a hub's worth of others
constexpr std::array<unsigned char, ETH_ALEN> kNearestBridge{0x01, 0x80, 0xc2, 0x00, 0x00, 0x0e};

/// A socket that goes away with its owner.
class PacketSocket {
 public:
  PacketSocket() : descriptor_(socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(ETH_P_LLDP))) {}
  ~PacketSocket() {
    if (descriptor_ >= 0) close(descriptor_);
  }
  PacketSocket(const PacketSocket&) = delete;
  PacketSocket& operator=(const PacketSocket&) = delete;
  int get() const { return descriptor_; }

 private:
  int descriptor_;
};

/// A NIC passes a group's frames on only when somebody has joined it. One that cannot is silent.
void join(int socket, int index) {
  packet_mreq request{};
  request.mr_ifindex = index;
  request.mr_type = PACKET_MR_MULTICAST;
  request.mr_alen = ETH_ALEN;
  std::copy(kNearestBridge.begin(), kNearestBridge.end(), std::begin(request.mr_address));
  static_cast<void>(
      setsockopt(socket, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &request, sizeof request));
}

bool known(const std::vector<Neighbour>& neighbours, const Neighbour& one) {
  return std::any_of(neighbours.begin(), neighbours.end(), [&](const Neighbour& other) {
    return other.chassis_id == one.chassis_id && other.port_id == one.port_id;
  });
}

/// One frame that is waiting; false when there is none.
bool take(int socket, std::map<int, std::vector<Neighbour>>& heard) {
  std::array<std::byte, 4096> frame{};
  sockaddr_ll from{};
  socklen_t size = sizeof from;
  void* const address = &from;
  const auto length = recvfrom(socket, frame.data(), frame.size(), MSG_DONTWAIT,
                               static_cast<sockaddr*>(address), &size);
  if (length < 0) return errno == EINTR;
  const auto device = heard.find(from.sll_ifindex);
  if (device == heard.end() || from.sll_pkttype == PACKET_OUTGOING) return true;
  const auto neighbour = parse_lldp(std::span(frame).first(static_cast<std::size_t>(length)));
  if (neighbour && device->second.size() < kMostHeard && !known(device->second, *neighbour))
    device->second.push_back(*neighbour);
  return true;
}

bool all_heard(const std::map<int, std::vector<Neighbour>>& heard) {
  return std::none_of(heard.begin(), heard.end(),
                      [](const auto& device) { return device.second.empty(); });
}

std::string seconds_of(std::chrono::nanoseconds time) {
  const auto tenths = std::chrono::duration_cast<std::chrono::milliseconds>(time).count() / 100;
  return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + " s";
}

/// The interface index; 0: not told. /sys may have been mounted in another network namespace, so on
/// this machine the kernel is asked.
int index_of(const FileTree& root, const std::string& name) {
  if (root.root() == "/") return static_cast<int>(if_nametoindex(name.c_str()));
  const auto index = root.read_integer("sys/class/net/" + name + "/ifindex");
  return index && *index > 0 && *index <= 0x7fffffff ? static_cast<int>(*index) : 0;
}

/// Devices of which it matters, whoever is asked.
bool matters(const NetworkDevice& device) { return !device.is_virtual || device.rdma_device; }

/// What networkd wrote for a device; its reason when it wrote nothing that can be read.
void read_file_of(const FileTree& root, int index, NetworkDevice& device) {
  const std::string path = "/run/systemd/netif/lldp/" + std::to_string(index);
  if (!root.exists(path.substr(1))) {
    device.neighbours_unknown = "systemd-networkd keeps none (no " + path + ")";
    return;
  }
  const auto text = read_file(root.root() / path.substr(1), kMostFile);
  const auto read = text.and_then(
      [](const std::string& all) { return parse_lldp_file(std::as_bytes(std::span(all))); });
  if (!read) {
    device.neighbours_unknown = path + ": " + read.error().message;
    return;
  }
  device.neighbours = *read;
  for (Neighbour& neighbour : device.neighbours)
    neighbour.source = path;
  if (device.neighbours.empty()) device.neighbours_unknown = path + " names none";
}

void listen_for(std::chrono::nanoseconds time, std::map<int, NetworkDevice*>& devices) {
  std::vector<int> indexes;
  for (const auto& [index, device] : devices)
    indexes.push_back(index);
  if (indexes.empty()) return;
  auto heard = hear_neighbours(indexes, time);
  for (auto& [index, device] : devices) {
    if (!heard) {
      device->neighbours_unknown += "; " + heard.error().message;
      continue;
    }
    device->neighbours = std::move((*heard)[index]);
    for (Neighbour& neighbour : device->neighbours)
      neighbour.source = "heard on " + device->name;
    if (device->neighbours.empty()) {
      device->neighbours_unknown += "; nothing was heard in " + seconds_of(time);
    } else {
      device->neighbours_unknown.clear();
    }
  }
}

}  // namespace

Result<std::map<int, std::vector<Neighbour>>> hear_neighbours(const std::vector<int>& indexes,
                                                              std::chrono::nanoseconds time) {
  const PacketSocket socket;
  if (socket.get() < 0)
    return fail_errno(errno, "listening for LLDP (a packet socket, CAP_NET_RAW)");
  std::map<int, std::vector<Neighbour>> heard;
  for (const int index : indexes) {
    join(socket.get(), index);
    heard[index];
  }
  const auto deadline = Deadline::after(time);
  while (!deadline.passed() && !all_heard(heard)) {
    pollfd waiting{socket.get(), POLLIN, 0};
    const int ready = poll(&waiting, 1, deadline.left_ms());
    if (ready < 0 && errno != EINTR) return fail_errno(errno, "waiting for LLDP");
    if (ready > 0 && !take(socket.get(), heard)) return fail_errno(errno, "reading LLDP");
  }
  return heard;
}

void add_neighbours(const FileTree& root, std::chrono::nanoseconds listen,
                    std::vector<NetworkDevice>& devices) {
  std::map<int, NetworkDevice*> silent;
  const bool here = root.root() == "/";
  for (NetworkDevice& device : devices) {
    const int index = index_of(root, device.name);
    if (index <= 0) {
      if (matters(device)) device.neighbours_unknown = "its interface index is not told";
      continue;
    }
    read_file_of(root, index, device);
    if (!device.neighbours.empty()) continue;
    if (here && listen.count() > 0) {
      silent[index] = &device;
    } else if (!matters(device)) {
      device.neighbours_unknown.clear();
    } else {
      device.neighbours_unknown += "; nobody listened";
    }
  }
  listen_for(listen, silent);
}

}  // namespace plumbline::probes
