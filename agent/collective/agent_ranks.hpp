#pragma once

#include <string>
#include <vector>

#include "agent/collective/local_ranks.hpp"
#include "agent/stage/fleet.hpp"

namespace plumbline::agent {

/// A collective whose ranks are children of agents: what they post to each other, NCCL's id among
/// it, travels over the agents' authenticated channel, under their leases.
struct AgentRanks {
  std::string name;           ///< unique in the run
  std::string own_namespace;  ///< pods of it may hold the GPUs
  Request request;            ///< `ends` name the nodes, one a rank; rank is filled in
};

/// The places of `each` ranks on every node, node by node: rank i of a node works on its GPU i.
std::vector<Endpoint> ends_on(const std::vector<std::string>& nodes, int each);

/// Runs it and returns an outcome for every identity of the request. A node without agent, or that
/// was given up, makes all of them skipped with the reason. When a rank ends badly the others may
/// say for a moment that they waited, then they are ended; what has no outcome is failed, with the
/// ranks that may be the cause. When it returns no rank is left on an agent that still answers.
std::vector<Outcome> run_agent_ranks(Fleet& fleet, const AgentRanks& ranks, const LocalWatch& watch,
                                     Clock& clock);

}  // namespace plumbline::agent
