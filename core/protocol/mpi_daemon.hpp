#pragma once

#include <string>
#include <vector>

#include "core/child.hpp"
#include "core/protocol/request.hpp"
#include "core/result.hpp"

namespace plumbline {

/// What a request names that starts Open MPI's daemon in a pod.
constexpr const char* kMpiDaemon = "mpi_daemon";
/// Where mpirun listens for its daemons in pods, and the ports of daemons and ranks there: what a
/// network policy has to let through.
constexpr int kMpiLaunchPort = 7452;
constexpr int kMpiDaemonPorts = 7460;  ///< the first of kMpiPortCount
constexpr int kMpiRankPorts = 7480;    ///< the first of kMpiPortCount
constexpr int kMpiPortCount = 20;

/// What one of Open MPI's daemons must know to find its launcher. All of it comes from outside and
/// is checked, so that no word of it is ever more than a value.
struct MpiDaemon {
  std::string job;       ///< digits
  std::string number;    ///< digits: which daemon it is
  std::string daemons;   ///< digits: how many there are, the launcher included
  std::string nodes;     ///< ORTE's short form of all nodes' names: "vm,rank-[1:0-2]@0(4)"
  std::string launcher;  ///< "1901592576.0;tcp://10.70.0.1,10.1.0.1:7452": IPv4, kMpiLaunchPort
};

/// Reads what Open MPI 4.1's rsh launcher wants a host to run, `orted -mca NAME VALUE...`, each
/// value perhaps in quotes. Settings that are not needed are left out; another program, or one
/// without a setting that is needed, is an error. Pure.
Result<MpiDaemon> read_daemon_words(const std::vector<std::string>& words);

/// The options of a request that carry it, beside "address": the IPv4 address of the pod.
std::map<std::string, std::string> daemon_options(const MpiDaemon& daemon,
                                                  const std::string& address);

/// The command of a request with such options, in an environment of its own: orted with settings of
/// ours and these values, none of which can be a program, a path or a setting. The error names the
/// option that is missing, unknown or not of its form. Pure.
Result<ChildCommand> daemon_command(const Request& request);

}  // namespace plumbline
