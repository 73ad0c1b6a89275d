#include "agent/stage/run_in_cluster.hpp"

#include "agent/stage/deploy_agents.hpp"

namespace plumbline::agent {
namespace {

namespace claims = netcheck::claims;
using std::chrono::seconds;

constexpr seconds kAsk{30};
constexpr seconds kGone{30};
constexpr std::int64_t kLonger = 300;  // s: Kubernetes' own deadline behind the stage's

}  // namespace

claims::RunSpec run_spec(const StageFile& file, const std::string& run_id) {
  claims::RunSpec run;
  if (file.workloads) run = file.workloads->run;
  run.name_space = file.own_namespace;
  run.run = run_id;
  run.deadline_s = std::chrono::duration_cast<seconds>(file.deadline).count() + kLonger;
  return run;
}

std::unique_ptr<RunInCluster> RunInCluster::open(const StageFile& file, const std::string& run_id,
                                                 bool deploy, const StageWorld& world,
                                                 Deadline deadline) {
  std::unique_ptr<RunInCluster> run(new RunInCluster(run_id));
  if (!file.workloads && !deploy) return run;
  if (const auto begun = run->begin(file, deploy, world, deadline); !begun) {
    run->problem_ = (deploy ? "bringing agents: " : "workloads: ") + begun.error().message;
    world.log.warn(*run->problem_);
  }
  return run;
}

RunInCluster::~RunInCluster() { remove(); }

Status RunInCluster::begin(const StageFile& file, bool deploy, const StageWorld& world,
                           Deadline deadline) {
  auto access = access_to(file.cluster);
  if (!access) return tl::unexpected(std::move(access.error()));
  auto cluster = claims::RunCluster::open(*access, world.clock, run_spec(file, run_id_),
                                          Deadline::after(kAsk).earlier(deadline));
  if (!cluster) return tl::unexpected(std::move(cluster.error()));
  cluster_ = std::move(*cluster);
  if (!deploy) return {};
  auto coordinator = deploy_agents(file, *cluster_, run_id_, world, deadline);
  if (!coordinator) return tl::unexpected(std::move(coordinator.error()));
  coordinator_ = std::move(*coordinator);
  return {};
}

StageFile RunInCluster::with_its_agents(const StageFile& file) const {
  StageFile narrowed = file;
  if (coordinator_)
    narrowed.agent_pods.label += "," + std::string(claims::kRunLabel) + "=" + run_id_;
  return narrowed;
}

std::vector<std::string> RunInCluster::remove() {
  if (!cluster_) return {};
  auto left = cluster_->remove(Deadline::after(kGone));
  cluster_.reset();
  return left;
}

}  // namespace plumbline::agent
