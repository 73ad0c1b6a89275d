#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "agent/client/agent_connection.hpp"
#include "agent/cluster_place.hpp"
#include "agent/stage/workloads_asked.hpp"
#include "agent/tls.hpp"
#include "core/protocol/request.hpp"
#include "core/result.hpp"
#include "netcheck/claims/agent_pods.hpp"
#include "netcheck/facts.hpp"

namespace plumbline::agent {

/// A stage file (YAML, schema plumbline.stage/v1), read and checked. Paths are absolute: what the
/// file gives is relative to the file. docs/stage-file.md has every field.
struct StageFile {
  std::string name;
  std::vector<AgentAddress> agents;          ///< names unique; empty: found by `agent_pods`
  netcheck::claims::AgentSearch agent_pods;  ///< `agent_pods`; no namespace: not asked for
  int agent_port = 7443;                     ///< of the agents that are found
  TlsFiles tls;  ///< empty paths: only agents that the stage brings itself can be asked
  std::filesystem::path bundle;  ///< `claims.bundle`; empty: `cluster` is read
  ClusterPlace cluster;          ///< `claims.kubeconfig`, `.context`, `.in_cluster`
  std::string own_namespace;
  netcheck::Fabric fabric;
  std::string management_subnet;  ///< `fabric.management`; empty: not declared
  double least_coverage = 1.0;
  netcheck::Asked asked;
  Budget budget;  ///< of one number
  bool node_probes = true;
  std::vector<std::string> operations;  ///< of the collectives; empty: none
  std::vector<std::string> groups;      ///< "all", "rack", "node", "nvlink_domain"
  bool gpu_collectives = false;         ///< also over the nodes' GPUs, by NCCL
  Bytes gpu_collective_size{1ULL << 30U};
  Bytes collective_size{4U << 20U};  ///< the one that is judged
  Bytes small_size{0};               ///< also told, as a latency; 0: none
  Seconds collective_time{4};        ///< for all batches of one number
  int ranks_per_node = 2;            ///< of the groups that are one node
  std::chrono::nanoseconds deadline = std::chrono::minutes(10);
  std::optional<WorkloadsAsked> workloads;  ///< `workloads`; absent: nothing is made in the cluster
  std::string digest;                       ///< SHA-256 of the text, hexadecimal
};

/// Reads and checks it. Errors name the file, the line and the key, and say what is allowed:
/// unknown keys, wrong types and values, missing keys, more than 1024 agents, a file over 1 MiB.
Result<StageFile> read_stage_file(const std::filesystem::path& path);

}  // namespace plumbline::agent
