#include "netcheck/subnet.hpp"

#include <arpa/inet.h>

#include <charconv>
#include <string>

namespace plumbline::netcheck {
namespace {

struct Address {
  bool six = false;
  std::array<std::uint8_t, 16> bytes{};
};

std::optional<Address> parse_address(std::string_view text) {
  const std::string terminated(text);
  Address address;
  address.six = text.find(':') != std::string_view::npos;
  const int family = address.six ? AF_INET6 : AF_INET;
  if (inet_pton(family, terminated.c_str(), address.bytes.data()) != 1) return std::nullopt;
  return address;
}

}  // namespace

std::optional<Subnet> parse_subnet(std::string_view text) {
  const auto slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const auto address = parse_address(text.substr(0, slash));
  if (!address) return std::nullopt;
  const std::string_view digits = text.substr(slash + 1);
  int length = -1;
  const char* const end = digits.data() + digits.size();
  const auto parsed = std::from_chars(digits.data(), end, length);
  if (parsed.ec != std::errc() || parsed.ptr != end) return std::nullopt;
  if (length < 0 || length > (address->six ? 128 : 32)) return std::nullopt;
  return Subnet{address->six, address->bytes, length};
}

std::string text_of(const Subnet& subnet) {
  std::array<std::uint8_t, 16> bytes = subnet.bytes;
  for (std::size_t bit = static_cast<std::size_t>(subnet.length); bit < bytes.size() * 8; ++bit)
    bytes.at(bit / 8) &= static_cast<std::uint8_t>(~(0x80U >> (bit % 8)));
  std::array<char, INET6_ADDRSTRLEN> text{};
  inet_ntop(subnet.six ? AF_INET6 : AF_INET, bytes.data(), text.data(), text.size());
  return std::string(text.data()) + "/" + std::to_string(subnet.length);
}

bool holds(const Subnet& subnet, std::string_view address) {
  const auto parsed = parse_address(address.substr(0, address.find('/')));
  if (!parsed || parsed->six != subnet.six) return false;
  for (int bit = 0; bit < subnet.length; ++bit) {
    const auto byte = static_cast<std::size_t>(bit / 8);
    const auto mask = static_cast<std::uint8_t>(0x80U >> static_cast<unsigned>(bit % 8));
    if (((parsed->bytes.at(byte) ^ subnet.bytes.at(byte)) & mask) != 0) return false;
  }
  return true;
}

}  // namespace plumbline::netcheck
