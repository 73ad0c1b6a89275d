#pragma once

#include <memory>
#include <vector>

#include "agent/collective/collective_line.hpp"
#include "agent/stage/fleet.hpp"
#include "agent/stage/stage_file.hpp"
#include "core/log.hpp"

namespace plumbline::agent {

/// The agents of `--agents FILE` while their leases are held.
struct AgentSession {
  StageFile file;
  std::unique_ptr<Fleet> fleet;
  std::vector<std::string> nodes;  ///< whose ranks are asked for, in rank order
};

/// Reads the stage file and takes the leases of its agents. `nodes`: --hosts where it is given,
/// each an agent of the file, else all. invalid_input: a host that the file does not name.
Result<std::unique_ptr<AgentSession>> open_agents(const CollectiveLine& line, Log& log);

/// Puts the request's ranks on the agents' nodes, cuts them for --split rack and nvlink_domain, and
/// keeps the limit within what an agent allows.
Status place_on_agents(const AgentSession& session, const CollectiveLine& line, Request& request);

}  // namespace plumbline::agent
