#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace plumbline::netcheck {

/// An IPv4 or IPv6 network, "10.70.1.0/24" or "fd00:70:1::/64". A value.
struct Subnet {
  bool six = false;                      ///< IPv6
  std::array<std::uint8_t, 16> bytes{};  ///< IPv4 uses the first four
  int length = 0;                        ///< leading bits that count
};

/// Reads a network in CIDR form; nothing when it is not one (no prefix length, length too long, not
/// an address).
std::optional<Subnet> parse_subnet(std::string_view text);

/// The network in CIDR form, with zeros for the bits that do not count: "10.70.1.0/24".
std::string text_of(const Subnet& subnet);

/// True when `address` ("10.70.1.11/24" or without the length) is of the network's family and
/// inside it. An address that cannot be read is outside of every network.
bool holds(const Subnet& subnet, std::string_view address);

}  // namespace plumbline::netcheck
