#include "netcheck/controls/misaligned.hpp"

#include <algorithm>
#include <set>

#include "netcheck/components.hpp"
#include "netcheck/controls/placed_paths.hpp"
#include "netcheck/expectations/expectation.hpp"
#include "netcheck/inference/label_truth.hpp"
#include "netcheck/judging/numbers.hpp"
#include "netcheck/lookup.hpp"

namespace plumbline::netcheck {
namespace {

constexpr double kMustLose = 0.9;     ///< across at most this share of aligned
constexpr double kNobodyGets = 1e15;  ///< bytes a second: an interval up to here says nothing
constexpr const char* kName = "misaligned";

/// What one planned pair should get; nothing when nothing is known.
std::optional<BytesPerSecond> expected_of(const Facts& facts, const Racks& racks,
                                          const PlannedPair& pair) {
  const auto wanted = identities(facts.asked, pair, false);
  if (wanted.empty()) return std::nullopt;
  const Expected expected = expect_pair(facts, racks, wanted.front());
  if (!expected.expectation) return std::nullopt;
  return expected.expectation->rate;
}

/// True when both are known to stand in one rack, false when in two; nothing when not known.
std::optional<bool> in_one_rack(const Racks& racks, const Endpoint& from, const Endpoint& to) {
  const auto one = racks.of.find(from.node);
  const auto other = racks.of.find(to.node);
  if (one == racks.of.end() || other == racks.of.end()) return std::nullopt;
  return one->second == other->second;
}

std::string number_text(const Outcome& outcome) {
  const Measured& measured = *outcome.measured();
  return format_rate({measured.value}) + " (" + format_rate({measured.interval.low}) + " to " +
         format_rate({measured.interval.high}) + ") between " + outcome.from.node + " and " +
         outcome.to.node;
}

}  // namespace

std::optional<Misalignment> find_misalignment(const Facts& facts, const Plan& plan,
                                              std::string& why) {
  const Racks racks = labelled_racks(facts);
  std::map<std::string, Misalignment> rails;
  for (const Round& round : plan.goodput) {
    for (const PlannedPair& pair : round.pairs) {
      const auto same = in_one_rack(racks, pair.from, pair.to);
      const auto rate = expected_of(facts, racks, pair);
      if (!same || !rate) continue;
      Misalignment& rail = rails[pair.from.rail];
      rail.rail = pair.from.rail;
      BytesPerSecond& kept = *same ? rail.aligned : rail.across;
      kept = kept.value > 0 ? std::min(kept, *rate,
                                       [](auto one, auto other) { return one.value < other.value; })
                            : *rate;
    }
  }
  const Misalignment* worst = nullptr;
  for (const auto& [name, rail] : rails) {
    const bool both = rail.aligned.value > 0 && rail.across.value > 0;
    if (!both || rail.across.value > kMustLose * rail.aligned.value) continue;
    const double share = rail.across.value / rail.aligned.value;
    if (worst == nullptr || share < worst->across.value / worst->aligned.value) worst = &rail;
  }
  if (worst != nullptr) return *worst;
  why =
      "no rail is known to give pods in different racks less than pods in one: that takes "
      "fabric.rack_label, two nodes of a rack, and an uplink_rate below the NICs'";
  return std::nullopt;
}

std::vector<std::string> sound_nodes(const Facts& facts, const Misalignment& misalignment) {
  std::set<std::string> sound;
  std::set<std::string> racks;
  const Judged judged = judge_numbers(facts);
  for (const JudgedOutcome& entry : judged.outcomes) {
    const Outcome& outcome = *entry.outcome;
    const bool good =
        entry.number.verdict == NumberVerdict::ok && outcome.from.rail == misalignment.rail;
    if (!good || outcome.probe != "pair_goodput") continue;
    for (const Endpoint& end : {outcome.from, outcome.to}) {
      const bool lies = judged.racks.notes.count(end.node) > 0;
      if (!lies) sound.insert(end.node);
    }
  }
  for (const std::string& node : sound) {
    const auto rack = judged.racks.of.find(node);
    if (rack != judged.racks.of.end()) racks.insert(rack->second);
  }
  if (racks.size() < 2) return {};
  return {sound.begin(), sound.end()};
}

Control judge_misaligned(const Facts& facts, const Misalignment& misalignment) {
  Control control{kName, ControlState::misbehaved, "", "", {}};
  control.expected = "Two pods forced into different racks must get less over " +
                     misalignment.rail + " (" + format_rate(misalignment.across) +
                     ") than pods of one rack (" + format_rate(misalignment.aligned) + ").";
  const Racks racks = effective_racks(facts, label_truth(facts));
  const Outcome* across = nullptr;
  const Outcome* aligned = nullptr;  // the lowest of them
  for (const Outcome* outcome : latest_outcomes(facts)) {
    if (outcome->measured() == nullptr || outcome->from.rail != misalignment.rail) continue;
    if (outcome->probe == kMisalignedGoodput) across = outcome;
    const bool within = outcome->probe == kPlacedGoodput &&
                        in_one_rack(racks, outcome->from, outcome->to).value_or(false);
    if (!within) continue;
    const bool lower =
        aligned == nullptr || outcome->measured()->interval.low < aligned->measured()->interval.low;
    if (lower) aligned = outcome;
  }
  if (across == nullptr || aligned == nullptr) {
    control.seen = across == nullptr ? "The misaligned pods were not measured."
                                     : "No pods of one rack were measured to compare with.";
    return control;
  }
  control.evidence = {"misaligned: " + number_text(*across), "aligned: " + number_text(*aligned)};
  const bool forced = in_one_rack(racks, across->from, across->to) == false;
  const bool unknown = !(across->measured()->interval.high < kNobodyGets);
  const bool worse = across->measured()->interval.high < aligned->measured()->interval.low;
  if (forced && worse) control.state = ControlState::behaved;
  control.seen = "Misaligned pods got " + number_text(*across) + ", aligned ones " +
                 number_text(*aligned) +
                 (!forced   ? "; they were not in different racks."
                  : unknown ? "; too little was measured to say that this is less."
                  : !worse  ? "; that is not less."
                            : ".");
  return control;
}

Control misaligned_not_applicable(const std::string& why) {
  return {kName,
          ControlState::not_applicable,
          "Two pods forced into different racks must get less than pods of one rack.",
          "It was not made: " + why + ".",
          {}};
}

}  // namespace plumbline::netcheck
