#include "probes/gpu/hang_watch.hpp"

namespace plumbline::probes {

HangWatch::HangWatch(Deadline deadline, std::function<void()> late)
    : thread_([this, deadline, late = std::move(late)] {
        std::unique_lock lock(mutex_);
        const bool over = ended_.wait_for(lock, deadline.left(), [this] { return over_; });
        if (!over) late();
      }) {}

HangWatch::~HangWatch() {
  {
    const std::lock_guard lock(mutex_);
    over_ = true;
  }
  ended_.notify_all();
  thread_.join();
}

}  // namespace plumbline::probes
