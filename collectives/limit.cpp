#include "collectives/limit.hpp"

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <condition_variable>
#include <cstdio>
#include <thread>

#include "collectives/rank_job.hpp"

namespace plumbline::collectives {
namespace {

constexpr int kTimedOut = 3;
constexpr auto kLastWords = std::chrono::milliseconds(700);  // for the launcher to carry them out
/// A rank that was stopped is woken only to be ended, after the others' last words.
constexpr auto kLate = std::chrono::milliseconds(350);

constexpr auto kLook = std::chrono::milliseconds(100);
constexpr double kStall = 30;  // s

/// Option "stall": so long nothing may end; 30 s without it.
std::chrono::nanoseconds stall_of(const Request& request) {
  double seconds = kStall;
  if (const auto found = request.options.find("stall"); found != request.options.end()) {
    const std::string& text = found->second;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), seconds);
    if (read.ec != std::errc() || !(seconds > 0)) seconds = kStall;
  }
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
      std::chrono::duration<double>(seconds));
}

}  // namespace

bool Unfinished::take(const Outcome& outcome) {
  const std::string key = outcome.key();
  const std::lock_guard lock(mutex_);
  return std::erase_if(identities_, [&](const Outcome& left) { return left.key() == key; }) > 0;
}

std::vector<Outcome> Unfinished::take_rest() const {
  const std::lock_guard lock(mutex_);
  return std::exchange(identities_, {});
}

struct RankLimit::State {
  RankSelf self;
  const Request& request;
  Deadline deadline;
  ChildChannel& channel;
  Unfinished& unfinished;
  const Pulse& pulse;
  std::mutex mutex = {};
  std::condition_variable left = {};
  bool over = false;
  std::string step = "starting";
  std::uint64_t steps = 0;
  std::chrono::nanoseconds stall = stall_of(request);
  std::thread thread = {};

  void watch() {
    SystemClock clock;
    std::unique_lock lock(mutex);
    std::uint64_t seen = 0;
    Moment changed = clock.now();
    while (!over) {
      const Deadline idle = Deadline::at(changed + stall);
      const Deadline first = deadline.earlier(idle);
      if (first.passed()) give_up(step, first, idle.moment() < deadline.moment());
      left.wait_for(lock, std::min(first.left(), std::chrono::nanoseconds(kLook)));
      const std::uint64_t now = pulse.began() + pulse.ended() + steps;
      if (now != seen) changed = clock.now();
      seen = now;
    }
  }

  [[noreturn]] void give_up(const std::string& where, Deadline when, bool idle) {
    SystemClock clock;
    const std::string what = idle ? "nothing ended for " + format_time(in_seconds(stall))
                                  : "not finished after " + format_time(request.limit);
    const Error error{ErrorCode::deadline_exceeded, what + ", while " + where};
    const bool late = clock.now() > when.moment() + kLate;
    const std::string standing = self.standing ? self.standing() : std::string();
    std::fprintf(stderr, "%s: rank %d on %s %s: %s; began %llu ended %llu%s\n",
                 self.program.c_str(), self.rank, self.hostname.c_str(),
                 late ? "was stopped" : "gave up", error.message.c_str(),
                 static_cast<unsigned long long>(pulse.began()),
                 static_cast<unsigned long long>(pulse.ended()), standing.c_str());
    if (self.rank == 0) {
      for (const Outcome& open : unfinished.take_rest())
        static_cast<void>(channel.send(
            OutcomeEvent{failed_outcome(open, Failed{error, ""}, request.limit, clock)}));
      static_cast<void>(channel.send(DoneEvent{}));
    }
    clock.wait_until(clock.now() + kLastWords);
    ::_exit(kTimedOut);
  }
};

RankLimit::RankLimit(RankSelf self, const Request& request, Deadline deadline,
                     ChildChannel& channel, Unfinished& unfinished, const Pulse& pulse)
    : state_(new State{std::move(self), request, deadline, channel, unfinished, pulse}) {
  state_->thread = std::thread([state = state_.get()] { state->watch(); });
}

RankLimit::~RankLimit() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->over = true;
  }
  state_->left.notify_all();
  state_->thread.join();
}

void RankLimit::step(std::string what) const {
  const std::lock_guard lock(state_->mutex);
  state_->step = std::move(what);
  ++state_->steps;
}

}  // namespace plumbline::collectives
