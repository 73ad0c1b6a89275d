#include <algorithm>
#include <charconv>

#include "agent/stage/placement.hpp"
#include "netcheck/rules/inside.hpp"

namespace plumbline::agent {
namespace {

namespace claims = netcheck::claims;

constexpr std::chrono::seconds kAsk{30};

/// How many of the least of its devices each member of the gang has.
long devices_of(const claims::RunSpec& run) {
  long least = 0;
  for (const auto& [name, amount] : run.resources) {
    long count = 0;
    std::from_chars(amount.data(), amount.data() + amount.size(), count);
    if (claims::is_extended(name)) least = least == 0 ? count : std::min(least, count);
  }
  return least;
}

}  // namespace

/// A pod beside the gang's, on a node where that holds devices, which asks for none. What it tells
/// is kept; without it the isolation of devices is not known, and nothing else.
void Placement::look_bare(Deadline deadline) {
  const bool devices = devices_of(run_) > 0 || !run_.claims.empty();
  const auto gang = running("gang");
  if (!asked_.isolation || !devices || gang.empty() || wanted_end()) return;
  if (world_.progress) world_.progress("workloads: a pod that asks for no device", 0);
  claims::WorkloadSpec bare;
  bare.name = netcheck::kBareWorkload;
  bare.devices = claims::Devices::none;
  bare.nodes = {gang.front().binding.value};
  Status done = cluster_.create(bare, Deadline::after(kAsk).earlier(deadline));
  const auto patience = std::min<std::chrono::nanoseconds>(asked_.patience, kAsk);
  if (done) done = await_running(bare, patience, deadline);
  if (done) done = reach_agents(bare.name, deadline);
  if (done) looked_ = serving();
  ranks_.reset();
  const Status gone = discard(bare, deadline);
  if (done && !gone) done = gone;
  if (!done) world_.log.warn("a pod that asks for no device: " + done.error().message);
}

Status Placement::look_single(Deadline deadline) {
  const long each = devices_of(run_);
  const auto gang = running("gang");
  if (!asked_.isolation || gang.empty() || (each == 0 && run_.claims.empty())) return {};
  if (world_.progress) world_.progress("workloads: pods with one device each", 0);
  const auto told = serving();
  if (auto gone = make_room(deadline); !gone) return gone;
  looked_.insert(looked_.end(), told.begin(), told.end());
  claims::WorkloadSpec single;
  single.name = netcheck::kSingleWorkload;
  single.members = each >= 2 ? 2 : 1;
  single.spread = claims::Spread::anywhere;
  single.devices = claims::Devices::one_each;
  single.nodes = {gang.front().binding.value};
  const auto made = cluster_.create(single, Deadline::after(kAsk).earlier(deadline));
  if (!made) return made;
  serving_ = single.name;  // what has to make room next
  if (auto run = await_running(single, asked_.patience, deadline); !run) return run;
  guard(single.name);
  return reach_agents(single.name, deadline);
}

/// The devices of the pods that hold them now are free again.
Status Placement::make_room(Deadline deadline) {
  pods_->unguard();
  ranks_.reset();
  claims::WorkloadSpec before;
  before.name = serving_;
  return discard(before, deadline);
}

std::vector<netcheck::NodeFacts> Placement::serving() const {
  std::vector<netcheck::NodeFacts> told;
  if (!ranks_ || !pods_) return told;
  for (auto& facts : ranks_->facts()) {
    for (const PlacedPod& pod : running(serving_)) {
      if (facts.node != rank_name(pod)) continue;
      facts.node = pod.binding.name;
      if (facts.topology) facts.topology->node = pod.binding.name;
      told.push_back(facts);
      break;
    }
  }
  return told;
}

std::vector<netcheck::NodeFacts> Placement::inside() const {
  auto told = serving();
  told.insert(told.end(), looked_.begin(), looked_.end());
  return told;
}

}  // namespace plumbline::agent
