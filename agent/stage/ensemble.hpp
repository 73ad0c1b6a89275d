#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "agent/client/agent_connection.hpp"
#include "core/model/measurement.hpp"
#include "core/protocol/request.hpp"

namespace plumbline::agent {

/// One measurement over one or more agents at once.
struct Ensemble {
  std::string name;                      ///< unique in the run
  std::vector<AgentConnection*> agents;  ///< by rank; borrowed
  std::vector<std::vector<std::string>>
      device_names;  ///< by rank: what kubelet may call the device
  std::string own_namespace;
  Request request;  ///< rank is filled in
  /// Several ranks on one agent: each rank's measurement is `name`.RANK.
  bool numbered = false;
  /// After the first end that was not well, the others may go on so long before they are cancelled.
  Seconds patience{0};
};

/// What an ensemble came to.
struct EnsembleResult {
  std::vector<Outcome> outcomes;  ///< those that were told, in order
  std::optional<Failed> failed;   ///< why the rest is missing; blamed where one end is the cause
  bool stopped = false;           ///< it was ended on our own wish: nothing is said about the path
  std::vector<std::optional<MeasureEnd>> ends = {};  ///< by rank; nothing where the agent was lost
};

/// Starts the child of every rank, passes what they post to each other, and collects their
/// outcomes. When one end fails the others are cancelled, at once or after `patience`. When `stop`
/// says so all are. Blocks until every agent has told the end, or its deadline has passed. `heard`
/// is told every event, by the ranks' threads; may be empty.
EnsembleResult measure_together(const Ensemble& ensemble, const std::function<bool()>& stop,
                                const std::function<void(int rank, const Event&)>& heard = {});

}  // namespace plumbline::agent
