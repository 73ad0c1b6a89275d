#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace plumbline::netcheck::claims {

/// An IP address as bits. A value.
struct AddressBits {
  std::array<std::uint8_t, 16> bytes{};  ///< IPv4 uses the first four
  bool six = false;                      ///< IPv6
  int length() const { return six ? 128 : 32; }
  bool bit(int at) const;
  void set(int at, bool value);
};

/// Reads an address without prefix length; one that is mapped from IPv4 (RFC 4291, 2.5.5.2) is that
/// one. Nothing when it is neither.
std::optional<AddressBits> address_bits(const std::string& text);

/// Stands in for IP addresses so that two pseudonyms have as many leading bits in common as their
/// addresses: what shared a network, of whatever length, still does. Loopback, link-local and
/// private ranges stay those. Nothing of an address is in its pseudonym but that and the order in
/// which it came.
class AddressPseudonyms {
 public:
  /// The pseudonym of "10.70.1.11", "10.70.1.11/24" or the network "10.70.1.0/24", in the same
  /// form; always the same one. Empty when the text is no address.
  std::string of(const std::string& text);

 private:
  struct Node {
    std::array<std::uint32_t, 2> next{};  ///< by the address's own bit; 0: not come yet
    bool turned = false;                  ///< the pseudonym has the other bit
  };

  AddressBits mapped(const AddressBits& address, int bits);
  std::uint8_t first_octet(std::uint8_t octet);

  std::vector<Node> nodes_;
  std::map<std::string, std::uint32_t> roots_;  ///< by what of an address stays
  std::map<std::uint8_t, std::uint8_t> octets_;
};

}  // namespace plumbline::netcheck::claims
