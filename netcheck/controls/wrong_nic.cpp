#include "netcheck/controls/wrong_nic.hpp"

#include <map>
#include <optional>
#include <utility>

#include "netcheck/controls/placed_paths.hpp"
#include "netcheck/expectations/expectation.hpp"
#include "netcheck/lookup.hpp"

namespace plumbline::netcheck {
namespace {

constexpr double kMustLose = 0.9;  ///< by the slower NIC at most this share of the other

/// A number between two pods over one rail, and what their path should give there.
struct OnRail {
  const Outcome* outcome = nullptr;
  double rate = 0;
};

/// The same two nodes over two rails.
struct Choice {
  OnRail slow;
  OnRail fast;
  double share() const { return slow.rate / fast.rate; }
};

std::string number_text(const OnRail& one) {
  const Measured& measured = *one.outcome->measured();
  return format_rate({measured.value}) + " (" + format_rate({measured.interval.low}) + " to " +
         format_rate({measured.interval.high}) + ") over " + one.outcome->from.rail + " between " +
         one.outcome->from.node + " and " + one.outcome->to.node;
}

/// Of all nodes that were measured over several rails, those where the known rates differ most.
std::optional<Choice> widest(const Facts& facts) {
  const Racks racks = labelled_racks(facts);
  std::map<std::pair<std::string, std::string>, Choice> choices;
  for (const Outcome* outcome : latest_outcomes(facts)) {
    if (outcome->probe != kPlacedGoodput || outcome->measured() == nullptr) continue;
    const Expected expected = expect_placed(facts, racks, *outcome);
    if (!expected.expectation || expected.expectation->rate.value <= 0) continue;
    const OnRail one{outcome, expected.expectation->rate.value};
    Choice& choice = choices[{outcome->from.node, outcome->to.node}];
    if (choice.slow.outcome == nullptr || one.rate < choice.slow.rate) choice.slow = one;
    if (choice.fast.outcome == nullptr || one.rate > choice.fast.rate) choice.fast = one;
  }
  std::optional<Choice> most;
  for (const auto& [nodes, choice] : choices) {
    if (choice.share() > kMustLose) continue;
    if (!most || choice.share() < most->share()) most = choice;
  }
  return most;
}

}  // namespace

Control judge_wrong_nic(const Facts& facts) {
  Control control{"wrong_nic",
                  ControlState::not_applicable,
                  "Pods bound to a NIC of a slower rail must get less than bound to the other.",
                  "It was not made: no two nodes were measured from inside pods over two rails of "
                  "which one is known to be slower (fabric.rails with their nic_rate).",
                  {}};
  const auto choice = widest(facts);
  if (!choice) return control;
  control.expected = "Pods on " + choice->slow.outcome->from.node + " and " +
                     choice->slow.outcome->to.node + " bound to their NICs of " +
                     choice->slow.outcome->from.rail + " (" + format_rate({choice->slow.rate}) +
                     ") must get less than bound to those of " + choice->fast.outcome->from.rail +
                     " (" + format_rate({choice->fast.rate}) + ").";
  const bool worse = choice->slow.outcome->measured()->interval.high <
                     choice->fast.outcome->measured()->interval.low;
  control.state = worse ? ControlState::behaved : ControlState::misbehaved;
  control.evidence = {"slower NIC: " + number_text(choice->slow),
                      "other NIC: " + number_text(choice->fast)};
  control.seen = "They got " + number_text(choice->slow) + ", and " + number_text(choice->fast) +
                 (worse ? "." : "; that is not less.");
  return control;
}

}  // namespace plumbline::netcheck
