#include "agent/stage/placement.hpp"

#include <algorithm>
#include <charconv>

#include "agent/stage/run_authority.hpp"
#include "agent/stage/run_in_cluster.hpp"
#include "netcheck/claims/workloads/gang.hpp"
#include "netcheck/controls/controls.hpp"

namespace plumbline::agent {
namespace {

namespace claims = netcheck::claims;
using std::chrono::seconds;

constexpr const char* kGang = "gang";
constexpr seconds kAsk{30};     // one thing of the API server
constexpr seconds kAnswer{30};  // for the agents inside to answer
constexpr seconds kGone{30};    // for everything to be deleted
constexpr std::chrono::milliseconds kMoment{100};
constexpr const char* kNoSuchCpu = "1000000";

std::string words(const std::map<std::string, std::string>& resources,
                  const std::vector<claims::DeviceAsk>& asks) {
  std::string text;
  for (const auto& [name, amount] : resources)
    text += (text.empty() ? "" : ", ") + name + ": " + amount;
  for (const auto& ask : asks)
    text += (text.empty() ? "" : ", ") + std::to_string(ask.count) + " of " + ask.device_class;
  return text.empty() ? "nothing but a place" : text;
}

/// More than any node can have: what is asked for, a thousandfold, or too many CPUs.
std::map<std::string, std::string> impossible(const claims::RunSpec& run) {
  for (const auto& [name, amount] : run.resources) {
    if (claims::is_extended(name)) return {{name, "1000000"}};
  }
  return {{"cpu", kNoSuchCpu}};
}

std::string address_of(const std::string& ip, int port) {
  const bool v6 = ip.find(':') != std::string::npos;
  return (v6 ? "[" + ip + "]" : ip) + ":" + std::to_string(port);
}

}  // namespace

std::string rank_name(const PlacedPod& pod) { return "rank-" + std::to_string(pod.rank); }

Placement::Placement(const StageFile& file, std::string run_id, claims::RunCluster& cluster,
                     const StageWorld& world)
    : file_(file),
      asked_(*file.workloads),
      run_id_(std::move(run_id)),
      world_(world),
      run_(run_spec(file, run_id_)),
      cluster_(cluster) {}

std::unique_ptr<Placement> Placement::bring(const StageFile& file, const std::string& run_id,
                                            std::vector<std::string> nodes,
                                            claims::RunCluster& cluster, const StageWorld& world,
                                            Deadline deadline) {
  std::unique_ptr<Placement> placement(new Placement(file, run_id, cluster, world));
  if (const auto begun = placement->begin(nodes, deadline); !begun) {
    placement->problem_ = "workloads: " + begun.error().message;
    world.log.warn(*placement->problem_);
  }
  return placement;
}

/// Its pods that run and have an address.
std::vector<PlacedPod> Placement::running(const std::string& workload) const {
  std::vector<PlacedPod> found;
  for (const PlacedPod& pod : pods_->own()) {
    if (pod.workload == workload && pod.ended.empty() && pod.phase == "Running" &&
        !pod.address.empty())
      found.push_back(pod);
  }
  return found;
}

bool Placement::wanted_end() const { return world_.stop && world_.stop().has_value(); }

Status Placement::begin(const std::vector<std::string>& nodes, Deadline deadline) {
  nodes_ = nodes;
  members_ = asked_.members > 0 ? asked_.members : static_cast<int>(nodes.size());
  if (members_ == 0) return fail(ErrorCode::invalid_input, "there is no node to place a pod on");
  auto access = access_to(file_.cluster);
  if (!access) return tl::unexpected(std::move(access.error()));
  const Deadline soon = Deadline::after(kAsk).earlier(deadline);
  auto pods = claims::PodWatch::open(*access, world_.clock, run_id_, soon);
  if (!pods) return tl::unexpected(std::move(pods.error()));
  pods_ = std::move(*pods);
  std::vector<std::string> names;
  // The controls and the pods with one device each have two members.
  for (int rank = 0; rank < std::max(members_, 2); ++rank)
    names.push_back("rank-" + std::to_string(rank));
  auto identities = make_identities(run_id_, names);
  if (!identities) return tl::unexpected(std::move(identities.error()));
  coordinator_ = identities->coordinator;
  const auto& agents = identities->agents;
  if (auto made = cluster_.prepare({agents.ca, agents.certificate, agents.key}, soon); !made)
    return made;
  if (auto tried = try_oversized(nodes, deadline); !tried) return tried;
  if (auto placed = place_gang(nodes, deadline); !placed) return placed;
  if (auto made = make_negative(deadline); !made) return made;
  look_bare(deadline);
  return reach_agents(kGang, deadline);
}

Status Placement::place_gang(const std::vector<std::string>& nodes, Deadline deadline) {
  if (world_.progress) world_.progress("workloads: " + std::to_string(members_) + " pods", 0);
  claims::WorkloadSpec gang;
  gang.name = kGang;
  gang.members = members_;
  gang.nodes = nodes;
  gang.domain_label = asked_.domain;
  if (!asked_.domain.empty()) gang.spread = claims::Spread::one_domain;
  const auto made = cluster_.create(gang, Deadline::after(kAsk).earlier(deadline));
  if (!made) return made;
  if (auto kept = must_be_kept(kGang, deadline); !kept) return kept;
  static_cast<void>(await_running(gang, asked_.patience, deadline));  // the control tells
  const Seconds patience = in_seconds(asked_.patience);
  const auto all = words(run_.resources, run_.claims);
  auto positive = ask("positive", members_, all, patience, patience);
  positive.workload = kGang;
  controls_.push_back(netcheck::judge_positive(positive, pods_->own()));
  if (controls_.back().state != ControlState::behaved)
    return fail(ErrorCode::unavailable, "the gang does not run: " + controls_.back().seen);
  guard(kGang);
  return {};
}

/// Pods that lost what they asked for on the way would run, and hold nothing.
Status Placement::must_be_kept(const std::string& workload, Deadline deadline) {
  const auto one = [&](const std::vector<PlacedPod>& pods) {
    return wanted_end() || cluster_.lost() ||
           std::any_of(pods.begin(), pods.end(),
                       [&](const PlacedPod& pod) { return pod.workload == workload; });
  };
  static_cast<void>(pods_->wait(one, Deadline::after(asked_.pending_for).earlier(deadline)));
  if (const auto lost = claims::not_kept(run_, pods_->kept(workload)))
    return fail(ErrorCode::unavailable, *lost);
  return {};
}

Status Placement::await_running(const claims::WorkloadSpec& workload,
                                std::chrono::nanoseconds patience, Deadline deadline) {
  const auto wanted = static_cast<std::size_t>(workload.members);
  const auto all = [&](const std::vector<PlacedPod>& /*pods*/) {
    return running(workload.name).size() >= wanted || wanted_end() || cluster_.lost();
  };
  pods_->wait(all, Deadline::after(patience).earlier(deadline));
  if (running(workload.name).size() >= wanted) return {};
  std::string why = "the pods of " + workload.name + " do not run";
  for (const PlacedPod& pod : pods_->own()) {
    if (pod.workload == workload.name && !pod.waiting.empty())
      return fail(ErrorCode::unavailable, why + ": " + pod.waiting);
  }
  return fail(ErrorCode::unavailable, why);
}

/// Of a control whose workload bears its name.
netcheck::ControlAsk Placement::ask(const std::string& control, int members, std::string asks,
                                    Seconds watched, Seconds needed) const {
  return {control, control, members, std::move(asks), watched, needed, !run_.labels.empty()};
}

/// From now on its pods must stay, and nobody may come to their nodes for what they hold.
void Placement::guard(const std::string& workload) {
  claims::PodGuard guarded;
  guarded.workloads = {workload};
  for (const PlacedPod& pod : running(workload))
    guarded.nodes.insert(pod.binding.value);
  for (const auto& [name, amount] : run_.resources) {
    if (claims::is_extended(name)) guarded.resources.insert(name);
  }
  guarded.claims = !run_.claims.empty();
  pods_->guard(std::move(guarded));
}

Status Placement::misalign(const std::string& domain_label, const std::vector<std::string>& nodes,
                           Deadline deadline) {
  if (world_.progress) world_.progress("workloads: two pods in different racks", 0);
  if (auto gone = make_room(deadline); !gone) return gone;
  claims::WorkloadSpec apart;
  apart.name = "misaligned";
  apart.members = 2;
  apart.spread = claims::Spread::many_domains;
  apart.domain_label = domain_label;
  apart.nodes = nodes.empty() ? nodes_ : nodes;
  const auto made = cluster_.create(apart, Deadline::after(kAsk).earlier(deadline));
  if (!made) return made;
  if (auto run = await_running(apart, asked_.patience, deadline); !run) return run;
  guard(apart.name);
  return reach_agents(apart.name, deadline);
}

bool Placement::asks_for(const std::string& control) const {
  return std::find(asked_.controls.begin(), asked_.controls.end(), control) !=
         asked_.controls.end();
}

/// One member more than there are nodes, while these are free: a scheduler that knows gangs binds
/// none of them, any other as many as fit.
Status Placement::try_oversized(const std::vector<std::string>& nodes, Deadline deadline) {
  if (!asks_for("oversized")) return {};
  if (world_.progress) world_.progress("workloads: a gang that does not fit", 0);
  claims::WorkloadSpec workload;
  workload.name = "oversized";
  workload.members = static_cast<int>(nodes.size()) + 1;
  workload.nodes = nodes;
  const Moment start = world_.clock.now();
  const auto made = cluster_.create(workload, Deadline::after(kAsk).earlier(deadline));
  if (!made) return made;
  if (auto kept = must_be_kept(workload.name, deadline); !kept) return kept;
  const auto bound = [&](const std::vector<PlacedPod>& pods) {
    return wanted_end() || cluster_.lost() ||
           std::any_of(pods.begin(), pods.end(), [](const PlacedPod& pod) {
             return pod.workload == "oversized" && !pod.binding.value.empty();
           });
  };
  pods_->wait(bound, Deadline::after(asked_.pending_for + kMoment).earlier(deadline));
  const Seconds watched = in_seconds(world_.clock.now() - start);
  const auto oversized = ask(workload.name, workload.members, words(run_.resources, run_.claims),
                             watched, in_seconds(asked_.pending_for));
  controls_.push_back(netcheck::judge_negative(oversized, pods_->own()));
  return discard(workload, deadline);
}

/// Deletes a workload and waits for its pods to be gone.
Status Placement::discard(const claims::WorkloadSpec& workload, Deadline deadline) {
  const auto soon = Deadline::after(kGone).earlier(deadline);
  if (auto gone = cluster_.discard(workload, soon); !gone) return gone;
  const auto over = [&](const std::vector<PlacedPod>& pods) {
    return std::all_of(pods.begin(), pods.end(), [&](const PlacedPod& pod) {
      return pod.workload != workload.name || pod.ended.ends_with(claims::kGone);
    });
  };
  if (pods_->wait(over, soon)) return {};
  return fail(ErrorCode::deadline_exceeded,
              "the pods of " + workload.name + " were deleted but are not gone");
}

/// More than any node has: it holds nothing while it waits, so that it may wait beside the gang.
Status Placement::make_negative(Deadline deadline) {
  if (!asks_for("negative")) return {};
  Waiting control;
  control.workload.name = "negative";
  control.workload.resources = impossible(run_);
  auto resources = run_.resources;
  for (const auto& [resource, amount] : control.workload.resources)
    resources[resource] = amount;
  control.asks = words(resources, run_.claims);
  const auto made = cluster_.create(control.workload, Deadline::after(kAsk).earlier(deadline));
  if (!made) return made;
  control.made = world_.clock.now();
  waiting_.push_back(std::move(control));
  return {};
}

/// A pod runs a moment before its agent listens.
Status Placement::reach_agents(const std::string& workload, Deadline deadline) {
  std::vector<StageAgent> agents;
  for (const PlacedPod& pod : running(workload))
    agents.push_back({{rank_name(pod), address_of(pod.address, run_.port)}, ""});
  const Deadline by = Deadline::after(kAnswer).earlier(deadline);
  std::string first;
  while (true) {
    auto fleet = Fleet::gather(agents, *coordinator_, run_id_, world_.log);
    if (!fleet) return tl::unexpected(std::move(fleet.error()));
    first.clear();
    for (const auto& agent : agents) {
      const auto reason = (*fleet)->given_up(agent.address.node);
      if (reason && first.empty()) first = *reason;
    }
    if (first.empty()) {
      serving_ = workload;
      ranks_ = std::move(*fleet);
      return {};
    }
    if (by.passed() || wanted_end())
      return fail(ErrorCode::unavailable, "a pod's agent cannot be asked: " + first);
    world_.clock.wait_until(world_.clock.now() + std::chrono::milliseconds(500));
  }
}

std::optional<std::string> Placement::alarm() const {
  if (problem_) return problem_;
  if (pods_) {
    if (auto alarm = pods_->alarm()) return alarm;
  }
  return cluster_.lost();
}

void Placement::judge_controls() {
  if (!pods_) return;
  for (const Waiting& control : waiting_) {
    const Moment until =
        control.made + std::chrono::duration_cast<Moment::duration>(asked_.pending_for + kMoment);
    while (world_.clock.now() < until && !wanted_end() && !cluster_.lost()) {
      world_.clock.wait_until(std::min(until, world_.clock.now() + std::chrono::milliseconds(200)));
    }
    const Seconds watched = in_seconds(world_.clock.now() - control.made);
    const auto asked = ask(control.workload.name, control.workload.members, control.asks, watched,
                           in_seconds(asked_.pending_for));
    controls_.push_back(netcheck::judge_negative(asked, pods_->own()));
  }
  waiting_.clear();
}

Workloads Placement::told() const {
  Workloads told;
  told.name_space = run_.name_space;
  told.lease = claims::object_name(run_id_);
  told.kind = claims::to_string(run_.kind);
  told.pods = pods_ ? pods_->own() : last_;
  told.controls = controls_;
  if (const auto why = alarm()) told.ended = *why;
  return told;
}

void Placement::leave() {
  ranks_.reset();
  if (!pods_) return;
  pods_->unguard();
  last_ = pods_->own();
  pods_.reset();
}

}  // namespace plumbline::agent
