#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/clock.hpp"
#include "core/result.hpp"

namespace plumbline::probes {

/// One network interface as rtnetlink tells it (RTM_GETLINK), for the calling thread's network
/// namespace, whatever /sys is mounted.
struct Link {
  int index = 0;
  std::string name;
  std::string mac;        ///< IFLA_ADDRESS, lower case, colons
  std::uint32_t mtu = 0;  ///< IFLA_MTU
  std::string state;      ///< IFLA_OPERSTATE in sysfs's words
  std::string kind;       ///< IFLA_INFO_KIND: "veth", "bridge"; empty for a device of hardware
  bool loopback = false;  ///< IFF_LOOPBACK
  bool enabled = false;   ///< IFF_UP: somebody wants it up
  bool running = false;   ///< IFF_UP and IFF_RUNNING: has a carrier
  std::uint64_t carrier_downs = 0;     ///< IFLA_CARRIER_DOWN_COUNT
  std::uint64_t sent_bytes = 0;        ///< IFLA_STATS64 tx_bytes
  std::uint64_t received_bytes = 0;    ///< IFLA_STATS64 rx_bytes
  std::uint64_t dropped = 0;           ///< IFLA_STATS64 rx_dropped + tx_dropped
  std::vector<std::string> addresses;  ///< "10.70.1.11/24"; IPv6 without link-local
};

/// All interfaces of the calling thread's network namespace with their addresses, by index.
Result<std::vector<Link>> read_links(Deadline deadline);

/// What gives all interfaces, now.
using ReadLinks = std::function<Result<std::vector<Link>>()>;

/// The interfaces as `read` gives them, but for those that have lost their carrier and are wanted
/// up: these are looked at again for up to 1.5 s, and told as they are when it is back (with its
/// `carrier_downs`). So an interface whose link flaps is up in every reading, one whose link is
/// gone is down in every one. Those that are without carrier where nothing uses them (bridges,
/// tunnels, dummies) are not waited for, nor what never had one. Ends earlier at `deadline`.
Result<std::vector<Link>> settled_links(const ReadLinks& read, Clock& clock, Deadline deadline);

/// One of them by name; `not_found` that lists what is there.
Result<Link> find_link(const std::vector<Link>& links, const std::string& name);

}  // namespace plumbline::probes
