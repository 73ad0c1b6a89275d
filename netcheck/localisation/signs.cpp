#include "netcheck/localisation/signs.hpp"

#include <algorithm>
#include <set>

#include "core/statistics/sampling.hpp"
#include "netcheck/expectations/thresholds.hpp"
#include "netcheck/localisation/hitting_set.hpp"
#include "netcheck/lookup.hpp"

namespace plumbline::netcheck {
namespace {

constexpr std::size_t kLeastPairs = 3;    ///< fewer agree by chance too easily
constexpr double kUsualSegment = 1448.0;  ///< payload of a full segment at MTU 1500

double counter(const Measured& measured, const std::string& name) {
  const auto found = measured.counters.find(name);
  return found == measured.counters.end() ? 0 : found->second;
}

/// Segments sent: told by TCP, else made of the bytes that the sender's interface counted.
double segments_sent(const Measured& measured, const Endpoint& from) {
  const double told = counter(measured, "from.segments");
  if (told > 0) return told;
  double bytes = counter(measured, "from.tx_bytes");
  for (const Proof& proof : measured.proof) {
    if (bytes > 0 || proof.kind != "counter" || proof.at.node != from.node) continue;
    if (proof.before && proof.after) bytes = *proof.after - *proof.before;
  }
  return bytes / kUsualSegment;
}

/// One one-way observation with its loss.
struct LossSight {
  const Observation* observation = nullptr;
  double share = 0;
  bool high = false;
  double usual = 0;
};

std::vector<LossSight> loss_sights(const Scene& scene) {
  std::vector<LossSight> sights;
  std::map<std::size_t, std::vector<double>> by_kind;
  for (const Observation& observation : scene.observations) {
    if (observation.uses.front().way == Way::both) continue;
    const auto share = retransmitted(*observation.judged->outcome);
    if (!share) continue;
    sights.push_back({&observation, *share, false, 0});
    by_kind[observation.uses.size()].push_back(*share);
  }
  for (LossSight& sight : sights) {
    sight.usual = quantile(by_kind[sight.observation->uses.size()], 0.5);
    sight.high = sight.share > std::max(kLossLimit, kLossMargin * sight.usual);
  }
  return sights;
}

/// The uses of which every sight is high, with all those sights.
std::map<Use, std::vector<const LossSight*>> always_high(const std::vector<LossSight>& sights) {
  std::map<Use, std::vector<const LossSight*>> high;
  std::set<Use> clean;
  for (const LossSight& sight : sights) {
    for (const Use& use : sight.observation->uses) {
      if (sight.high) high[use].push_back(&sight);
      if (!sight.high) clean.insert(use);
    }
  }
  for (auto use = high.begin(); use != high.end();) {
    const bool told = clean.count(use->first) == 0 && use->second.size() >= kLeastPairs;
    use = told ? std::next(use) : high.erase(use);
  }
  return high;
}

Signs::Loss sum_up(const std::vector<const LossSight*>& sights) {
  Signs::Loss loss;
  std::vector<double> shares;
  std::vector<double> usual;
  for (const LossSight* sight : sights) {
    shares.push_back(sight->share);
    usual.push_back(sight->usual);
  }
  loss.share = quantile(shares, 0.5);
  loss.usual = quantile(usual, 0.5);
  loss.pairs = shares.size();
  return loss;
}

void add_loss(const Scene& scene, std::map<std::size_t, Signs>& signs) {
  const std::vector<LossSight> sights = loss_sights(scene);
  const auto high = always_high(sights);
  std::vector<Use> uses;
  for (const auto& [use, told] : high)
    uses.push_back(use);
  std::vector<std::vector<int>> suspects;
  for (const LossSight& sight : sights) {
    if (!sight.high) continue;
    std::vector<int> parts;
    for (const Use& use : sight.observation->uses) {
      const auto place = std::lower_bound(uses.begin(), uses.end(), use);
      if (place != uses.end() && *place == use) {
        parts.push_back(static_cast<int>(place - uses.begin()));
      }
    }
    if (!parts.empty()) suspects.push_back(std::move(parts));
  }
  for (const int certain : smallest_explanations(std::move(suspects)).certain) {
    const Use& use = uses[static_cast<std::size_t>(certain)];
    auto& slot = use.way == Way::in ? signs[use.part].loss_in : signs[use.part].loss_out;
    slot = sum_up(high.at(use));
  }
}

void add_carrier(const Scene& scene, std::map<std::size_t, Signs>& signs) {
  for (const Observation& observation : scene.observations) {
    const Measured* measured = observation.judged->outcome->measured();
    if (measured == nullptr) continue;
    const double from = counter(*measured, "from.carrier_downs");
    const double to = counter(*measured, "to.carrier_downs");
    if (from > 0) signs[observation.uses.front().part].carrier_downs += from;
    if (to > 0) signs[observation.uses.back().part].carrier_downs += to;
  }
}

/// A NIC that tells it is not up, where pairs through it fail.
void add_state(const Scene& scene, std::map<std::size_t, Signs>& signs) {
  for (std::size_t part = 0; part < scene.parts.size(); ++part) {
    const Component& component = scene.parts[part];
    if (component.kind != ComponentKind::nic) continue;
    const NetworkDevice* device = nic_on(*scene.judged->facts, component.owner, component.rail);
    if (device == nullptr || (device->state != "down" && device->state != "lowerlayerdown"))
      continue;
    const bool fails = std::any_of(scene.observations.begin(), scene.observations.end(),
                                   [&](const Observation& observation) {
                                     return observation.failed && scene.passes(observation, part);
                                   });
    if (fails) signs[part].state = device->state;
  }
}

/// NICs of which the probe told at a failure that they had no carrier. One that carries at other
/// times flaps.
void add_lost_carrier(const Scene& scene, std::map<std::size_t, Signs>& signs) {
  for (const Observation& observation : scene.observations) {
    const Outcome& outcome = *observation.judged->outcome;
    const auto node = lost_carrier(outcome);
    if (!node) continue;
    const Use& use =
        *node == outcome.from.node ? observation.uses.front() : observation.uses.back();
    const bool carries = std::any_of(
        scene.observations.begin(), scene.observations.end(),
        [&](const Observation& other) { return other.got > 0 && scene.passes(other, use.part); });
    Signs& sign = signs[use.part];
    if (carries) sign.carrier_downs += 1;
    if (!carries && sign.state.empty()) sign.state = "without carrier";
  }
}

}  // namespace

std::optional<double> retransmitted(const Outcome& outcome) {
  const Measured* measured = outcome.measured();
  if (measured == nullptr || measured->counters.count("from.retransmits") == 0) return std::nullopt;
  const double segments = segments_sent(*measured, outcome.from);
  if (segments <= 0) return std::nullopt;
  return counter(*measured, "from.retransmits") / segments;
}

std::map<std::size_t, Signs> signs_of(const Scene& scene) {
  std::map<std::size_t, Signs> signs;
  add_carrier(scene, signs);
  add_state(scene, signs);
  add_lost_carrier(scene, signs);
  add_loss(scene, signs);
  return signs;
}

}  // namespace plumbline::netcheck
