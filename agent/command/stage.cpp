#include "agent/stage/stage.hpp"

#include <CLI/CLI.hpp>

#include "agent/command/command.hpp"
#include "agent/command/done_file.hpp"
#include "agent/command/progress.hpp"
#include "agent/command/signals.hpp"
#include "core/files.hpp"

namespace plumbline::agent {
namespace {

struct StageLine {
  StageOptions options;
  std::string contract = "plumbline";
  std::filesystem::path done;  ///< written last, for a runner that waits for it; empty: nobody does
};

void add_options(CLI::App& command, StageLine& line) {
  command.add_option("-f,--file", line.options.stage_file, "The stage file")->required();
  command.add_option("--results", line.options.results, "Folder for journal and reports")
      ->required();
  command.add_flag("--resume", line.options.resume, "Go on with the journal in the results folder");
  command.add_flag("--deploy-agents", line.options.deploy_agents,
                   "Bring agents to the nodes of the stage file's agent_pods (the DaemonSet of "
                   "deploy/kubernetes/overlays/prober, with TLS of this run) and take them away");
  command.add_option("--mpirun", line.options.mpirun, "Open MPI's launcher")->capture_default_str();
  command.add_option("--rank", line.options.rank_program,
                     "The collective's rank (default: plumbline-rank-mpi beside this program)");
  command.add_option("--mpi-agent", line.options.mpi_agent,
                     "Enters a node for mpirun, called AGENT HOST COMMAND... (default: collectives "
                     "between nodes are skipped); the pods of workloads need none");
  command.add_option("--done", line.done,
                     "Written last of all, with the path of the packed results, for a runner that "
                     "waits for it (Sonobuoy)");
}

/// Why there is no report, among what a waiting runner is given.
void keep_error(const StageLine& line, const Error& error) {
  if (line.done.empty()) return;
  std::error_code ignored;
  std::filesystem::create_directories(line.options.results, ignored);
  // What cannot be written is told by write_done(), which comes next.
  static_cast<void>(write_file(line.options.results / "error.txt", error.message + "\n"));
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
  if (!report) {
    keep_error(line, report.error());
    return tell_error(streams, report.error());
  }
  show_report(streams, common, *report);
  return exit_code_of(*report, line.contract);
}

/// The stage, and then the word that it is over: a runner that waits learns of an error as well.
int run_and_tell(const StageLine& line, const CommonOptions& common, const Streams& streams,
                 Log& log) {
  const int code = run(line, common, streams, log);
  if (line.done.empty()) return code;
  const auto told = write_done(line.done, line.options.results);
  return told ? code : tell_error(streams, told.error());
}

}  // namespace

void add_stage(CLI::App& line, Chosen& chosen, const Streams& streams) {
  auto* const command =
      line.add_subcommand("stage", "The whole stage over many agents; writes a results folder");
  const auto options = std::make_shared<StageLine>();
  add_options(*command, *options);
  add_exit_contract(*command, options->contract);
  add_common(*command, chosen.common,
             "plumbline stage -f stage.yaml --results results\n"
             "  plumbline stage -f cluster.yaml --results results --deploy-agents\n"
             "  plumbline stage -f rack.yaml --results results --mpi-agent /usr/bin/ssh");
  command->callback([&chosen, options, streams] {
    chosen.action = [&chosen, options, streams](Log& log) {
      return run_and_tell(*options, chosen.common, streams, log);
    };
  });
}

}  // namespace plumbline::agent
