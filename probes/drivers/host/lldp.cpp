#include "probes/drivers/host/lldp.hpp"

#include <array>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>

namespace plumbline::probes {
namespace {

using Bytes = std::span<const std::byte>;

constexpr std::size_t kAddresses = 12;  // two Ethernet addresses, then the type
constexpr unsigned kLldp = 0x88cc;
constexpr unsigned kVlan = 0x8100;
constexpr std::size_t kMostFrame = 4096;  // networkd's own limit
constexpr std::size_t kMostFrames = 256;

// TLV types, and subtypes of the two ids (IEEE 802.1AB-2016, tables 8-1, 8-2 and 8-3).
constexpr unsigned kEnd = 0;
constexpr unsigned kChassis = 1;
constexpr unsigned kPort = 2;
constexpr unsigned kTimeToLive = 3;
constexpr unsigned kPortDescription = 4;
constexpr unsigned kSystemName = 5;
constexpr unsigned kChassisMac = 4;
constexpr unsigned kChassisNetwork = 5;
constexpr unsigned kPortMac = 3;
constexpr unsigned kPortNetwork = 4;

struct Tlv {
  unsigned type = 0;
  Bytes value;
};

unsigned number(std::byte byte) { return std::to_integer<unsigned>(byte); }
unsigned word_at(Bytes bytes, std::size_t at) {
  return (number(bytes[at]) << 8U) | number(bytes[at + 1]);
}

tl::unexpected<Error> bad(const std::string& what) {
  return fail(ErrorCode::invalid_input, "an LLDP frame " + what);
}

std::string printable(Bytes bytes) {
  std::string text;
  for (const std::byte byte : bytes) {
    const unsigned value = number(byte);
    text.push_back(value >= 0x20 && value < 0x7f ? static_cast<char>(value) : '?');
  }
  return text.substr(0, 255);
}

std::string digits(Bytes bytes) {
  std::string text;
  for (const std::byte byte : bytes) {
    std::array<char, 4> pair{};
    static_cast<void>(std::snprintf(pair.data(), pair.size(), "%02x", number(byte)));
    text += (text.empty() ? "" : ":") + std::string(pair.data());
  }
  return text;
}

/// IANA address family 1 is IPv4; others are shown as they are.
std::string network_address(Bytes bytes) {
  if (bytes.size() != 5 || number(bytes[0]) != 1) return digits(bytes);
  std::string text;
  for (const std::byte byte : bytes.subspan(1))
    text += (text.empty() ? "" : ".") + std::to_string(number(byte));
  return text;
}

std::string id_of(Bytes value, unsigned mac, unsigned network) {
  const unsigned kind = number(value[0]);
  const Bytes rest = value.subspan(1);
  if (kind == mac) return digits(rest);
  return kind == network ? network_address(rest) : printable(rest);
}

/// Takes the next TLV off `rest`; nothing when it does not fit.
std::optional<Tlv> next(Bytes& rest) {
  if (rest.size() < 2) return std::nullopt;
  const unsigned head = word_at(rest, 0);
  const std::size_t length = head & 0x1ffU;
  if (rest.size() - 2 < length) return std::nullopt;
  const Tlv tlv{head >> 9U, rest.subspan(2, length)};
  rest = rest.subspan(2 + length);
  return tlv;
}

/// The three that come first, in their order.
Status read_ids(Bytes& rest, Neighbour& neighbour) {
  const auto chassis = next(rest);
  if (!chassis || chassis->type != kChassis || chassis->value.size() < 2)
    return bad("does not begin with a chassis id");
  const auto port = next(rest);
  if (!port || port->type != kPort || port->value.size() < 2) return bad("has no port id");
  const auto time = next(rest);
  if (!time || time->type != kTimeToLive || time->value.size() < 2)
    return bad("has no time to live");
  neighbour.chassis_id = id_of(chassis->value, kChassisMac, kChassisNetwork);
  neighbour.port_id = id_of(port->value, kPortMac, kPortNetwork);
  if (word_at(time->value, 0) == 0)
    return fail(ErrorCode::not_found, neighbour.chassis_id + " says that it has gone");
  return {};
}

/// What follows the Ethernet header.
Result<Bytes> payload_of(Bytes frame) {
  std::size_t at = kAddresses;
  if (frame.size() < at + 2) return bad("is shorter than its header");
  if (word_at(frame, at) == kVlan) at += 4;
  if (frame.size() < at + 2) return bad("is shorter than its header");
  if (word_at(frame, at) != kLldp) return bad("has another Ethernet type");
  return frame.subspan(at + 2);
}

}  // namespace

Result<Neighbour> parse_lldp(std::span<const std::byte> frame) {
  auto rest = payload_of(frame);
  if (!rest) return tl::unexpected(rest.error());
  Neighbour neighbour;
  if (auto read = read_ids(*rest, neighbour); !read) return tl::unexpected(read.error());
  while (!rest->empty()) {
    const auto tlv = next(*rest);
    if (!tlv) return bad("is cut short");
    if (tlv->type == kEnd) break;
    if (tlv->type == kPortDescription) neighbour.port_description = printable(tlv->value);
    if (tlv->type == kSystemName) neighbour.system_name = printable(tlv->value);
  }
  return neighbour;
}

Result<std::vector<Neighbour>> parse_lldp_file(std::span<const std::byte> bytes) {
  std::vector<Neighbour> neighbours;
  for (std::size_t frames = 0; !bytes.empty(); ++frames) {
    if (frames == kMostFrames) return bad("stands behind 256 others");
    std::uint64_t length = 0;
    if (bytes.size() < sizeof length) return bad("has no length before it");
    for (std::size_t at = sizeof length; at-- > 0;)
      length = (length << 8U) | number(bytes[at]);
    bytes = bytes.subspan(sizeof length);
    if (length >= kMostFrame || length > bytes.size()) return bad("is shorter than its length");
    auto neighbour = parse_lldp(bytes.first(length));
    bytes = bytes.subspan(length);
    if (neighbour) {
      neighbours.push_back(std::move(*neighbour));
    } else if (neighbour.error().code != ErrorCode::not_found) {
      return tl::unexpected(neighbour.error());
    }
  }
  return neighbours;
}

}  // namespace plumbline::probes
