#include "probes/drivers/host/connections.hpp"

#include <arpa/inet.h>
#include <dirent.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <memory>

namespace plumbline::probes {

namespace {

/// States of net/tcp_states.h; <linux/tcp.h> has tcp_info whole but not these.
constexpr std::uint8_t kClosed = 7;
constexpr std::uint8_t kListening = 10;

struct DirectoryClose {
  void operator()(DIR* directory) const { closedir(directory); }
};

/// getsockname or getpeername.
using NameCall = int (*)(int, sockaddr*, socklen_t*);

std::string address_by(NameCall call, int socket) {
  sockaddr_storage address{};
  socklen_t length = sizeof address;
  void* bytes = &address;
  if (call(socket, static_cast<sockaddr*>(bytes), &length) != 0) return {};
  char text[INET6_ADDRSTRLEN] = {};
  if (address.ss_family == AF_INET) {
    inet_ntop(AF_INET, &static_cast<const sockaddr_in*>(bytes)->sin_addr, text, sizeof text);
  } else if (address.ss_family == AF_INET6) {
    inet_ntop(AF_INET6, &static_cast<const sockaddr_in6*>(bytes)->sin6_addr, text, sizeof text);
  }
  return text;
}

void add_once(std::vector<std::string>& words, std::string word) {
  if (word.empty() || std::find(words.begin(), words.end(), word) != words.end()) return;
  words.push_back(std::move(word));
}

void add_socket(int socket, Tally& tally) {
  tcp_info info{};
  socklen_t length = sizeof info;
  if (getsockopt(socket, IPPROTO_TCP, TCP_INFO, &info, &length) != 0) return;
  if (info.tcpi_state == kListening || info.tcpi_state == kClosed) return;
  tally.retransmits += info.tcpi_total_retrans;
  tally.segments += info.tcpi_segs_out;
  add_once(tally.locals, address_by(&getsockname, socket));
  add_once(tally.peers, address_by(&getpeername, socket));
}

}  // namespace

Tally tally_connections() {
  Tally tally;
  const std::unique_ptr<DIR, DirectoryClose> directory(opendir("/proc/self/fd"));
  if (!directory) return tally;
  while (const dirent* entry = readdir(directory.get())) {
    const char* end = entry->d_name + std::strlen(entry->d_name);
    int descriptor = -1;
    const auto read = std::from_chars(entry->d_name, end, descriptor);
    if (read.ec == std::errc() && read.ptr == end) add_socket(descriptor, tally);
  }
  return tally;
}

}  // namespace plumbline::probes
