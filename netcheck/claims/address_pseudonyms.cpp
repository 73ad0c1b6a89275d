#include "netcheck/claims/address_pseudonyms.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>

namespace plumbline::netcheck::claims {
namespace {

/// A range that everybody uses: its leading bits tell nobody's network.
struct Range {
  std::array<std::uint8_t, 2> bytes;
  int bits;  ///< that make the range
  int kept;  ///< that stay in a pseudonym
};
constexpr std::array<Range, 7> kRanges{{{{10, 0}, 8, 8},
                                        {{100, 64}, 10, 10},
                                        {{127, 0}, 8, 32},
                                        {{169, 254}, 16, 16},
                                        {{172, 16}, 12, 12},
                                        {{192, 168}, 16, 16},
                                        {{0, 0}, 8, 32}}};
constexpr std::array<Range, 3> kRangesOfSix{
    {{{0xFE, 0x80}, 10, 64}, {{0xFC, 0x00}, 7, 8}, {{0x00, 0x00}, 16, 128}}};
constexpr int kGlobalOfSix = 3;       // 2000::/3, RFC 4291
constexpr std::uint8_t kOctets = 80;  // first octets for what is in no such range: 20 to 99
constexpr std::uint8_t kFirstOctet = 20;

template <typename Ranges>
const Range* range_of(const AddressBits& address, const Ranges& ranges) {
  const auto in = [&](const Range& range) {
    AddressBits net;
    std::copy(range.bytes.begin(), range.bytes.end(), net.bytes.begin());
    for (int at = 0; at < range.bits; ++at) {
      if (net.bit(at) != address.bit(at)) return false;
    }
    return true;
  };
  const auto found = std::find_if(ranges.begin(), ranges.end(), in);
  return found == ranges.end() ? nullptr : &*found;
}

std::string text_of(const AddressBits& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  inet_ntop(address.six ? AF_INET6 : AF_INET, address.bytes.data(), text.data(), text.size());
  return text.data();
}

/// The prefix length of "ADDRESS/LENGTH"; nothing when it has none or a wrong one.
std::optional<int> length_of(std::string_view text, const AddressBits& address) {
  const auto slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  text.remove_prefix(slash + 1);
  int length = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), length);
  const bool good = read.ec == std::errc() && read.ptr == text.data() + text.size() &&
                    length >= 0 && length <= address.length();
  return good ? std::optional(length) : std::nullopt;
}

/// True when all bits after the prefix are zero: it is the network itself.
bool is_network(const AddressBits& address, int length) {
  for (int at = length; at < address.length(); ++at) {
    if (address.bit(at)) return false;
  }
  return length < address.length();
}

}  // namespace

bool AddressBits::bit(int at) const {
  const unsigned byte = bytes[static_cast<std::size_t>(at / 8)];
  return ((byte >> static_cast<unsigned>(7 - at % 8)) & 1U) != 0;
}

void AddressBits::set(int at, bool value) {
  std::uint8_t& byte = bytes[static_cast<std::size_t>(at / 8)];
  const unsigned mask = 1U << static_cast<unsigned>(7 - at % 8);
  byte = static_cast<std::uint8_t>(value ? byte | mask : byte & ~mask);
}

std::optional<AddressBits> address_bits(const std::string& text) {
  AddressBits address;
  if (inet_pton(AF_INET, text.c_str(), address.bytes.data()) == 1) return address;
  address.six = true;
  if (inet_pton(AF_INET6, text.c_str(), address.bytes.data()) != 1) return std::nullopt;
  constexpr std::array<std::uint8_t, 12> mapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
  if (!std::equal(mapped.begin(), mapped.end(), address.bytes.begin())) return address;
  AddressBits four;
  std::copy(address.bytes.begin() + 12, address.bytes.end(), four.bytes.begin());
  return four;
}

std::uint8_t AddressPseudonyms::first_octet(std::uint8_t octet) {
  const auto next = static_cast<std::uint8_t>(kFirstOctet + octets_.size() % kOctets);
  return octets_.emplace(octet, next).first->second;
}

AddressBits AddressPseudonyms::mapped(const AddressBits& address, int bits) {
  const Range* const range =
      address.six ? range_of(address, kRangesOfSix) : range_of(address, kRanges);
  const int kept = range != nullptr ? range->kept : address.six ? kGlobalOfSix : 8;
  AddressBits out;
  out.six = address.six;
  for (int at = 0; at < std::min(kept, address.length()); ++at)
    out.set(at, address.bit(at));
  if (range == nullptr && !address.six) out.bytes[0] = first_octet(address.bytes[0]);
  if (nodes_.empty()) nodes_.emplace_back();
  auto [root, fresh] = roots_.try_emplace(text_of(out) + "/" + std::to_string(kept));
  if (fresh) {
    root->second = static_cast<std::uint32_t>(nodes_.size());
    nodes_.emplace_back();
  }
  std::uint32_t at_node = root->second;
  std::uint64_t mix = 1;  // of the pseudonym so far, so that hosts do not look like networks
  for (int at = kept; at < bits; ++at) {
    mix = mix * 6364136223846793005U + 1442695040888963407U;
    const bool own = address.bit(at);
    const std::size_t side = own ? 1 : 0;
    Node& node = nodes_[at_node];
    if (node.next[0] == 0 && node.next[1] == 0) node.turned = own != (((mix >> 40U) & 1U) != 0);
    const bool bit = own != node.turned;
    out.set(at, bit);
    mix += bit ? 1 : 0;
    if (node.next[side] == 0) {
      node.next[side] = static_cast<std::uint32_t>(nodes_.size());
      at_node = node.next[side];
      nodes_.emplace_back();
    } else {
      at_node = node.next[side];
    }
  }
  return out;
}

std::string AddressPseudonyms::of(const std::string& text) {
  const auto address = address_bits(text.substr(0, text.find('/')));
  if (!address) return {};
  const auto length = length_of(text, *address);
  const bool network = length && is_network(*address, *length);
  const std::string plain = text_of(mapped(*address, network ? *length : address->length()));
  return plain + (length ? "/" + std::to_string(*length) : "");
}

}  // namespace plumbline::netcheck::claims
