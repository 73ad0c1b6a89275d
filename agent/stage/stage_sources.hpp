#pragma once

#include <string>
#include <vector>

#include "agent/stage/stage_file.hpp"
#include "core/clock.hpp"
#include "core/model/allocation.hpp"

namespace plumbline::agent {

/// One node of a stage.
struct StageAgent {
  AgentAddress address;
  std::string
      problem;  ///< why its agent cannot be asked ("no pod ... on this node"); empty: it can
};

/// The agents that the stage file names, or those of the cluster's pods (`agent_pods`), waits at
/// most 60 s. Errors: the API server's.
Result<std::vector<StageAgent>> stage_agents(const StageFile& file, Clock& clock);

/// What the cluster claims, from the bundle or the API server that the stage file names; waits at
/// most 60 s.
Result<AllocationView> stage_claims(const StageFile& file, Clock& clock);

/// Networks that are no rails: addresses where the agents answer, and what is declared for
/// management.
std::vector<std::string> other_networks(const StageFile& file,
                                        const std::vector<StageAgent>& agents);

}  // namespace plumbline::agent
