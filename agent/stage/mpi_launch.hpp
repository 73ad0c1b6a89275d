#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "core/child.hpp"
#include "core/clock.hpp"
#include "core/log.hpp"
#include "core/model/measurement.hpp"
#include "core/protocol/request.hpp"

namespace plumbline::agent {

/// One set of nodes that reduces together.
struct MpiGroup {
  std::string name;                ///< "all", or the rack's name
  std::vector<std::string> nodes;  ///< rank order; neighbours in the ring
};

/// The groups of several nodes that `words` ("all", "rack") ask for: every node, ordered by rack
/// and then name, so that a ring crosses each rack's uplink once each way; each rack with at least
/// two nodes. `racks` is node and rack (empty: unknown, in "all" only). A group under two nodes is
/// left out, and so are other words. Pure.
std::vector<MpiGroup> mpi_groups(std::vector<std::pair<std::string, std::string>> racks,
                                 const std::vector<std::string>& words);

/// One launch: one group on one rail.
struct MpiJob {
  std::filesystem::path mpirun = "mpirun";  ///< found in PATH when it has no slash; or srun
  std::filesystem::path rank_program;       ///< plumbline-rank-mpi; the same path on every node
  std::filesystem::path mpi_agent;  ///< called `AGENT HOST COMMAND...`; empty: this machine only
  /// Ranks in pods of the stage's own: mpi_agent is plumbline-mpi-daemon, which is given this
  /// socket first (PodLauncher), hosts are pod_host() and not the nodes, and every port is bounded.
  std::filesystem::path pod_socket = {};
  MpiGroup group;
  std::string rail;               ///< its name
  std::string rail_subnet;        ///< the rail's addresses: the measured path
  std::string management_subnet;  ///< the launcher's own traffic; empty: its choice
  std::string operation = "all_reduce";
  std::vector<Bytes> sizes{{4U << 20U}};
  /// What plan() of collectives knows: "type", "redop", "root", "place", "iterations", ...
  std::map<std::string, std::string> options = {};
  /// One transport alone and each operation's algorithm forced (rings, chains, linear), so that a
  /// link's rate is an expectation; else what the library chooses.
  bool pinned = true;
  /// "": TCP over the rail. "shared_memory", "no_shared_memory" or "sockets": that alone, and it is
  /// part of the outcomes' identity. Control arms: numbers that must differ.
  std::string transport = {};
  std::uint64_t seed = 1;
  Budget budget;
  Seconds limit{30};  ///< ranks give up by themselves after this
  /// stderr of the launcher and the ranks, appended. Must be named: it says who died.
  std::filesystem::path log;
};

/// What mpirun calls the host of a rank in a pod: a name that is nobody's, so that it never takes a
/// pod for its own machine.
std::string pod_host(std::size_t rank);

/// The request that every rank reads.
Request mpi_request(const MpiJob& job);

/// The identities that the job's outcomes will have, as skipped outcomes with an empty reason.
std::vector<Outcome> mpi_identities(const MpiJob& job);

/// What the ranks are started with: the request itself where it fits a command line, so that no
/// file has to be on every node; else the path of the file that has to be.
std::string request_word(const MpiJob& job, const std::filesystem::path& file);

/// What the launcher is started with: one rank a node, TCP over the rail alone and the ring forced
/// where the job is pinned, the launcher's own traffic on the management subnet, its files in
/// `scratch`, and no more of this environment than `environment`. `as_root`: Open MPI must be told
/// that this is meant. Pure.
ChildCommand mpi_command(const MpiJob& job, const std::string& request,
                         const std::filesystem::path& scratch, bool as_root,
                         std::vector<std::string> environment);

/// The names of this process's environment that mpirun gets.
std::vector<std::string> mpi_environment();

/// What a launch is watched with.
struct MpiWatch {
  std::function<void(const ProgressEvent&)> progress;  ///< may be empty
  std::function<void(const Outcome&)> outcome = {};    ///< told at once, but not a failure
  std::function<bool()> cancelled = {};  ///< asked several times a second; may be empty
};

/// Runs the job and returns an outcome for every identity. A launch that fails, dies, falls silent
/// or is not done in time is a Failed outcome that says so, with the node where one is known; at
/// the end no process of the job that this machine can see is left. An error only when nothing
/// could be started.
Result<std::vector<Outcome>> run_mpi(const MpiJob& job, const MpiWatch& watch, Log& log,
                                     Clock& clock, Deadline deadline);

}  // namespace plumbline::agent
