#include <CLI/CLI.hpp>
#include <ostream>

#include "agent/collective/agent_ranks.hpp"
#include "agent/collective/collective_line.hpp"
#include "agent/collective/local_ranks.hpp"
#include "agent/command/collective_agents.hpp"
#include "agent/command/collective_flags.hpp"
#include "agent/command/collective_results.hpp"
#include "agent/command/command.hpp"
#include "agent/command/local_probe.hpp"
#include "agent/command/progress.hpp"
#include "agent/command/signals.hpp"
#include "agent/stage/mpi_launch.hpp"
#include "agent/supervisor/child_run.hpp"
#include "core/child.hpp"
#include "core/files.hpp"

namespace plumbline::agent {
namespace {

constexpr const char* kThisMachine = "127.0.0.0/8";
constexpr const char* kAbout =
    "Measures a collective operation over many ranks; takes nccl-tests' flags and prints its table";
constexpr const char* kExample =
    "plumbline collective all_reduce -g 8 -b 8 -e 8G -f 2\n"
    "  plumbline collective all_reduce --via mpi -g 4 -b 8 -e 1M -f 4\n"
    "  plumbline collective alltoall --via mpi -g 8 -b 1M -e 1M -n 20 -o json";
constexpr const char* kOperations =
    "all_reduce, all_gather, reduce_scatter, broadcast, reduce, alltoall, gather, scatter, "
    "sendrecv or hypercube";

std::filesystem::path beside_us(const char* program) {
  const auto folder = program_directory();
  return folder ? *folder / program : std::filesystem::path(program);
}

MpiJob job_of(const CollectiveLine& line, const Request& request) {
  MpiJob job;
  job.mpirun = line.mpirun;
  job.rank_program =
      line.rank_program.empty() ? beside_us("plumbline-rank-mpi") : line.rank_program;
  job.mpi_agent = line.hosts.empty() ? std::filesystem::path() : line.mpi_agent;
  job.group.name = "all";
  for (const Endpoint& end : request.ends)
    job.group.nodes.push_back(end.node);
  job.rail_subnet = line.subnet;
  job.management_subnet = line.management;
  job.operation = request.probe;
  job.sizes = request.sizes;
  job.options = request.options;
  job.pinned = !line.subnet.empty() || !line.transport.empty();
  job.transport = line.transport;
  if (line.transport == "sockets" && line.subnet.empty() && line.hosts.empty())
    job.rail_subnet = kThisMachine;
  job.budget = request.budget;
  job.limit = request.limit;
  return job;
}

LocalRanks ranks_of(const CollectiveLine& line, const Request& request) {
  LocalRanks ranks;
  ranks.program = line.rank_program.empty() ? beside_us("plumbline-rank") : line.rank_program;
  ranks.node = host_name();
  ranks.environment = child_environment();
  ranks.request = request;
  return ranks;
}

/// One command while it runs.
struct Run {
  CollectiveLine line;
  const EndingSignals& signals;
  Log& log;
  std::unique_ptr<AgentSession> session = {};  ///< with --agents
};

/// One cycle through all sizes, by the communicator that was chosen.
Result<std::vector<Outcome>> one_cycle(const Run& run, const Request& request,
                                       const MpiWatch& watch) {
  SystemClock clock;
  const CollectiveLine& line = run.line;
  const LocalWatch local{watch.progress, watch.outcome, watch.cancelled};
  if (run.session != nullptr) {
    const AgentRanks ranks{"c" + std::to_string(request.seed), run.session->file.own_namespace,
                           request};
    return run_agent_ranks(*run.session->fleet, ranks, local, clock);
  }
  if (line.via == "nccl") {
    return run_local_ranks(ranks_of(line, request), local, clock);
  }
  MpiJob job = job_of(line, request);
  job.seed = request.seed;
  return run_mpi(job, watch, run.log, clock, Deadline::never());
}

Status measure(const Run& run, Request request, CollectiveResults& results,
               const Streams& streams) {
  const EndingSignals& signals = run.signals;
  Progress progress(streams.err, streams.err_is_terminal, streams.width);
  MpiWatch watch;
  watch.cancelled = [&] { return signals.pending().has_value(); };
  watch.outcome = [&](const Outcome& outcome) {
    progress.clear();
    results.take(outcome);
  };
  watch.progress = [&](const ProgressEvent& event) {
    if (streams.err_is_terminal) progress.show(event.step, event.share);
  };
  for (int cycle = 0; cycle < run.line.cycles && !signals.pending(); ++cycle) {
    request.seed = static_cast<std::uint64_t>(cycle) + 1;
    const auto outcomes = one_cycle(run, request, watch);
    progress.clear();
    if (!outcomes) return tl::unexpected(outcomes.error());
    results.end_cycle(*outcomes);
  }
  return {};
}

/// The request of the line, its ranks on agents where they were asked for.
Result<Request> prepare(Run& run) {
  if (run.line.agents.empty()) return request_of(run.line, host_name());
  if (auto right = request_of(run.line, host_name()); !right) return right;
  auto session = open_agents(run.line, run.log);
  if (!session) return tl::unexpected<Error>(session.error());
  run.session = std::move(*session);
  run.line.hosts = run.session->nodes;
  auto request = request_of(run.line, host_name());
  if (!request) return request;
  if (auto placed = place_on_agents(*run.session, run.line, *request); !placed)
    return tl::unexpected<Error>(placed.error());
  return request;
}

int run(const CollectiveLine& typed, const Streams& streams, Log& log) {
  const EndingSignals signals;
  Run run{typed, signals, log};
  const auto request = prepare(run);
  const CollectiveLine& line = run.line;
  if (!request) {
    Error error = request.error();
    error.message += " (see plumbline collective --help)";
    return tell_error(streams, error);
  }
  const bool table = !chosen_output(line.words)->json;
  CollectiveResults results(line, *request, table, streams);
  results.begin();
  if (auto done = measure(run, *request, results, streams); !done)
    return tell_error(streams, done.error());
  results.end();
  if (!table) streams.out << results.json();
  if (!line.json_file.empty()) {
    if (auto wrote = write_file(line.json_file, results.json()); !wrote)
      return tell_error(streams, wrote.error());
  }
  return results.exit_code();
}

}  // namespace

void add_collective(CLI::App& line, Chosen& chosen, const Streams& streams) {
  auto* const command = line.add_subcommand("collective", kAbout);
  const auto options = std::make_shared<CollectiveLine>();
  command->add_option("operation", options->operation, kOperations)
      ->required()
      ->check(CLI::IsMember({"all_reduce", "all_gather", "reduce_scatter", "broadcast", "reduce",
                             "alltoall", "gather", "scatter", "sendrecv", "hypercube"}));
  add_their_flags(*command, *options);
  add_our_flags(*command, *options);
  add_log_options(*command, chosen.common);
  command->footer(std::string("Example:\n  ") + kExample);
  command->callback([&chosen, options, streams] {
    chosen.action = [options, streams](Log& log) { return run(*options, streams, log); };
  });
}

}  // namespace plumbline::agent
