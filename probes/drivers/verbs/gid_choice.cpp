#include "probes/drivers/verbs/gid_choice.hpp"

#include <algorithm>
#include <string>

namespace plumbline::probes {

namespace {

/// What a GID is good for on Ethernet; the lower the better.
enum class Rank { ipv4, ipv6, link_local, useless };

bool is_ipv4(const std::string& gid) { return gid.rfind("0000:0000:0000:0000:0000:ffff:", 0) == 0; }

bool is_link_local(const std::string& gid) {
  // fe80::/10
  return gid.size() > 3 && gid.rfind("fe", 0) == 0 && gid.find_first_of("89ab", 2) == 2;
}

/// Its rank, and in `why` what keeps it from being used.
Rank rank_of(RdmaGid& entry) {
  if (entry.type.empty()) {
    entry.why = "its type cannot be read: its network device is not in this network namespace";
    return Rank::useless;
  }
  if (entry.type != "RoCE v2") {
    entry.why = "RoCE v1 is not routed and many switches drop it";
    return Rank::useless;
  }
  if (entry.netdev.empty()) {
    entry.why = "no network device of this network namespace is behind it";
    return Rank::useless;
  }
  if (is_ipv4(entry.gid)) return Rank::ipv4;
  return is_link_local(entry.gid) ? Rank::link_local : Rank::ipv6;
}

const char* name_of(Rank rank) {
  if (rank == Rank::ipv4) return "RoCE v2 over IPv4";
  return rank == Rank::ipv6 ? "RoCE v2 over IPv6" : "RoCE v2 over link-local IPv6, nothing better";
}

std::string none_at_all(const RdmaPort& port) {
  return "all " + std::to_string(port.zero_gids) +
         " GIDs are zero: the network device of the port is down, has no address, or is not in "
         "this network namespace";
}

void use(RdmaPort& port, RdmaGid& entry, std::string why) {
  entry.used = true;
  entry.why = std::move(why);
  port.used_gid = entry.index;
  port.gid_problem.clear();
}

void choose_wished(RdmaPort& port, int wish) {
  for (RdmaGid& entry : port.gids) {
    entry.why = "GID " + std::to_string(wish) + " was asked for";
    if (entry.index == wish) use(port, entry, "asked for");
  }
  if (!port.used_gid) port.gid_problem = "GID " + std::to_string(wish) + " is zero or not there";
}

void choose_on_infiniband(RdmaPort& port) {
  for (RdmaGid& entry : port.gids)
    entry.why = "InfiniBand uses the first GID of a port";
  use(port, port.gids.front(), "the port's own on InfiniBand");
}

void choose_on_ethernet(RdmaPort& port) {
  RdmaGid* best = nullptr;
  Rank best_rank = Rank::useless;
  for (RdmaGid& entry : port.gids) {
    const Rank rank = rank_of(entry);
    if (rank >= best_rank) continue;
    best = &entry;
    best_rank = rank;
  }
  if (best == nullptr) {
    port.gid_problem =
        "no GID of " + std::to_string(port.gids.size()) + " can be used: " + port.gids.front().why;
    return;
  }
  for (RdmaGid& entry : port.gids) {
    if (entry.why.empty()) {
      entry.why =
          "GID " + std::to_string(best->index) + " (" + name_of(best_rank) + ") comes first";
    }
  }
  use(port, *best, name_of(best_rank));
}

}  // namespace

void choose_gid(RdmaPort& port, std::optional<int> wish) {
  port.used_gid.reset();
  port.gid_problem.clear();
  for (RdmaGid& entry : port.gids) {
    entry.used = false;
    entry.why.clear();
  }
  if (port.gids.empty()) {
    port.gid_problem = none_at_all(port);
  } else if (wish) {
    choose_wished(port, *wish);
  } else if (port.link_layer == "InfiniBand") {
    choose_on_infiniband(port);
  } else {
    choose_on_ethernet(port);
  }
}

}  // namespace plumbline::probes
