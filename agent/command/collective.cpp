#include <CLI/CLI.hpp>
#include <ostream>

#include "agent/collective/collective_line.hpp"
#include "agent/collective/local_ranks.hpp"
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

constexpr const char* kAbout =
    "Measures a collective operation over many ranks; takes nccl-tests' flags and prints its table";
constexpr const char* kExample =
    "plumbline collective all_reduce -g 8 -b 8 -e 8G -f 2\n"
    "  plumbline collective all_reduce --via mpi -g 4 -b 8 -e 1M -f 4\n"
    "  plumbline collective alltoall --via mpi -g 8 -b 1M -e 1M -n 20 -o json";
constexpr const char* kOperations =
    "all_reduce, all_gather, reduce_scatter, broadcast, reduce, alltoall, gather, scatter, "
    "sendrecv or hypercube";

/// nccl-tests' flags, by its letters and words.
void add_their_flags(CLI::App& command, CollectiveLine& line) {
  command.add_option("-t,--nthreads", line.threads, "Threads; ranks are -t times -g")
      ->capture_default_str();
  command.add_option("-g,--ngpus", line.gpus, "Ranks of a thread (of a host with --hosts)")
      ->capture_default_str();
  command.add_option("-b,--minbytes", line.least, "Least size")->capture_default_str();
  command.add_option("-e,--maxbytes", line.most, "Greatest size")->capture_default_str();
  command.add_option("-i,--stepbytes", line.step, "Step between sizes")->capture_default_str();
  command.add_option("-f,--stepfactor", line.factor, "Factor between sizes, instead of -i")
      ->check(CLI::Range(1.0, 1e6));
  command.add_option("-n,--iters", line.timed,
                     "Timed runs; without -n and -w plumbline measures until the number is known");
  command.add_option("-w,--warmup_iters", line.warmup, "Runs before the timed ones");
  command.add_option("-N,--run_cycles", line.cycles, "How often the sizes are gone through")
      ->check(CLI::Range(1, 1000));
  command.add_option("-c,--check", line.check, "Taken; every timed run is checked, always")
      ->check(CLI::NonNegativeNumber);
  command
      .add_option("-o,--op,--output", line.words,
                  "Reduction (sum prod min max avg mulsum all), or what stdout gets (table json)")
      ->expected(1)
      ->allow_extra_args(false)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  command.add_option("-d,--datatype", line.type, "Data type, nccl-tests' names, or all")
      ->capture_default_str();
  command.add_option("-r,--root", line.root, "Root of broadcast, reduce, gather, scatter")
      ->capture_default_str();
  command.add_option("-z,--blocking", line.blocking, "1 barrier inside, 3 outside a run's time")
      ->check(CLI::Range(0, 3));
  command
      .add_option("-a,--average", line.average,
                  "Time shown: 0 rank 0, 1 average, 2 least, 3 slowest rank")
      ->check(CLI::Range(0, 3))
      ->capture_default_str();
  command.add_option("-G,--cudagraph", line.graph, "1: a batch is one CUDA graph")
      ->check(CLI::Range(0, 1));
  command
      .add_option("-R,--local_register", line.registered,
                  "Buffers registered with NCCL: 1 locally, 2 symmetrically")
      ->check(CLI::Range(0, 2));
  command.add_option("-I,--per_iter_timing", line.single_runs, "1: columns of single runs")
      ->check(CLI::Range(0, 1));
  command.add_option("-T,--timeout", line.timeout, "Seconds without a run ending that are a hang")
      ->check(CLI::Range(1.0, 3600.0));
  command.add_option("-J,--output_file", line.json_file, "Also writes the JSON to this file");
}

void add_our_flags(CLI::App& command, CollectiveLine& line) {
  command.add_option("--via", line.via, "Communicator: nccl (GPUs here) or mpi (host memory)")
      ->check(CLI::IsMember({"nccl", "mpi"}))
      ->capture_default_str();
  command.add_flag("--share-gpu", line.share_gpu,
                   "NCCL: all ranks on GPU 0, as hosts of their own over sockets");
  command.add_option("--split", line.split, "Groups at once: node, pairs, MOD:k, DIV:k");
  command.add_option("--budget", line.seconds, "Seconds for one number at most, when sampled")
      ->check(CLI::Range(0.05, 600.0))
      ->capture_default_str();
  command.add_option("--width", line.width, "Half-width of the 95 % interval, as a share")
      ->check(CLI::Range(0.001, 1.0))
      ->capture_default_str();
  command.add_option("--hosts", line.hosts, "Hosts with commas; none: this machine")
      ->delimiter(',');
  command.add_option("--mpirun", line.mpirun, "The MPI launcher")->capture_default_str();
  command.add_option("--mpi-agent", line.mpi_agent,
                     "What mpirun enters hosts with (AGENT HOST ...)");
  command.add_option("--rank", line.rank_program,
                     "The rank program (default: plumbline-rank or plumbline-rank-mpi beside us)");
  command.add_option("--subnet", line.subnet,
                     "TCP over the devices of this subnet alone, the ring forced");
  command.add_option("--management", line.management, "Subnet of the launcher's own traffic");
  command.add_option("--fault", line.fault,
                     "Rehearses a fault: kill|stop|corrupt:RANK:RUN, delay|slow:RANK:RUN:TIME");
}

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
  job.pinned = !line.subnet.empty();
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

/// One cycle through all sizes, by the communicator that was chosen.
Result<std::vector<Outcome>> one_cycle(const CollectiveLine& line, const Request& request,
                                       const MpiWatch& watch, Log& log) {
  SystemClock clock;
  if (line.via == "nccl") {
    const LocalWatch local{watch.progress, watch.outcome, watch.cancelled};
    return run_local_ranks(ranks_of(line, request), local, clock);
  }
  MpiJob job = job_of(line, request);
  job.seed = request.seed;
  return run_mpi(job, watch, log, clock, Deadline::never());
}

Status measure(const CollectiveLine& line, Request request, CollectiveResults& results,
               const Streams& streams, Log& log) {
  const EndingSignals signals;
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
  for (int cycle = 0; cycle < line.cycles && !signals.pending(); ++cycle) {
    request.seed = static_cast<std::uint64_t>(cycle) + 1;
    const auto outcomes = one_cycle(line, request, watch, log);
    progress.clear();
    if (!outcomes) return tl::unexpected(outcomes.error());
    results.end_cycle(*outcomes);
  }
  return {};
}

int run(const CollectiveLine& line, const Streams& streams, Log& log) {
  const auto request = request_of(line, host_name());
  if (!request) {
    Error error = request.error();
    error.message += " (see plumbline collective --help)";
    return tell_error(streams, error);
  }
  const bool table = !chosen_output(line.words)->json;
  CollectiveResults results(line, *request, table, streams);
  results.begin();
  if (auto done = measure(line, *request, results, streams, log); !done)
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
