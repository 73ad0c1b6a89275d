#pragma once

#include <string>

#include "core/result.hpp"
#include "probes/probe.hpp"

namespace plumbline::probes {

/// How two ends of a pair of GPUs talk: step by step, each step both, "ok <words>" or why one
/// cannot go on. Borrows the task.
class PairTalk {
 public:
  explicit PairTalk(const Task& task) : task_(task) {}

  int rank() const { return task_.rendezvous->rank(); }

  /// Gives `mine` and takes the other's words. An error of either end is one for both.
  Result<std::string> exchange(const Result<std::string>& mine);

 private:
  Error error_in(const std::string& said) const;

  const Task& task_;
};

}  // namespace plumbline::probes
