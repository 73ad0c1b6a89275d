#include "agent/command/collective_flags.hpp"

#include <algorithm>
#include <array>

#include "agent/stage/collective_identities.hpp"

namespace plumbline::agent {
namespace {

/// A flag of nccl-tests that is not done here.
struct Refused {
  const char* names;
  const char* neutral;  ///< the value that changes nothing
  const char* why;
};

constexpr std::array<Refused, 10> kRefused{{
    {"-m,--agg_iters", "1", "every run is timed and verified by itself, so none are put together"},
    {"-p,--parallel_init", "0,1", "ranks are processes and always begin together: give 0 or 1"},
    {"-y,--stream_null", "0", "each rank has a stream of its own, never the null stream"},
    {"-C,--report_cputime", "0", "times are the GPU's, with -z the host's"},
    {"-S,--report_timestamps", "0", "every outcome of -o json has its time"},
    {"-x,--cta_policy", "0", "set NCCL_CTA_POLICY, which is recorded with the number"},
    {"-D,--device_implementation", "0", "NCCL's own collectives are measured, no device kernels"},
    {"-V,--device_cta_count", "16", "there are no device kernels (-D)"},
    {"-M,--memory", "0", "NCCL's use of memory is not reported"},
    {"-u,--unalign", "0", "buffers are aligned as the library gives them"},
}};

std::string first_name(const char* names) {
  const std::string text = names;
  return text.substr(0, text.find(','));
}

/// Empty for a neutral value, else the line that refuses.
std::string refusal(const Refused& flag, const std::string& value) {
  const auto words = parts_of(flag.neutral);
  if (std::find(words.begin(), words.end(), value) != words.end()) return {};
  return first_name(flag.names) + " " + value + " is not done here: " + flag.why;
}

void add_refused(CLI::App& command, CollectiveLine& line) {
  for (const Refused& flag : kRefused) {
    command.add_option(flag.names, line.refused, flag.why)
        ->group("")
        ->check(CLI::Validator([&flag](const std::string& value) { return refusal(flag, value); },
                               "", "nccl-tests"));
  }
}

}  // namespace

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
  command
      .add_option("-K,--per_iter_skip", line.skipped_runs,
                  "With -I: so many first runs are left out of its columns")
      ->check(CLI::Range(0, 1'000'000));
  add_refused(command, line);
}

void add_our_flags(CLI::App& command, CollectiveLine& line) {
  command.add_option("--via", line.via, "Communicator: nccl (GPUs here) or mpi (host memory)")
      ->check(CLI::IsMember({"nccl", "mpi"}))
      ->capture_default_str();
  command
      .add_option_function<std::string>(
          "--buffers", [&line](const std::string& word) { line.gpu_memory = word == "gpu"; },
          "MPI: host memory, or gpu where the MPI is CUDA-aware (default: host)")
      ->check(CLI::IsMember({"host", "gpu"}));
  command.add_flag("--share-gpu", line.share_gpu,
                   "NCCL: all ranks on GPU 0, as hosts of their own over sockets");
  command.add_option("--split", line.split,
                     "Groups at once: node, rail, pairs, MOD:k, DIV:k; with --agents also rack and "
                     "nvlink_domain");
  command
      .add_option("--transport", line.transport,
                  "Only by shared_memory, no_shared_memory or sockets: a control arm")
      ->check(CLI::IsMember({"shared_memory", "no_shared_memory", "sockets"}));
  command.add_option("--agents", line.agents,
                     "A stage file: NCCL's ranks are started by its agents, -g on each");
  command.add_option("--budget", line.seconds, "Seconds for one number at most, when sampled")
      ->check(CLI::Range(0.05, 600.0))
      ->capture_default_str();
  command.add_option("--width", line.width, "Half-width of the 95 % interval, as a share")
      ->check(CLI::Range(0.001, 1.0))
      ->capture_default_str();
  command.add_option("--hosts", line.hosts, "Hosts with commas; none: this machine, or all agents")
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

}  // namespace plumbline::agent
