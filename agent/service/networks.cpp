#include "agent/service/networks.hpp"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <memory>

namespace plumbline::agent {
namespace {

std::string text_of(const sockaddr* address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const void* bytes = nullptr;
  if (address->sa_family == AF_INET) {
    bytes = &reinterpret_cast<const sockaddr_in*>(address)->sin_addr;
  } else if (address->sa_family == AF_INET6) {
    bytes = &reinterpret_cast<const sockaddr_in6*>(address)->sin6_addr;
  }
  if (bytes == nullptr) return {};
  return ::inet_ntop(address->sa_family, bytes, text.data(), text.size()) ? text.data() : "";
}

}  // namespace

std::vector<std::string> addresses_of(const std::string& device) {
  std::vector<std::string> addresses;
  ifaddrs* first = nullptr;
  if (::getifaddrs(&first) != 0) return addresses;
  const std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)> list(first, &::freeifaddrs);
  for (const ifaddrs* entry = first; entry != nullptr; entry = entry->ifa_next) {
    if (device != entry->ifa_name || entry->ifa_addr == nullptr) continue;
    if (auto text = text_of(entry->ifa_addr); !text.empty()) addresses.push_back(std::move(text));
  }
  return addresses;
}

bool on_networks(const std::string& device, const std::vector<netcheck::Subnet>& networks) {
  if (networks.empty()) return true;
  const auto addresses = addresses_of(device);
  return std::any_of(networks.begin(), networks.end(), [&](const auto& network) {
    return std::any_of(addresses.begin(), addresses.end(),
                       [&](const auto& address) { return netcheck::holds(network, address); });
  });
}

}  // namespace plumbline::agent
