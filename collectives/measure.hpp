#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "collectives/communicator.hpp"
#include "core/clock.hpp"
#include "core/model/measurement.hpp"
#include "core/protocol/request.hpp"

namespace plumbline::collectives {

/// Told what is being done now, and the share of the work done.
using Progress = std::function<void(std::string step, double share)>;

/// What to measure, how exactly.
struct MeasureJob {
  Operation operation;
  Budget budget;
  std::uint64_t seed = 0;
};

/// A number and how much was moved for it.
struct CollectiveResult {
  Measured measured;       ///< value: busbw in B/s over the slowest rank's time; no proof yet
  std::uint64_t runs = 0;  ///< operations run in all, warm-up included
};

/// Measures one operation: a warm-up that fixes how many runs a batch has, then batches until rank
/// 0's stop rule ends them for all; every run of every batch is verified on every rank. All ranks
/// call it and get the same answer. A wrong result is data_corrupt and names rank, size and
/// element.
Result<CollectiveResult> measure(Communicator& communicator, const MeasureJob& job, Clock& clock,
                                 const Progress& progress, Deadline deadline);

/// One batch from all ranks' times of its runs (`times[rank][run]`), every rank with as many runs:
/// goodput over the slowest rank's sum, windows of at least 50 ms over each run's slowest rank.
/// Pure.
struct BatchTimes {
  Seconds elapsed;              ///< the slowest rank's
  std::vector<double> windows;  ///< busbw, B/s
};
BatchTimes put_together(const Operation& operation, const std::vector<std::vector<double>>& times);

}  // namespace plumbline::collectives
