#include "probes/drivers/verbs/netns_mode.hpp"

#include <linux/netlink.h>
#include <poll.h>
#include <rdma/rdma_netlink.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <span>

#include "probes/drivers/host/netlink.hpp"

namespace plumbline::probes {

namespace {

constexpr unsigned short kAsk = RDMA_NL_GET_TYPE(RDMA_NL_NLDEV, RDMA_NLDEV_CMD_SYS_GET);

/// Sends the question and takes the one answer.
Result<std::size_t> ask(int socket, std::span<std::byte> answer, Deadline deadline) {
  nlmsghdr question{};
  question.nlmsg_len = sizeof question;
  question.nlmsg_type = kAsk;
  question.nlmsg_flags = NLM_F_REQUEST;
  question.nlmsg_seq = 1;
  if (send(socket, &question, sizeof question, 0) < 0) return fail_errno(errno, "asking");
  pollfd event{socket, POLLIN, 0};
  const int ready = poll(&event, 1, deadline.left_ms());
  if (ready < 0) return fail_errno(errno, "waiting for the answer");
  if (ready == 0) return fail(ErrorCode::deadline_exceeded, "no answer");
  const ssize_t count = recv(socket, answer.data(), answer.size(), 0);
  if (count < 0) return fail_errno(errno, "reading the answer");
  return static_cast<std::size_t>(count);
}

Result<std::string> mode_in(std::span<const std::byte> bytes) {
  nlmsghdr head{};
  if (bytes.size() < sizeof head) return fail(ErrorCode::internal, "the answer is too short");
  std::memcpy(&head, bytes.data(), sizeof head);
  const auto payload = bytes.subspan(sizeof head);
  if (head.nlmsg_type == NLMSG_ERROR) {
    int error = -EIO;
    if (payload.size() >= sizeof error) std::memcpy(&error, payload.data(), sizeof error);
    return fail_errno(-error, "asking the kernel");
  }
  const auto attributes = parse_attributes(payload);
  const auto mode = attributes.find(RDMA_NLDEV_SYS_ATTR_NETNS_MODE);
  if (mode == attributes.end() || mode->second.empty()) {
    return fail(ErrorCode::unavailable, "the kernel does not tell it");
  }
  return std::string(mode->second[0] == std::byte{0} ? "exclusive" : "shared");
}

}  // namespace

Result<std::string> rdma_netns_mode(Deadline deadline) {
  const int socket = ::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_RDMA);
  if (socket < 0) return fail_errno(errno, "opening RDMA netlink");
  std::array<std::byte, 4096> answer{};
  const auto count = ask(socket, answer, deadline);
  close(socket);
  if (!count) return tl::unexpected(count.error());
  return mode_in(std::span(answer).first(*count));
}

}  // namespace plumbline::probes
