#include "agent/stage/stage.hpp"

#include <CLI/CLI.hpp>

#include "agent/command/command.hpp"
#include "agent/command/progress.hpp"
#include "agent/command/signals.hpp"

namespace plumbline::agent {
namespace {

struct StageLine {
  StageOptions options;
  std::string contract = "plumbline";
};

void add_options(CLI::App& command, StageLine& line) {
  command.add_option("-f,--file", line.options.stage_file, "The stage file")->required();
  command.add_option("--results", line.options.results, "Folder for journal and reports")
      ->required();
  command.add_flag("--resume", line.options.resume, "Go on with the journal in the results folder");
  command.add_option("--mpirun", line.options.mpirun, "Open MPI's launcher")->capture_default_str();
  command.add_option("--rank", line.options.rank_program,
                     "The collective's rank (default: plumbline-rank-mpi beside this program)");
  command.add_option("--mpi-agent", line.options.mpi_agent,
                     "Enters a node for mpirun, called AGENT HOST COMMAND... (default: collectives "
                     "are skipped)");
}

int run(const StageLine& line, const CommonOptions& common, const Streams& streams, Log& log) {
  const EndingSignals signals;
  SystemClock clock;
  Progress progress(streams.err, streams.err_is_terminal, streams.width);
  const auto report = run_stage(
      line.options,
      {log, clock, [&](const std::string& step, double share) { progress.show(step, share); },
       [&] { return signals.pending(); }});
  progress.clear();
  if (!report) return tell_error(streams, report.error());
  show_report(streams, common, *report);
  return exit_code_of(*report, line.contract);
}

}  // namespace

void add_stage(CLI::App& line, Chosen& chosen, const Streams& streams) {
  auto* const command =
      line.add_subcommand("stage", "The whole stage over many agents; writes a results folder");
  const auto options = std::make_shared<StageLine>();
  add_options(*command, *options);
  add_exit_contract(*command, options->contract);
  add_common(*command, chosen.common, "plumbline stage -f stage.yaml --results results");
  command->callback([&chosen, options, streams] {
    chosen.action = [&chosen, options, streams](Log& log) {
      return run(*options, chosen.common, streams, log);
    };
  });
}

}  // namespace plumbline::agent
