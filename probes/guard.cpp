#include "probes/guard.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstdio>

namespace plumbline::probes {

namespace {

constexpr int kInternal = 70;
constexpr int kHourMs = 3600 * 1000;

[[noreturn]] void end_process(const char* why) {
  static_cast<void>(std::fprintf(stderr, "plumbline-probe: %s\n", why));
  _exit(kInternal);
}

void watch(int input, int stop, Deadline deadline) {
  while (true) {
    // No events are asked for: poll() tells a hang-up of a pipe or socket without being asked.
    std::array<pollfd, 2> events{{{stop, POLLIN, 0}, {input, 0, 0}}};
    const int left = deadline.left_ms() < kHourMs ? deadline.left_ms() : kHourMs;
    static_cast<void>(poll(events.data(), events.size(), left));
    // Looked at first: a probe that ends at the same moment has nobody to tell.
    if ((events[1].revents & (POLLHUP | POLLERR | POLLNVAL)) != 0) end_process("the agent is gone");
    if (events[0].revents != 0) return;
    if (deadline.passed()) end_process("the request's time limit has passed");
  }
}

}  // namespace

Guard::Guard(int input, Deadline deadline) : stop_(eventfd(0, EFD_CLOEXEC)) {
  thread_ = std::thread([this, input, deadline] { watch(input, stop_, deadline); });
}

Guard::~Guard() {
  const std::uint64_t one = 1;
  static_cast<void>(!write(stop_, &one, sizeof one));
  thread_.join();
  close(stop_);
}

}  // namespace plumbline::probes
