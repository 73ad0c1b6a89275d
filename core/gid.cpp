#include "core/gid.hpp"

#include <arpa/inet.h>

#include <array>
#include <cstdint>
#include <cstdio>

namespace plumbline {

std::string gid_of(const std::string& address) {
  const std::string plain = address.substr(0, address.find('/'));
  std::array<std::uint8_t, 16> bytes{};
  if (inet_pton(AF_INET, plain.c_str(), bytes.data() + 12) == 1) {
    bytes[10] = bytes[11] = 0xFF;
  } else if (inet_pton(AF_INET6, plain.c_str(), bytes.data()) != 1) {
    return {};
  }
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); i += 2) {
    std::array<char, 8> group{};
    static_cast<void>(std::snprintf(group.data(), group.size(), "%s%02x%02x", i == 0 ? "" : ":",
                                    bytes[i], bytes[i + 1]));
    text += group.data();
  }
  return text;
}

}  // namespace plumbline
