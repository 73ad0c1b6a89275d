#include "agent/stage/pod_launcher.hpp"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "agent/stage/mpi_launch.hpp"
#include "core/protocol/mpi_daemon.hpp"

namespace plumbline::agent {
namespace {

constexpr int kLookMs = 100;
constexpr double kLimitMost = 300;  // s, of an agent
constexpr Seconds kGrace{5};
constexpr std::size_t kWordsMost = 256U << 10U;
constexpr auto kWordsWithin = std::chrono::seconds(5);

bool readable(int descriptor, int span_ms) {
  pollfd one{descriptor, POLLIN, 0};
  return ::poll(&one, 1, span_ms) == 1;
}

/// Words that each end with a zero byte, until an empty one. Too many, or none in time: no words.
std::vector<std::string> read_words(int caller) {
  std::string text;
  std::array<char, 4096> piece{};
  const Deadline by = Deadline::after(kWordsWithin);
  const std::string_view end("\0\0", 2);
  while (!text.ends_with(end)) {
    if (text.size() > kWordsMost || !readable(caller, by.left_ms())) return {};
    const ssize_t got = ::recv(caller, piece.data(), piece.size(), 0);
    if (got <= 0) return {};
    text.append(piece.data(), static_cast<std::size_t>(got));
  }
  std::vector<std::string> words;
  text.pop_back();
  for (std::size_t from = 0; from < text.size();) {
    const std::size_t zero = text.find('\0', from);
    words.push_back(text.substr(from, zero - from));
    from = zero + 1;
  }
  return words;
}

/// True once the caller has gone: it says nothing after its words.
bool gone(int caller) {
  if (!readable(caller, 0)) return false;
  std::array<char, 1> one{};
  return ::recv(caller, one.data(), one.size(), MSG_PEEK | MSG_DONTWAIT) <= 0;
}

std::string problem_of(const Result<MeasureEnd>& end, const std::string& pod) {
  if (!end) return end.error().message;
  if (!end->failed) return {};
  std::string text = "Open MPI's daemon in pod " + pod + ": " + end->failed->error.message;
  if (!end->last_words.empty()) text += " (it said: " + end->last_words + ")";
  return text;
}

}  // namespace

Result<std::unique_ptr<PodLauncher>> PodLauncher::open(Order order, Log& log) {
  for (const Pod& pod : order.pods) {
    in_addr address{};
    if (::inet_pton(AF_INET, pod.address.c_str(), &address) != 1)
      return fail(ErrorCode::unavailable, "pod " + pod.end.node + " has the address " +
                                              pod.address + ", and Open MPI needs IPv4");
  }
  std::unique_ptr<PodLauncher> launcher(new PodLauncher(std::move(order), log));
  if (auto listens = launcher->listen(); !listens) return tl::unexpected(listens.error());
  launcher->accepting_ = std::thread([self = launcher.get()] { self->accept_all(); });
  return launcher;
}

PodLauncher::PodLauncher(Order order, Log& log) : order_(std::move(order)), log_(log) {}

PodLauncher::~PodLauncher() {
  end_ = true;
  if (accepting_.joinable()) accepting_.join();
  if (listening_ >= 0) ::close(listening_);
}

Status PodLauncher::listen() {
  auto folder = Scratch::make();
  if (!folder) return tl::unexpected(folder.error());
  folder_.emplace(std::move(*folder));
  socket_ = folder_->path() / "pods";
  sockaddr_un place{};
  place.sun_family = AF_UNIX;
  socket_.string().copy(place.sun_path, sizeof place.sun_path - 1);
  listening_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const auto* const address = reinterpret_cast<const sockaddr*>(&place);
  const bool listens = listening_ >= 0 && ::bind(listening_, address, sizeof place) == 0 &&
                       ::listen(listening_, SOMAXCONN) == 0;
  if (!listens) return fail_errno(errno, "listening on " + socket_.string());
  return {};
}

void PodLauncher::accept_all() {
  while (!end_) {
    if (!readable(listening_, kLookMs)) continue;
    const int caller = ::accept4(listening_, nullptr, nullptr, SOCK_CLOEXEC);
    if (caller < 0) continue;
    if (serving_.size() >= order_.pods.size()) {
      ::close(caller);  // mpirun calls once for each host
      continue;
    }
    serving_.emplace_back([this, caller] { serve(caller); });
  }
  for (std::thread& one : serving_)
    one.join();
}

void PodLauncher::serve(int caller) {
  const auto words = read_words(caller);
  const std::string problem =
      words.size() < 2 ? "mpirun did not say what to start" : launch(words, caller);
  if (!problem.empty() && !end_) {
    log_.warn("ranks in pods: " + problem);
    const std::lock_guard lock(mutex_);
    if (problem_.empty()) problem_ = problem;
  }
  const std::string answer = problem.empty() ? "ok" : problem;
  static_cast<void>(::send(caller, answer.data(), answer.size(), MSG_NOSIGNAL));
  ::close(caller);
}

/// Blocks until the daemon has ended. Why it did not end well; empty when it did.
std::string PodLauncher::launch(const std::vector<std::string>& words, int caller) {
  std::size_t rank = 0;
  while (rank < order_.pods.size() && pod_host(rank) != words.front())
    ++rank;
  if (rank == order_.pods.size()) return "mpirun names a host that is no pod: " + words.front();
  const auto daemon = read_daemon_words({words.begin() + 1, words.end()});
  if (!daemon) return daemon.error().message;
  const Pod& pod = order_.pods[rank];
  MeasureOrder order;
  order.measurement = order_.name + "." + std::to_string(rank);
  order.request.probe = kMpiDaemon;
  order.request.rank = static_cast<int>(rank);
  order.request.size = static_cast<int>(order_.pods.size());
  for (const Pod& one : order_.pods)
    order.request.ends.push_back(one.end);
  order.request.limit = {std::min(kLimitMost, order_.limit.value)};
  order.request.options = daemon_options(*daemon, pod.address);
  bool ended = false;  // on our own wish: mpirun or this object is gone
  const auto beat = [&](const Event& /*event*/) {
    if (ended || (!end_ && !gone(caller))) return;
    ended = true;
    pod.agent->cancel(order.measurement);
  };
  const auto by = Deadline::after(span_of({order.request.limit.value + kGrace.value}));
  const auto end = pod.agent->measure(order, beat, by);
  return ended ? std::string() : problem_of(end, pod.end.node);
}

std::string PodLauncher::problem() const {
  const std::lock_guard lock(mutex_);
  return problem_;
}

}  // namespace plumbline::agent
