#include "probes/subnets.hpp"

#include <arpa/inet.h>

#include <array>
#include <charconv>

namespace plumbline::probes {

namespace {

/// The address's bytes: 4, 16, or none when it is not an address.
std::string bytes_of(std::string_view address) {
  const std::string text(address.substr(0, address.find('/')));
  std::array<char, 16> bytes{};
  if (inet_pton(AF_INET, text.c_str(), bytes.data()) == 1) return {bytes.data(), 4};
  if (inet_pton(AF_INET6, text.c_str(), bytes.data()) == 1) return {bytes.data(), 16};
  return {};
}

bool equal_bits(const std::string& one, const std::string& other, int bits) {
  if (one.size() != other.size()) return false;
  for (std::size_t i = 0; bits > 0; ++i, bits -= 8) {
    const int shift = bits >= 8 ? 0 : 8 - bits;
    const auto difference = static_cast<unsigned char>(one[i] ^ other[i]);
    if (difference >> shift != 0) return false;
  }
  return true;
}

}  // namespace

Result<Subnets> Subnets::parse(std::string_view text) {
  Subnets subnets;
  while (!text.empty()) {
    const auto comma = std::min(text.find(','), text.size());
    const std::string_view word = text.substr(0, comma);
    text.remove_prefix(std::min(comma + 1, text.size()));
    const auto slash = word.find('/');
    Network network{bytes_of(word), -1};
    if (slash != std::string_view::npos) {
      const char* end = word.data() + word.size();
      const auto read = std::from_chars(word.data() + slash + 1, end, network.bits);
      if (read.ec != std::errc() || read.ptr != end) network.bits = -1;
    }
    const int most = static_cast<int>(network.bytes.size()) * 8;
    if (most == 0 || network.bits < 0 || network.bits > most) {
      return fail(ErrorCode::invalid_input,
                  "'" + std::string(word) + "' is not a network such as 10.70.1.0/24");
    }
    subnets.networks_.push_back(std::move(network));
  }
  return subnets;
}

bool Subnets::allow(std::string_view address) const {
  const std::string bytes = bytes_of(address);
  for (const Network& network : networks_) {
    if (equal_bits(network.bytes, bytes, network.bits)) return true;
  }
  return networks_.empty();
}

}  // namespace plumbline::probes
