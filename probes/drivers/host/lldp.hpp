#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "core/model/neighbour.hpp"
#include "core/result.hpp"

namespace plumbline::probes {

/// The sender of an LLDP frame (IEEE 802.1AB, 8.3 to 8.5), from its Ethernet header on, with or
/// without a VLAN tag. Texts come out printable, at most 255 bytes; `source` stays empty. An error
/// for what is no LLDP, is cut short, lacks one of the three TLVs that must come first, or says
/// that the sender has gone (time to live 0).
Result<Neighbour> parse_lldp(std::span<const std::byte> frame);

/// The neighbours in a file of systemd-networkd (/run/systemd/netif/lldp/<ifindex>): frames, each
/// behind its length in 8 bytes, little endian. One that says it has gone is left out; anything
/// else that is wrong is an error, and so are more than 256 frames.
Result<std::vector<Neighbour>> parse_lldp_file(std::span<const std::byte> bytes);

}  // namespace plumbline::probes
