#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "agent/tls.hpp"
#include "core/log.hpp"
#include "core/result.hpp"

namespace plumbline::agent {

/// What a daemon is started with.
struct AgentOptions {
  std::string node;
  std::string listen;   ///< "10.70.0.11:7443": an address, no name; port 0: any
  std::string metrics;  ///< "10.70.0.11:9464"; empty: no HTTP
  TlsFiles tls;
  std::filesystem::path kubelet_socket = "/var/lib/kubelet/pod-resources/kubelet.sock";
  std::filesystem::path kubelet_state = "/var/lib/kubelet";
  std::filesystem::path cgroups;  ///< empty: sys/fs/cgroup below sysfs_root
  std::filesystem::path cni_results = "/var/lib/cni/results";
  std::vector<std::string> peer_subnets;  ///< only devices on these are measured; empty: all
  std::string drivers;                    ///< "fake:FILE"; empty: this machine's own
  double lldp_seconds = 0;                ///< listened for neighbours once, at the start; 0: not
  std::filesystem::path sysfs_root;       ///< empty: this machine's own
  std::filesystem::path probe_program;    ///< empty: plumbline-probe beside this program
  std::filesystem::path rank_program;     ///< empty: plumbline-rank beside this program
  /// It runs in a pod that the scheduler placed: what it sees is that pod's, nobody else is asked.
  bool placed = false;
};

/// Serves until SIGTERM or SIGINT; then children are killed and it returns success. The kubelet may
/// come later. Blocks the two signals in the calling thread: call it before others start.
Status run_agent(const AgentOptions& options, Log& log);

/// Success for "IPv4:PORT" or "[IPv6]:PORT".
Status check_address(const std::string& address);

}  // namespace plumbline::agent
