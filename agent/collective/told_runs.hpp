#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/model/measurement.hpp"

namespace plumbline::agent {

/// What the ranks told of single runs, in seconds: counters of the outcome, and, where it was asked
/// for, the times themselves out of its proof of kind "samples".
struct ToldRuns {
  std::vector<std::vector<double>> ranks;  ///< by rank; empty: not asked for
  std::uint64_t timed = 0;
  double p50 = 0;  ///< of each run's slowest rank
  double p99 = 0;
  double max = 0;
  std::vector<int> late;  ///< the ranks that came late again and again, the latest first
  double lateness = 0;
  std::optional<int> awaited;  ///< by NCCL's steps, the rank whose data the others wait for
  double clock_error = 0;
};

/// Reads it back; nothing that is not there is made up. Samples that are no lists of numbers are
/// left out.
ToldRuns told_runs(const Measured& measured);

/// Leaves each rank's first `count` runs out, and takes p50, p99 and max from the others. Nothing
/// where no single times are known or none would be left.
void leave_out_first(ToldRuns& runs, std::size_t count);

/// A counter of an outcome, zero where it has none.
double counter_of(const Measured& measured, const char* name);

/// "; suspected: rank 1 on node-2, rank 3 on node-4": the end of a failure's message.
std::string suspected(const std::vector<std::string>& names);
/// The names out of such a message.
std::vector<std::string> suspects_in(const std::string& message);

/// How many elements a failure's message says were wrong ("gave 12 wrong elements on"); zero where
/// it says nothing of it.
std::uint64_t wrong_in(const std::string& message);

}  // namespace plumbline::agent
