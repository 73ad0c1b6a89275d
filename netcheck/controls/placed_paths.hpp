#pragma once

#include <optional>
#include <string>
#include <vector>

#include "netcheck/judging/numbers.hpp"
#include "netcheck/plan.hpp"

namespace plumbline::netcheck {

/// The outcomes' name of what pods of the stage's own measured between each other.
constexpr const char* kPlacedGoodput = "placed_goodput";

/// A pair that is measured from inside two pods.
struct PlacedPair {
  PlannedPair pair;  ///< by nodes, with the devices as the pods see them
  const PlacedPod* from = nullptr;
  const PlacedPod* to = nullptr;
};

/// Of the planned pairs those that the run's gang can measure from inside, so few that every node
/// is in one on every rail and every rail has one within a rack, in the rounds of the plan: both
/// nodes have a pod of the gang that kubelet or claims say holds the device, and that sees it from
/// inside. What cannot be measured so is told in `skipped`, one outcome for a node and rail;
/// nothing at all when the gang holds no network device. Borrows from the facts. Pure.
struct PlacedPlan {
  std::vector<std::vector<PlacedPair>> rounds;
  std::vector<Outcome> skipped;
};
PlacedPlan plan_placed(const Facts& facts, const Plan& plan);

/// Of these pairs the ones whose number noise may have made: degraded, or left open. Each in a
/// round of its own; nothing is skipped. Borrows from the facts. Pure.
PlacedPlan placed_again(const Facts& facts, const Plan& plan);

/// Two pods as a pair on a rail; nothing when one of them cannot measure there, with `why`. Borrows
/// from the facts. Pure.
std::optional<PlacedPair> pair_of(const Facts& facts, const PlacedPod& from, const PlacedPod& to,
                                  const std::string& rail, std::string& why);

/// The pod of the run's gang that runs on the node; null without one. Borrows from the facts. Pure.
const PlacedPod* gang_pod_on(const Facts& facts, const std::string& node);

/// One end of a collective from inside a pod.
struct PlacedEnd {
  const PlacedPod* pod = nullptr;
  std::string device;  ///< as the pod sees it
};

/// The gang's pods on these nodes, in their order, as ends of a collective on a rail. Empty with
/// `why` when one of them cannot measure there; empty without it when none of them holds a device
/// of the rail, so that there is nothing to measure. Borrows from the facts. Pure.
std::vector<PlacedEnd> placed_ends(const Facts& facts, const std::vector<std::string>& nodes,
                                   const std::string& rail, std::string& why);

/// The identity of such a number: the largest size, from -> to, and the pods.
Outcome placed_identity(const Asked& asked, const PlacedPair& pair);

/// What a number between placed pods is held against: the same as one between their nodes.
Expected expect_placed(const Facts& facts, const Racks& racks, const Outcome& outcome);

/// "placed": one finding for each number that pods measured: match where they get what their path
/// should give; degraded where they get less, beside what the nodes' own agents got.
std::vector<Finding> placed_paths(const Judged& judged);

}  // namespace plumbline::netcheck
