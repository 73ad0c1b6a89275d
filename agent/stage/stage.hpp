#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "core/clock.hpp"
#include "core/log.hpp"
#include "core/model/report.hpp"
#include "core/result.hpp"

namespace plumbline::agent {

/// What a stage is started with.
struct StageOptions {
  std::filesystem::path stage_file;
  std::filesystem::path results;  ///< made when missing; holds the journal and the report
  bool resume = false;            ///< go on with the journal that is there
  bool deploy_agents = false;     ///< bring agents to the nodes of `agent_pods`, and take them away
  std::filesystem::path mpirun = "mpirun";
  std::filesystem::path rank_program;  ///< plumbline-rank-mpi; empty: beside this program
  std::filesystem::path mpi_agent;     ///< enters a node for mpirun; empty: collectives are skipped
};

/// What a stage needs of the world around it.
struct StageWorld {
  Log& log;
  Clock& clock;
  /// Told of each step: one line, and the share of the stage that is done. May be empty.
  std::function<void(const std::string& step, double share)> progress;
  /// Why the stage must end early ("SIGTERM"); nothing while it may go on. Asked often;
  /// thread-safe.
  std::function<std::optional<std::string>()> stop;
};

/// Runs one whole stage: discover, read claims, plan, gate, measure, judge, report. The report and
/// its written forms are in `results` when it returns, also after `stop` or the stage's deadline.
/// An error means that no stage could be run: a bad stage file, a results folder that cannot be
/// used.
Result<Report> run_stage(const StageOptions& options, const StageWorld& world);

}  // namespace plumbline::agent
