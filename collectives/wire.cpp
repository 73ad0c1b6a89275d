#include "collectives/wire.hpp"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netdb.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <memory>
#include <optional>
#include <set>
#include <sstream>

namespace plumbline::collectives {
namespace {

/// A counter's growth over the measurement less what the idle rate explains.
double growth(const WireWatch& watch, const std::string& device,
              std::uint64_t DeviceCounters::*which) {
  const auto value = [&](const WireReading& reading) {
    for (const DeviceCounters& counters : reading.devices)
      if (counters.name == device) return static_cast<double>(counters.*which);
    return 0.0;
  };
  const double quiet = in_seconds(watch.before.at - watch.idle.at).value;
  const double busy = in_seconds(watch.after.at - watch.before.at).value;
  const double idle = value(watch.before) - value(watch.idle);
  const double idle_share = quiet > 0 ? idle / quiet * busy : 0;
  return value(watch.after) - value(watch.before) - idle_share;
}

std::string megabytes(double bytes) {
  std::array<char, 32> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), bytes / 1e6,
                                 std::chars_format::fixed, 1);
  return std::string(digits.data(), end.ptr) + " MB";
}

struct Busiest {
  std::string device;
  double grew = 0;
};

Busiest busiest_other(const WireWatch& watch, const std::string& device,
                      std::uint64_t DeviceCounters::*which) {
  Busiest busiest;
  for (const DeviceCounters& other : watch.after.devices) {
    if (other.name == device) continue;
    const double grew = growth(watch, other.name, which);
    if (grew > busiest.grew) busiest = {other.name, grew};
  }
  return busiest;
}

Proof prove_one(const WireWatch& watch, const Endpoint& at, double expected,
                std::uint64_t DeviceCounters::*which) {
  const bool sent = which == &DeviceCounters::sent;
  const double grew = growth(watch, at.device, which);
  const Busiest other = busiest_other(watch, at.device, which);
  Proof proof;
  proof.kind = "counter";
  proof.at = at;
  proof.source = std::string("/proc/net/dev ") + at.device + (sent ? " sent" : " received");
  for (const DeviceCounters& counters : watch.before.devices)
    if (counters.name == at.device) proof.before = static_cast<double>(counters.*which);
  for (const DeviceCounters& counters : watch.after.devices)
    if (counters.name == at.device) proof.after = static_cast<double>(counters.*which);
  proof.expected = expected;
  proof.statement = std::string(sent ? "sent " : "received ") + megabytes(grew) + " over " +
                    at.device + " above its idle rate, the operation needs " + megabytes(expected) +
                    "; busiest other: " +
                    (other.device.empty() ? "none" : other.device + " " + megabytes(other.grew));
  proof.holds = grew >= expected && other.grew < expected / 10;
  return proof;
}

struct Subnet {
  int family = AF_INET;
  std::array<unsigned char, 16> bytes{};
  int bits = 0;
};

std::optional<Subnet> parse_address(const std::string& text) {
  Subnet parsed;
  if (inet_pton(AF_INET, text.c_str(), parsed.bytes.data()) == 1) {
    parsed.bits = 32;
    return parsed;
  }
  parsed.family = AF_INET6;
  parsed.bits = 128;
  if (inet_pton(AF_INET6, text.c_str(), parsed.bytes.data()) == 1) return parsed;
  return std::nullopt;
}

std::optional<Subnet> parse_subnet(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  auto parsed = parse_address(std::string(text.substr(0, slash)));
  int bits = -1;
  const auto read = std::from_chars(text.data() + slash + 1, text.data() + text.size(), bits);
  if (!parsed || read.ec != std::errc() || read.ptr != text.data() + text.size())
    return std::nullopt;
  if (bits < 0 || bits > parsed->bits) return std::nullopt;
  parsed->bits = bits;
  return parsed;
}

bool holds(const Subnet& subnet, const std::string& address) {
  const auto parsed = parse_address(address);
  if (!parsed || parsed->family != subnet.family) return false;
  for (int bit = 0; bit < subnet.bits; ++bit) {
    const auto byte = static_cast<std::size_t>(bit / 8);
    const int mask = 0x80 >> (bit % 8);
    if (((parsed->bytes[byte] ^ subnet.bytes[byte]) & mask) != 0) return false;
  }
  return true;
}

}  // namespace

Result<std::vector<DeviceCounters>> parse_counters(std::string_view text) {
  std::vector<DeviceCounters> devices;
  std::istringstream lines{std::string(text)};
  std::string line;
  while (std::getline(lines, line)) {
    const std::size_t colon = line.find(':');
    if (colon == std::string::npos) continue;  // the two lines of headings
    DeviceCounters device;
    const std::size_t name = line.find_first_not_of(' ');
    device.name = line.substr(name, colon - name);
    std::istringstream fields(line.substr(colon + 1));
    std::uint64_t skipped = 0;
    fields >> device.received;
    for (int field = 1; field < 8; ++field)
      fields >> skipped;
    fields >> device.sent;
    if (!fields)
      return fail(ErrorCode::invalid_input, "proc/net/dev: no counters for " + device.name);
    devices.push_back(device);
  }
  return devices;
}

Result<WireReading> read_wire(const FileTree& tree, const Clock& clock) {
  const auto text = tree.read("proc/net/dev", 1U << 20U);
  if (!text) return pass_up(text.error(), "reading interface counters");
  auto devices = parse_counters(*text);
  if (!devices) return tl::unexpected(devices.error());
  return WireReading{clock.now(), std::move(*devices)};
}

Result<std::vector<DeviceAddress>> device_addresses() {
  ifaddrs* list = nullptr;
  if (getifaddrs(&list) != 0) return fail_errno(errno, "listing interface addresses");
  const std::unique_ptr<ifaddrs, void (*)(ifaddrs*)> owner(list, freeifaddrs);
  std::vector<DeviceAddress> addresses;
  for (const ifaddrs* entry = list; entry != nullptr; entry = entry->ifa_next) {
    if (entry->ifa_addr == nullptr) continue;
    const int family = entry->ifa_addr->sa_family;
    if (family != AF_INET && family != AF_INET6) continue;
    const socklen_t length = family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6);
    std::array<char, NI_MAXHOST> text{};
    if (getnameinfo(entry->ifa_addr, length, text.data(), text.size(), nullptr, 0,
                    NI_NUMERICHOST) != 0)
      continue;
    std::string address = text.data();
    addresses.push_back({entry->ifa_name, address.substr(0, address.find('%'))});
  }
  return addresses;
}

Result<std::string> device_in(const std::vector<DeviceAddress>& addresses,
                              std::string_view subnet) {
  const auto parsed = parse_subnet(subnet);
  if (!parsed) return fail(ErrorCode::invalid_input, "not a subnet: " + std::string(subnet));
  std::set<std::string> found;
  for (const DeviceAddress& entry : addresses)
    if (holds(*parsed, entry.address)) found.insert(entry.device);
  if (found.empty())
    return fail(ErrorCode::not_found, "no interface has an address in " + std::string(subnet));
  if (found.size() > 1)
    return fail(ErrorCode::conflict, "several interfaces have an address in " +
                                         std::string(subnet) + ": " + *found.begin() + " and " +
                                         *std::next(found.begin()));
  return *found.begin();
}

std::vector<Proof> prove_wire(const WireWatch& watch, const Endpoint& at,
                              const WireLoad& expected) {
  std::vector<Proof> proofs;
  for (const bool sent : {true, false}) {
    const auto bytes = static_cast<double>((sent ? expected.sent : expected.received).count);
    if (bytes > 0)
      proofs.push_back(
          prove_one(watch, at, bytes, sent ? &DeviceCounters::sent : &DeviceCounters::received));
  }
  return proofs;
}

Proof prove_unused(const WireWatch& watch, const Endpoint& at, const WireLoad& expected) {
  const auto moved = static_cast<double>(std::max(expected.sent.count, expected.received.count));
  const Busiest out = busiest_other(watch, "", &DeviceCounters::sent);
  const Busiest in = busiest_other(watch, "", &DeviceCounters::received);
  const Busiest& most = out.grew > in.grew ? out : in;
  Proof proof;
  proof.kind = "counter";
  proof.at = at;
  proof.source = "/proc/net/dev, all interfaces";
  proof.expected = 0;
  proof.holds = most.grew < moved / 10;
  proof.statement =
      (most.device.empty() ? "no interface moved anything"
                           : "at most " + megabytes(most.grew) + " over " + most.device) +
      ", the operation moves at least " + megabytes(moved);
  return proof;
}

}  // namespace plumbline::collectives
