#include "collectives/mpi/limit.hpp"

#include <unistd.h>

#include <algorithm>
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

}  // namespace

bool Unfinished::take(const Outcome& outcome) {
  const auto size = outcome.parameters.find("size");
  if (size == outcome.parameters.end()) return false;
  const std::lock_guard lock(mutex_);
  const auto found = std::find_if(sizes_.begin(), sizes_.end(), [&](Bytes left) {
    return std::to_string(left.count) == size->second;
  });
  if (found == sizes_.end()) return false;
  sizes_.erase(found);
  return true;
}

std::vector<Bytes> Unfinished::sizes() const {
  const std::lock_guard lock(mutex_);
  return std::exchange(sizes_, {});
}

struct RankLimit::State {
  const Request& request;
  int rank;
  std::string hostname;
  Deadline deadline;
  ChildChannel& channel;
  Unfinished& unfinished;
  std::mutex mutex = {};
  std::condition_variable left = {};
  bool over = false;
  std::string step = "starting";
  std::thread thread = {};

  void watch() {
    std::unique_lock lock(mutex);
    while (!over && !deadline.passed())
      left.wait_for(lock, deadline.left());
    if (over) return;
    give_up(step);
  }

  [[noreturn]] void give_up(const std::string& where) {
    SystemClock clock;
    const Error error{ErrorCode::deadline_exceeded,
                      "not finished after " + format_time(request.limit) + ", while " + where};
    const bool late = clock.now() > deadline.moment() + kLate;
    std::fprintf(stderr, "plumbline-rank-mpi: rank %d on %s %s: %s\n", rank, hostname.c_str(),
                 late ? "was stopped" : "gave up", error.message.c_str());
    if (rank == 0) {
      for (const Bytes size : unfinished.sizes())
        static_cast<void>(
            channel.send(OutcomeEvent{failed_outcome(request, size, error, request.limit, clock)}));
      static_cast<void>(channel.send(DoneEvent{}));
    }
    clock.wait_until(clock.now() + kLastWords);
    ::_exit(kTimedOut);
  }
};

RankLimit::RankLimit(const Request& request, int rank, std::string hostname, Deadline deadline,
                     ChildChannel& channel, Unfinished& unfinished)
    : state_(new State{request, rank, std::move(hostname), deadline, channel, unfinished}) {
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
}

}  // namespace plumbline::collectives
