#include "probes/drivers/host/tcp_connection.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

namespace plumbline::probes {

namespace {

/// A descriptor that closes itself.
class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&&) = delete;
  ~Descriptor() {
    if (number_ >= 0) close(number_);
  }
  int get() const { return number_; }

 private:
  int number_;
};

/// Small messages only: what does not fit the socket's buffer at once is an error.
class TcpConnection final : public Connection {
 public:
  explicit TcpConnection(Descriptor socket) : socket_(std::move(socket)) {}
  Result<std::string> address() override { return std::string("127.0.0.1"); }
  Status connect(const std::string& /*peer*/) override { return {}; }
  std::size_t pending() const override { return 0; }
  std::vector<std::string> transports() override { return {"tcp/lo"}; }

  Status send(std::span<const std::byte> bytes) override {
    const ssize_t sent =
        ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0) return fail_errno(errno, "sending over 127.0.0.1");
    if (static_cast<std::size_t>(sent) == bytes.size()) return {};
    return fail(ErrorCode::internal, "127.0.0.1 took a part of a message only");
  }

  Result<std::size_t> receive(std::span<std::byte> into) override {
    const ssize_t got = recv(socket_.get(), into.data(), into.size(), MSG_DONTWAIT);
    if (got > 0) return static_cast<std::size_t>(got);
    if (got == 0) return fail(ErrorCode::unavailable, "the other end of 127.0.0.1 closed");
    if (errno == EAGAIN || errno == EINTR) return std::size_t{0};
    return fail_errno(errno, "receiving over 127.0.0.1");
  }

  Status progress(Deadline deadline) override {
    pollfd event{socket_.get(), POLLIN, 0};
    if (poll(&event, 1, deadline.left_ms()) < 0 && errno != EINTR) {
      return fail_errno(errno, "waiting on 127.0.0.1");
    }
    return {};
  }

 private:
  Descriptor socket_;
};

Result<Descriptor> open_socket() {
  Descriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (socket.get() < 0) return fail_errno(errno, "opening a TCP socket");
  const int one = 1;
  if (setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &one, sizeof one) != 0) {
    return fail_errno(errno, "setting TCP_NODELAY");
  }
  return socket;
}

}  // namespace

Result<std::pair<std::unique_ptr<Connection>, std::unique_ptr<Connection>>> loopback_connection(
    Deadline deadline) {
  auto listener = open_socket();
  auto client = open_socket();
  if (!listener) return tl::unexpected(listener.error());
  if (!client) return tl::unexpected(client.error());
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  void* raw = &address;
  auto* generic = static_cast<sockaddr*>(raw);
  if (bind(listener->get(), generic, length) != 0 || listen(listener->get(), 1) != 0 ||
      getsockname(listener->get(), generic, &length) != 0) {
    return fail_errno(errno, "listening on 127.0.0.1");
  }
  // The loopback answers at once or not at all: the kernel completes it without the listener's
  // help.
  if (::connect(client->get(), generic, length) != 0)
    return fail_errno(errno, "connecting to 127.0.0.1");
  pollfd event{listener->get(), POLLIN, 0};
  if (poll(&event, 1, deadline.left_ms()) <= 0) {
    return fail(ErrorCode::deadline_exceeded, "127.0.0.1 does not accept a connection");
  }
  Descriptor server(accept4(listener->get(), nullptr, nullptr, SOCK_CLOEXEC));
  if (server.get() < 0) return fail_errno(errno, "accepting on 127.0.0.1");
  const int one = 1;
  static_cast<void>(setsockopt(server.get(), IPPROTO_TCP, TCP_NODELAY, &one, sizeof one));
  return std::pair<std::unique_ptr<Connection>, std::unique_ptr<Connection>>{
      std::make_unique<TcpConnection>(std::move(*client)),
      std::make_unique<TcpConnection>(std::move(server))};
}

}  // namespace plumbline::probes
