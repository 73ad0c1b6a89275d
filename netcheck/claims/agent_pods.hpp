#pragma once

#include <string>
#include <vector>

#include "core/clock.hpp"
#include "core/result.hpp"
#include "netcheck/claims/api_access.hpp"

namespace plumbline::netcheck::claims {

/// Which pods are the agents, and which nodes should have one.
struct AgentSearch {
  std::string pod_namespace;
  std::string label;       ///< label selector of the pods
  std::string node_label;  ///< label selector of nodes that should have one; empty: whoever has
};

/// The agent's pod of one node.
struct AgentPod {
  std::string node;
  std::string pod;      ///< "namespace/name"; empty when there is none
  std::string ip;       ///< as the API tells it; empty when there is none
  std::string problem;  ///< why it cannot be asked; empty: it can
};

/// The agents of a cluster, one a node, by node name: pods that are bound and have not ended, and
/// for nodes of `node_label` without such a pod an entry with the reason. Of two pods on a node the
/// ready one counts. `clock` is borrowed. Errors: the API server's (api_client.hpp).
Result<std::vector<AgentPod>> find_agents(ApiAccess access, Clock& clock, const AgentSearch& search,
                                          Deadline deadline);

}  // namespace plumbline::netcheck::claims
