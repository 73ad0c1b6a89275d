#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/stage/fleet.hpp"
#include "agent/stage/stage.hpp"
#include "agent/stage/stage_file.hpp"
#include "core/model/workloads.hpp"
#include "netcheck/claims/workloads/pod_watch.hpp"
#include "netcheck/claims/workloads/run_cluster.hpp"
#include "netcheck/controls/controls.hpp"

namespace plumbline::agent {

/// The name by which the agent in a pod of the stage's own knows itself: "rank-N".
std::string rank_name(const PlacedPod& pod);

/// What a stage has in the cluster of its own: a gang that holds the devices under test, controls
/// that must wait, the agents inside the gang's pods, and the watch over all of it. Everything is
/// deleted with the run's other objects by who has the RunCluster. One thread, but for alarm().
class Placement {
 public:
  /// Tries the oversized control while the nodes are free, where it is asked for; makes the gang on
  /// these nodes and waits for it to run, then makes the negative control and reaches the agents
  /// inside. Never fails: problem() says why measuring may not begin.
  static std::unique_ptr<Placement> bring(const StageFile& file, const std::string& run_id,
                                          std::vector<std::string> nodes,
                                          netcheck::claims::RunCluster& cluster,
                                          const StageWorld& world, Deadline deadline);
  Placement(const Placement&) = delete;
  Placement& operator=(const Placement&) = delete;
  ~Placement() = default;

  /// Why nothing may be measured: a missing right, a gang that was not placed. Nothing when it may.
  const std::optional<std::string>& problem() const { return problem_; }
  /// Why measuring must end: problem(), a pod that was preempted or deleted, a tenant that came, an
  /// API server that is gone. Any thread.
  std::optional<std::string> alarm() const;
  /// The agents inside the gang's pods, each named "rank-N"; null when there are none.
  const Fleet* ranks() const { return ranks_.get(); }
  /// What they told from inside, and what pods told that were looked into before; `node` is the
  /// pod's name.
  std::vector<netcheck::NodeFacts> inside() const;
  /// Gives the gang's devices back and has pods with one device each on one node instead, which
  /// ranks() reaches and inside() tells of; two where a member of the gang had two of each. Why
  /// that could not be; success otherwise, and where the stage file does not want it: ranks() then
  /// are those of before.
  Status look_single(Deadline deadline);
  /// Gives the gang's devices back and has two pods placed into different domains of the label
  /// instead, on these nodes (empty: on any of the gang's), with agents that ranks() reaches. Why
  /// that could not be; success otherwise.
  Status misalign(const std::string& domain_label, const std::vector<std::string>& nodes,
                  Deadline deadline);
  /// True when the stage file asks for this control.
  bool asks_for(const std::string& control) const;
  /// Adds a control that was judged elsewhere.
  void add_control(Control control) { controls_.push_back(std::move(control)); }
  /// Waits until each control was watched for as long as it needs, or the world wants an end;
  /// judges them.
  void judge_controls();
  /// The pods as of now, and the controls as judged.
  Workloads told() const;
  /// Watches no more: what ends now is ended on purpose.
  void leave();

 private:
  Placement(const StageFile& file, std::string run_id, netcheck::claims::RunCluster& cluster,
            const StageWorld& world);
  Status begin(const std::vector<std::string>& nodes, Deadline deadline);
  Status place_gang(const std::vector<std::string>& nodes, Deadline deadline);
  Status try_oversized(const std::vector<std::string>& nodes, Deadline deadline);
  Status make_negative(Deadline deadline);
  void look_bare(Deadline deadline);
  Status make_room(Deadline deadline);
  std::vector<PlacedPod> running(const std::string& workload) const;
  std::vector<netcheck::NodeFacts> serving() const;
  Status discard(const netcheck::claims::WorkloadSpec& workload, Deadline deadline);
  Status must_be_kept(const std::string& workload, Deadline deadline);
  Status await_running(const netcheck::claims::WorkloadSpec& workload,
                       std::chrono::nanoseconds patience, Deadline deadline);
  void guard(const std::string& workload);
  Status reach_agents(const std::string& workload, Deadline deadline);
  bool wanted_end() const;
  netcheck::ControlAsk ask(const std::string& control, int members, std::string asks,
                           Seconds watched, Seconds needed) const;

  /// One control that must wait.
  struct Waiting {
    netcheck::claims::WorkloadSpec workload;
    std::string asks;
    Moment made;
  };

  const StageFile& file_;
  const WorkloadsAsked& asked_;
  std::string run_id_;
  StageWorld world_;
  netcheck::claims::RunSpec run_;
  std::vector<std::string> nodes_;  ///< where its pods may be
  int members_ = 0;
  netcheck::claims::RunCluster& cluster_;
  std::unique_ptr<netcheck::claims::PodWatch> pods_;
  std::optional<TlsTexts> coordinator_;
  std::unique_ptr<Fleet> ranks_;
  std::string serving_;                      ///< the workload whose pods they are in
  std::vector<netcheck::NodeFacts> looked_;  ///< what other pods told, that are gone
  std::vector<PlacedPod> last_;              ///< the pods, once nobody watches them any more
  std::vector<Waiting> waiting_;
  std::vector<Control> controls_;
  std::optional<std::string> problem_;
};

}  // namespace plumbline::agent
