#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "agent/collective/told_runs.hpp"
#include "core/model/measurement.hpp"

namespace plumbline::agent {

/// What stands above nccl-tests' table.
struct PerfHead {
  std::string operation;  ///< "all_reduce"
  int threads = 1;
  int gpus = 1;
  std::uint64_t least = 0;
  std::uint64_t most = 0;
  std::uint64_t step = 0;
  bool factor = false;  ///< `step` multiplies
  int warmup = 0;
  int iterations = 0;  ///< 0: sampled until known
  int graph = 0;
  std::string how;                   ///< one line on how plumbline measures; empty: none
  std::vector<std::string> places;   ///< by rank: its host
  std::vector<int> groups;           ///< by rank
  std::vector<std::string> devices;  ///< by rank: "[0000:07:00] NVIDIA H100"; short: none known
  bool single_runs = false;          ///< -I: columns of single runs
};

/// Whose time stands in the table, as -a numbers them.
enum class PerfTime { rank0, average, least, most };

/// One half of a row: out of place, or in place.
struct PerfCell {
  double time_us = 0;
  double alg = 0;  ///< GB/s
  double bus = 0;
  std::optional<std::uint64_t> wrong;  ///< nothing: not run, shown as N/A
  std::optional<ToldRuns> single;
};

/// One row: what nccl-tests has before the halves.
struct PerfRow {
  std::uint64_t size = 0;
  std::uint64_t count = 0;
  std::string type;
  std::string reduction;
  int root = -1;
  PerfCell out_of_place;
  PerfCell in_place;
};

/// The lines above the table, in nccl-tests' form (its src/util.cu, release 2.19), but for the
/// first one, which names plumbline.
std::string perf_head(const PerfHead& head, const std::string& version);

/// One row, with its newline. Numbers take two decimals, less where they do not fit.
std::string perf_row(const PerfRow& row, bool single_runs);

/// The lines below: wrong elements, the mean bus bandwidth over all rows, the end.
std::string perf_foot(const std::string& operation, std::uint64_t wrong, double mean_bus);

/// A half from its outcome: what was measured, or how much of it was wrong. Nothing for an outcome
/// that was skipped or failed otherwise.
std::optional<PerfCell> perf_cell(const Outcome& outcome, PerfTime time);

/// The columns before the halves from an outcome of the row.
PerfRow perf_row_of(const Outcome& outcome);

}  // namespace plumbline::agent
