#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "agent/collective/perf_table.hpp"
#include "core/protocol/request.hpp"
#include "core/result.hpp"

namespace plumbline::agent {

/// `plumbline collective`, as typed: nccl-tests' flags with its defaults, and plumbline's own.
struct CollectiveLine {
  std::string operation;
  int threads = 1;                  ///< -t
  int gpus = 1;                     ///< -g: ranks of a thread
  std::string least = "32M";        ///< -b
  std::string most = "32M";         ///< -e
  std::string step = "1M";          ///< -i
  double factor = 1;                ///< -f; above 1 it counts, not -i
  std::optional<int> warmup;        ///< -w
  std::optional<int> timed;         ///< -n; nothing, and no -w: sampled until known
  int cycles = 1;                   ///< -N
  int check = 1;                    ///< -c: taken and always on
  std::vector<std::string> words;   ///< -o: reductions, or table or json
  std::string type = "float";       ///< -d
  int root = 0;                     ///< -r
  int blocking = 0;                 ///< -z
  int average = 3;                  ///< -a
  int graph = 0;                    ///< -G
  int registered = 0;               ///< -R
  int single_runs = 0;              ///< -I
  int skipped_runs = 0;             ///< -K: first runs that -I's columns leave out
  std::string refused;              ///< a flag of nccl-tests in its neutral value
  double timeout = 0;               ///< -T; 0: 30 s without an operation ending
  std::filesystem::path json_file;  ///< -J

  std::string via = "nccl";  ///< nccl | mpi
  bool gpu_memory = false;   ///< --buffers gpu: MPI on GPU memory
  bool share_gpu = false;    ///< all ranks on GPU 0, as hosts of their own
  std::string split;         ///< "", node, rail, rack, nvlink_domain, pairs, MOD:k, DIV:k
  double seconds = 1;        ///< --budget: for one number at most
  double width = 0.01;
  std::string transport;           ///< "", shared_memory, no_shared_memory, sockets
  std::filesystem::path agents;    ///< a stage file: ranks on its agents, not on this machine
  std::vector<std::string> hosts;  ///< of mpirun, or of the agents; none: this machine, all agents
  std::filesystem::path mpirun = "mpirun";
  std::filesystem::path mpi_agent;
  std::filesystem::path rank_program;
  std::string subnet;  ///< given: TCP over it alone, and the ring
  std::string management;
  std::string fault;  ///< a rehearsal
};

/// What stdout gets, out of -o.
struct ChosenOutput {
  bool json = false;
  std::string reductions = "sum";  ///< with commas
};

/// Reads -o's words: nccl-tests' reductions ("all" is every one) and plumbline's table and json
/// stand beside each other. Another word is an error that lists them.
Result<ChosenOutput> chosen_output(const std::vector<std::string>& words);

/// The sizes from -b to -e in steps of -i or -f, each down to whole elements of the widest type, at
/// most 1000. An empty or endless range is an error.
Result<std::vector<Bytes>> chosen_sizes(const CollectiveLine& line);

/// The colours of the ranks for --split: MOD:k and DIV:k are nccl-tests' (rank modulo k, rank over
/// k), "pairs" is DIV:2, "node" is one group a host, "rail" is one group for each rank number
/// inside a host. Empty for no split, and for "rack" and "nvlink_domain", which domain_colours()
/// makes.
Result<std::vector<int>> chosen_colours(const CollectiveLine& line, int ranks);

/// One colour for each name, numbered as they come.
std::vector<int> domain_colours(const std::vector<std::string>& domains);

/// "0,0,1,1": colours as a request has them.
std::string colours_text(const std::vector<int>& colours);

/// How many ranks there are, and on which host each is.
std::vector<std::string> chosen_places(const CollectiveLine& line, const std::string& here);

/// The request that all ranks get. Refused with the flag's name: what no measurement can be made
/// of.
Result<Request> request_of(const CollectiveLine& line, const std::string& here);

/// What stands above the table.
PerfHead head_of(const CollectiveLine& line, const Request& request);

}  // namespace plumbline::agent
