#include "probes/drivers/host/netlink.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <vector>

namespace plumbline::probes {

namespace {

constexpr std::size_t kHeader = NLMSG_ALIGN(sizeof(nlmsghdr));
constexpr std::size_t kBuffer = 64U << 10U;

/// A netlink socket of the calling thread's network namespace.
class Socket {
 public:
  Socket() : descriptor_(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE)) {}
  ~Socket() {
    if (descriptor_ >= 0) close(descriptor_);
  }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  int get() const { return descriptor_; }

 private:
  int descriptor_;
};

enum class Part { more, done, interrupted };

Status ask(int socket, unsigned short request) {
  struct {
    nlmsghdr header;
    ifinfomsg body;
  } question{};
  question.header.nlmsg_len = sizeof question;
  question.header.nlmsg_type = request;
  question.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
  question.header.nlmsg_seq = 1;
  if (send(socket, &question, sizeof question, 0) < 0) return fail_errno(errno, "asking rtnetlink");
  return {};
}

/// One datagram's messages.
Result<Part> take_datagram(
    std::span<const std::byte> bytes,
    const std::function<void(unsigned short, std::span<const std::byte>)>& take) {
  while (bytes.size() >= kHeader) {
    nlmsghdr header{};
    std::memcpy(&header, bytes.data(), sizeof header);
    if (header.nlmsg_len < kHeader || header.nlmsg_len > bytes.size()) break;
    const auto payload = bytes.subspan(kHeader, header.nlmsg_len - kHeader);
    if ((header.nlmsg_flags & NLM_F_DUMP_INTR) != 0) return Part::interrupted;
    if (header.nlmsg_type == NLMSG_DONE) return Part::done;
    if (header.nlmsg_type == NLMSG_ERROR) {
      int error = -EIO;
      if (payload.size() >= sizeof error) std::memcpy(&error, payload.data(), sizeof error);
      return fail_errno(-error, "asking rtnetlink");
    }
    take(header.nlmsg_type, payload);
    bytes = bytes.subspan(std::min<std::size_t>(NLMSG_ALIGN(header.nlmsg_len), bytes.size()));
  }
  return Part::more;
}

Result<Part> read_answers(
    int socket, const std::function<void(unsigned short, std::span<const std::byte>)>& take,
    Deadline deadline) {
  std::vector<std::byte> buffer(kBuffer);
  while (true) {
    pollfd event{socket, POLLIN, 0};
    const int ready = poll(&event, 1, deadline.left_ms());
    if (ready < 0 && errno == EINTR) continue;
    if (ready < 0) return fail_errno(errno, "waiting for rtnetlink");
    if (ready == 0) return fail(ErrorCode::deadline_exceeded, "rtnetlink does not answer");
    const ssize_t count = recv(socket, buffer.data(), buffer.size(), 0);
    if (count < 0) return fail_errno(errno, "reading from rtnetlink");
    auto part = take_datagram(std::span(buffer).first(static_cast<std::size_t>(count)), take);
    if (!part || *part != Part::more) return part;
  }
}

}  // namespace

Attributes parse_attributes(std::span<const std::byte> bytes) {
  Attributes attributes;
  while (bytes.size() >= sizeof(rtattr)) {
    rtattr head{};
    std::memcpy(&head, bytes.data(), sizeof head);
    if (head.rta_len < sizeof head || head.rta_len > bytes.size()) break;
    const auto type = static_cast<unsigned short>(head.rta_type & NLA_TYPE_MASK);
    attributes[type] = bytes.subspan(sizeof head, head.rta_len - sizeof head);
    bytes = bytes.subspan(std::min<std::size_t>(RTA_ALIGN(head.rta_len), bytes.size()));
  }
  return attributes;
}

std::string text_of(std::span<const std::byte> bytes) {
  std::string text;
  for (const std::byte byte : bytes) {
    if (byte == std::byte{0}) break;
    text.push_back(static_cast<char>(byte));
  }
  return text;
}

Status dump(unsigned short request,
            const std::function<void(unsigned short, std::span<const std::byte>)>& take,
            Deadline deadline) {
  while (true) {
    const Socket socket;
    if (socket.get() < 0) return fail_errno(errno, "opening rtnetlink");
    if (auto asked = ask(socket.get(), request); !asked) return asked;
    auto part = read_answers(socket.get(), take, deadline);
    if (!part) return tl::unexpected(part.error());
    if (*part == Part::done) return {};
  }
}

}  // namespace plumbline::probes
