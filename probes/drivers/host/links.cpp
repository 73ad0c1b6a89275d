#include "probes/drivers/host/links.hpp"

#include <arpa/inet.h>
#include <linux/if.h>
#include <linux/if_link.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>
#include <map>
#include <string_view>

#include "probes/drivers/host/netlink.hpp"

namespace plumbline::probes {

namespace {

/// A fixed-size value at the front of an attribute; zero when it is too short.
template <typename T>
T value_of(std::span<const std::byte> bytes) {
  T value{};
  if (bytes.size() >= sizeof value) std::memcpy(&value, bytes.data(), sizeof value);
  return value;
}

template <typename T>
T value_of(const Attributes& attributes, unsigned short type) {
  const auto found = attributes.find(type);
  return found == attributes.end() ? T{} : value_of<T>(found->second);
}

std::string mac_of(std::span<const std::byte> bytes) {
  std::string text;
  for (const std::byte byte : bytes) {
    std::array<char, 4> digits{};
    static_cast<void>(
        std::snprintf(digits.data(), digits.size(), "%02x", std::to_integer<unsigned>(byte)));
    text += (text.empty() ? "" : ":") + std::string(digits.data());
  }
  return text;
}

/// RFC 2863's states as /sys/class/net/<name>/operstate spells them (net/core/net-sysfs.c).
std::string state_of(unsigned char state) {
  static constexpr std::array<const char*, 7> words{
      "unknown", "notpresent", "down", "lowerlayerdown", "testing", "dormant", "up"};
  return state < words.size() ? words[state] : "unknown";
}

std::string kind_of(const Attributes& attributes) {
  const auto info = attributes.find(IFLA_LINKINFO);
  if (info == attributes.end()) return {};
  const auto nested = parse_attributes(info->second);
  const auto kind = nested.find(IFLA_INFO_KIND);
  return kind == nested.end() ? std::string{} : text_of(kind->second);
}

void add_link(std::span<const std::byte> payload, std::map<int, Link>& links) {
  if (payload.size() < sizeof(ifinfomsg)) return;
  const auto head = value_of<ifinfomsg>(payload);
  const auto attributes = parse_attributes(payload.subspan(NLMSG_ALIGN(sizeof(ifinfomsg))));
  Link link;
  link.index = head.ifi_index;
  if (const auto name = attributes.find(IFLA_IFNAME); name != attributes.end()) {
    link.name = text_of(name->second);
  }
  if (const auto mac = attributes.find(IFLA_ADDRESS); mac != attributes.end()) {
    link.mac = mac_of(mac->second);
  }
  link.mtu = value_of<std::uint32_t>(attributes, IFLA_MTU);
  link.state = state_of(value_of<unsigned char>(attributes, IFLA_OPERSTATE));
  link.kind = kind_of(attributes);
  link.loopback = (head.ifi_flags & IFF_LOOPBACK) != 0;
  link.enabled = (head.ifi_flags & IFF_UP) != 0;
  link.running = link.enabled && (head.ifi_flags & IFF_RUNNING) != 0;
  link.carrier_downs = value_of<std::uint32_t>(attributes, IFLA_CARRIER_DOWN_COUNT);
  // Older kernels give a shorter structure; the fields used here are at its front.
  rtnl_link_stats64 figures{};
  if (const auto stats = attributes.find(IFLA_STATS64); stats != attributes.end()) {
    std::memcpy(&figures, stats->second.data(), std::min(sizeof figures, stats->second.size()));
  }
  link.sent_bytes = figures.tx_bytes;
  link.received_bytes = figures.rx_bytes;
  link.dropped = figures.rx_dropped + figures.tx_dropped;
  links[link.index] = std::move(link);
}

void add_address(std::span<const std::byte> payload, std::map<int, Link>& links) {
  if (payload.size() < sizeof(ifaddrmsg)) return;
  const auto head = value_of<ifaddrmsg>(payload);
  const auto link = links.find(static_cast<int>(head.ifa_index));
  if (link == links.end() || head.ifa_scope == RT_SCOPE_LINK) return;
  const auto attributes = parse_attributes(payload.subspan(NLMSG_ALIGN(sizeof(ifaddrmsg))));
  auto address = attributes.find(IFA_LOCAL);
  if (address == attributes.end()) address = attributes.find(IFA_ADDRESS);
  if (address == attributes.end()) return;
  const std::size_t needed = head.ifa_family == AF_INET ? 4 : 16;
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (address->second.size() < needed ||
      inet_ntop(head.ifa_family, address->second.data(), text.data(), text.size()) == nullptr) {
    return;
  }
  link->second.addresses.push_back(std::string(text.data()) + "/" +
                                   std::to_string(head.ifa_prefixlen));
}

/// The kernel tells of a carrier that came back within a second (net/core/link_watch.c), and a link
/// that flaps is away for some time.
constexpr std::chrono::milliseconds kSettle{1500};
constexpr std::chrono::milliseconds kLook{20};

/// Hardware, or what stands for it: a link that is expected to have a carrier all the time.
bool is_cable(const Link& link) {
  static constexpr std::array<std::string_view, 8> kinds{"",     "veth", "vlan",   "macvlan",
                                                         "bond", "team", "ipvlan", "ipoib"};
  return !link.loopback && std::find(kinds.begin(), kinds.end(), link.kind) != kinds.end();
}

bool lost_carrier(const Link& link) {
  return link.enabled && !link.running && link.carrier_downs > 0 && is_cable(link);
}

/// Takes the newer word on each link that is back; false while one is still away.
bool all_back(std::vector<Link>& links, const std::vector<Link>& now) {
  bool back = true;
  for (Link& link : links) {
    if (!lost_carrier(link)) continue;
    const auto same = std::find_if(now.begin(), now.end(), [&](const Link& one) {
      return one.index == link.index && one.name == link.name;
    });
    if (same != now.end() && same->running) link = *same;
    back = back && !lost_carrier(link);
  }
  return back;
}

}  // namespace

Result<std::vector<Link>> settled_links(const ReadLinks& read, Clock& clock, Deadline deadline) {
  auto links = read();
  if (!links || std::none_of(links->begin(), links->end(), lost_carrier)) return links;
  const Moment until = std::min(clock.now() + kSettle, deadline.moment());
  while (clock.now() < until) {
    clock.wait_until(std::min<Moment>(clock.now() + kLook, until));
    const auto now = read();
    if (!now || all_back(*links, *now)) break;  // what is known stands
  }
  return links;
}

Result<std::vector<Link>> read_links(Deadline deadline) {
  std::map<int, Link> links;
  auto got = dump(
      RTM_GETLINK,
      [&](unsigned short, std::span<const std::byte> payload) { add_link(payload, links); },
      deadline);
  if (!got) return pass_up(got.error(), "listing network devices");
  got = dump(
      RTM_GETADDR,
      [&](unsigned short, std::span<const std::byte> payload) { add_address(payload, links); },
      deadline);
  if (!got) return pass_up(got.error(), "listing network addresses");
  std::vector<Link> list;
  for (auto& [index, link] : links)
    list.push_back(std::move(link));
  return list;
}

Result<Link> find_link(const std::vector<Link>& links, const std::string& name) {
  const auto found =
      std::find_if(links.begin(), links.end(), [&](const Link& link) { return link.name == name; });
  if (found != links.end()) return *found;
  std::string there;
  for (const Link& link : links)
    there += (there.empty() ? "" : " ") + link.name;
  return fail(ErrorCode::not_found, "no network device " + name + " here, only: " + there);
}

}  // namespace plumbline::probes
