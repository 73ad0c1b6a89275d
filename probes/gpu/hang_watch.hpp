#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

#include "core/clock.hpp"

namespace plumbline::probes {

/// Calls `late`, once and from its own thread, when its deadline passes while it lives. For calls
/// into a driver that may never return: what `late` does must not wait for that thread.
class HangWatch {
 public:
  HangWatch(Deadline deadline, std::function<void()> late);
  ~HangWatch();
  HangWatch(const HangWatch&) = delete;
  HangWatch& operator=(const HangWatch&) = delete;

 private:
  std::mutex mutex_;
  std::condition_variable ended_;
  bool over_ = false;
  std::thread thread_;
};

}  // namespace plumbline::probes
