#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/stage/stage.hpp"
#include "agent/stage/stage_file.hpp"
#include "netcheck/claims/workloads/run_cluster.hpp"

namespace plumbline::agent {

/// What every object of a stage's run has in common: the stage file's, the run's id, and a deadline
/// behind the stage's own.
netcheck::claims::RunSpec run_spec(const StageFile& file, const std::string& run_id);

/// A stage's place in the cluster, when it makes anything there: the run's Lease, and the agents
/// that it was told to bring. Everything of the run is deleted by remove(), by the destructor at
/// the latest.
class RunInCluster {
 public:
  /// Opens it when the file asks for workloads or agents are to be brought, and brings them. Never
  /// fails: problem() says why nothing may be measured.
  static std::unique_ptr<RunInCluster> open(const StageFile& file, const std::string& run_id,
                                            bool deploy, const StageWorld& world,
                                            Deadline deadline);
  RunInCluster(const RunInCluster&) = delete;
  RunInCluster& operator=(const RunInCluster&) = delete;
  ~RunInCluster();

  const std::optional<std::string>& problem() const { return problem_; }
  /// Null when the stage makes nothing, or has a problem.
  netcheck::claims::RunCluster* cluster() const { return cluster_.get(); }
  /// This stage's side of the brought agents' TLS; nothing when none were brought.
  const std::optional<TlsTexts>& coordinator() const { return coordinator_; }
  /// The file, its agents' label narrowed to those that were brought.
  StageFile with_its_agents(const StageFile& file) const;
  /// Deletes everything and waits for the pods to be gone, 30 s at most: what is left.
  std::vector<std::string> remove();

 private:
  explicit RunInCluster(std::string run_id) : run_id_(std::move(run_id)) {}
  Status begin(const StageFile& file, bool deploy, const StageWorld& world, Deadline deadline);

  std::string run_id_;
  std::unique_ptr<netcheck::claims::RunCluster> cluster_;
  std::optional<TlsTexts> coordinator_;
  std::optional<std::string> problem_;
};

}  // namespace plumbline::agent
