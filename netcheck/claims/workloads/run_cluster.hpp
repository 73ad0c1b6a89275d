#pragma once

#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "core/clock.hpp"
#include "core/result.hpp"
#include "netcheck/claims/api_access.hpp"
#include "netcheck/claims/workloads/render.hpp"

namespace plumbline::netcheck::claims {

/// Everything that one run makes in a cluster: owned by the run's Lease, which a thread renews
/// while this lives, so that whoever sweeps knows the run to be alive.
class RunCluster {
 public:
  /// Deletes runs that are over, and what an earlier life of this run left; then makes the Lease
  /// and begins to renew it. `clock` is borrowed. Errors: a right that is missing, with its verb
  /// and resource; a kind of workload that the server does not serve.
  static Result<std::unique_ptr<RunCluster>> open(const ApiAccess& access, Clock& clock,
                                                  const RunSpec& run, Deadline deadline);
  virtual ~RunCluster() = default;

  /// Makes the Secret and the claim templates that every workload of the run needs.
  virtual Status prepare(const PodSecrets& secrets, Deadline deadline) = 0;
  /// Makes one workload; its pods come as the cluster gives them.
  virtual Status create(const WorkloadSpec& workload, Deadline deadline) = 0;
  /// Makes the agents' DaemonSet and its Secret (agents_object()).
  virtual Status make_agents(const std::string& node_selector, const PodSecrets& secrets,
                             Deadline deadline) = 0;
  /// True once every node that the DaemonSet wants has a ready agent, and there is one.
  virtual Result<bool> agents_ready(Deadline deadline) = 0;
  /// Names of the nodes that a label selector names; empty: all.
  virtual Result<std::vector<std::string>> node_names(const std::string& selector,
                                                      Deadline deadline) = 0;
  /// Deletes one workload and its pods, which may take a moment to be gone.
  virtual Status discard(const WorkloadSpec& workload, Deadline deadline) = 0;
  /// Why the run has no Lease any more: it could not be renewed for ten seconds. Any thread.
  virtual std::optional<std::string> lost() const = 0;
  /// Deletes all of it. What could not be, each with its reason. Once.
  virtual std::vector<std::string> remove(Deadline deadline) = 0;
};

}  // namespace plumbline::netcheck::claims
