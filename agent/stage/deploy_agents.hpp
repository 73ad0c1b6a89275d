#pragma once

#include <string>

#include "agent/stage/stage.hpp"
#include "agent/stage/stage_file.hpp"
#include "netcheck/claims/workloads/run_cluster.hpp"

namespace plumbline::agent {

/// Brings agents to the nodes of `agent_pods.nodes` (all, when it is empty): the DaemonSet of
/// deploy/kubernetes/overlays/prober with certificates of this run alone, and waits for all of them
/// to be ready, two minutes at most. They go with the run. The coordinator's side of their TLS; a
/// node whose agent did not become ready is told by who looks for the agents. Errors: a missing
/// right, no node, a selector that no DaemonSet can have.
Result<TlsTexts> deploy_agents(const StageFile& file, netcheck::claims::RunCluster& cluster,
                               const std::string& run_id, const StageWorld& world,
                               Deadline deadline);

}  // namespace plumbline::agent
