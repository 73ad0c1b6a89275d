#pragma once

#include <thread>

#include "core/clock.hpp"

namespace plumbline::probes {

/// Ends this process at once (status 70, one line on stderr) when `input` reaches its end, since
/// then the agent is gone, or when `deadline` passes, since then the probe itself did not keep its
/// limit. Watches from a thread of its own while it lives; reads nothing from `input`.
class Guard {
 public:
  Guard(int input, Deadline deadline);
  ~Guard();
  Guard(const Guard&) = delete;
  Guard& operator=(const Guard&) = delete;

 private:
  int stop_;
  std::thread thread_;
};

}  // namespace plumbline::probes
