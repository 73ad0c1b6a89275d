#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "collectives/communicator.hpp"
#include "core/clock.hpp"
#include "core/model/measurement.hpp"
#include "core/protocol/request.hpp"

namespace plumbline::collectives {

/// Told what is being done now, and the share of the work done.
using Progress = std::function<void(std::string step, double share)>;

/// nccl-tests' way instead of plumbline's: so many runs, once.
struct FixedCounts {
  int warmup = 1;
  int timed = 20;
};

/// What to measure, how exactly.
struct MeasureJob {
  Operation operation;
  Budget budget;
  std::uint64_t seed = 0;
  std::optional<FixedCounts> fixed = {};
  Blocking blocking = Blocking::none;
  std::vector<int> colours = {};  ///< the groups that work at once; empty: all are one
};

/// Iterations of one rank that are kept one by one.
inline constexpr std::size_t kIterationsKept = 2000;

/// The times of single runs, in seconds, first timed one first.
struct Iterations {
  std::vector<std::vector<double>> ranks;  ///< by rank; the last kIterationsKept of each
  std::vector<double> medians;             ///< of each batch: its runs' slowest ranks, s
  double p50 = 0;                          ///< of each run's slowest rank, over all timed ones
  double p99 = 0;
  double max = 0;
  std::uint64_t timed = 0;  ///< runs timed in all
  std::vector<int> late;    ///< ranks that came late again and again, the latest first
  double lateness = 0;      ///< by how much it came later than the others' median, as a median
  double clock_error = 0;   ///< bound of the error of comparing two ranks' clocks
};

/// A number and how much was moved for it.
struct CollectiveResult {
  Measured measured;  ///< value: busbw in B/s over the slowest rank's time; no proof yet
  Iterations iterations;
  std::uint64_t runs = 0;  ///< operations run in all, warm-up included
};

/// What went wrong for one size.
struct MeasureError {
  Error error;
  std::uint64_t wrong = 0;            ///< wrong elements, when the data was
  std::vector<std::string> suspects;  ///< the ranks that got wrong data
};

/// Measures one operation: a warm-up that fixes how many runs a batch has, then batches until rank
/// 0's stop rule ends them for all (or the fixed counts, as one batch); every run of every batch is
/// verified on every rank. All ranks call it and get the same answer. A wrong result is
/// data_corrupt and names rank, size and element. Groups of different sizes are measured by the
/// slowest run of any, with the largest group's factor.
tl::expected<CollectiveResult, MeasureError> measure(Communicator& communicator,
                                                     const MeasureJob& job, Clock& clock,
                                                     const Progress& progress, Deadline deadline);

/// One batch from all ranks' times of its runs (`times[rank][run]`), every rank with as many runs:
/// goodput over the slowest rank's sum, windows of at least 50 ms over each run's slowest rank.
/// `ranks` is the size of a group. Pure.
struct BatchTimes {
  Seconds elapsed;              ///< the slowest rank's
  std::vector<double> windows;  ///< busbw, B/s
  std::vector<double> slowest;  ///< of each run, s
};
BatchTimes put_together(const Operation& operation, int ranks,
                        const std::vector<std::vector<double>>& times);

}  // namespace plumbline::collectives
