#pragma once

#include <optional>
#include <string>
#include <vector>

#include "netcheck/components.hpp"
#include "netcheck/facts.hpp"

namespace plumbline::netcheck {

/// How many of a frame's bytes are payload.
struct PayloadShare {
  double share = 0;     ///< 0..1
  std::string because;  ///< "1448 B payload in each 1514 B frame: TCP/IPv4 at MTU 1500"
};

/// TCP over Ethernet at an MTU. Headers: IPv4 20 (RFC 791) or IPv6 40 (RFC 8200), TCP 20 (RFC
/// 9293), its timestamps 12 (RFC 7323), Ethernet 14; on a wire 24 more: check sequence 4, preamble
/// 8 and inter-frame gap 12 (IEEE 802.3). A shaper of the kernel (tbf) counts none of the 24.
PayloadShare payload_share(std::uint32_t mtu, bool six, bool wire);

/// RC messages in packets of a path MTU, as payload_share(). Headers on Ethernet (RoCE v2): IPv4 20
/// or IPv6 40, UDP 8, BTH 12, ICRC 4 (IBTA Vol. 1, annexes A16 and A17), Ethernet 14 and on a wire
/// 24; on InfiniBand: LRH 8, BTH 12, ICRC 4, VCRC 2. The RETH of a message's first packet is left
/// out: less than 2 % of a packet, once a message.
PayloadShare rdma_share(std::uint32_t mtu, bool six, bool wire, bool infiniband);

/// One hop with what is known of its rate.
struct HopRate {
  Component hop;
  BytesPerSecond rate;  ///< of frames
  std::string source;   ///< "declared in stage.yaml", "sysfs speed of node-3/ens1"
  PayloadShare payload;
  double share = 1;  ///< what it carries, as a multiple of the rate that is asked for
};

/// The rate of one part: declared, or read from sysfs for a NIC with hardware behind it; the lower
/// of the two. Nothing when it is neither read nor declared.
std::optional<HopRate> hop_rate(const Facts& facts, const Component& hop, bool wire_uplink);

/// The hop that limits a path. Nothing, with `unknown` set to the hop without a rate, when one is
/// not known. `shares`: what each hop carries as a multiple of the rate that is asked for (a
/// collective loads its parts unevenly); empty: 1 each.
std::optional<HopRate> slowest_hop(const Facts& facts, const std::vector<Component>& path,
                                   std::string& unknown, const std::vector<double>& shares = {});

}  // namespace plumbline::netcheck
