#include "netcheck/localisation/culprits.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "netcheck/expectations/thresholds.hpp"
#include "netcheck/localisation/hitting_set.hpp"

namespace plumbline::netcheck {
namespace {

constexpr std::size_t kMostClearing = 3;
constexpr double kFlat = 1.1;  ///< goodputs within this ratio are those of one limiter

/// What got through each use of each part.
struct Carried {
  std::map<Use, double> good;                ///< best of the pairs that are ok
  std::map<Use, double> any;                 ///< best of all measured pairs
  std::map<Use, std::pair<int, int>> share;  ///< bad pairs, all clear pairs
};

Carried carried_by(const Scene& scene) {
  Carried carried;
  for (const Observation& observation : scene.observations) {
    for (const Use& use : observation.uses) {
      carried.any[use] = std::max(carried.any[use], observation.got);
      if (observation.sight == Sight::good) {
        carried.good[use] = std::max(carried.good[use], observation.got);
      }
      auto& [bad, all] = carried.share[use];
      if (observation.sight != Sight::unclear) ++all;
      if (observation.sight == Sight::bad) ++bad;
    }
  }
  return carried;
}

double best(const std::map<Use, double>& carried, const Use& use) {
  const auto found = carried.find(use);
  return found == carried.end() ? 0 : found->second;
}

/// The parts of a bad pair's path that nothing clears. Where everything is cleared, which an
/// unsteady part can bring about, first what only partly got through is suspected again, then the
/// parts with the largest share of bad pairs.
std::vector<int> suspects_of(const Carried& carried, const Observation& bad) {
  std::vector<int> strict;
  std::vector<int> lenient;
  for (const Use& use : bad.uses) {
    const bool by_good = best(carried.good, use) > kClears * bad.got;
    const bool by_any = bad.failed && best(carried.any, use) > 0;
    if (!by_good) lenient.push_back(static_cast<int>(use.part));
    if (!by_good && !by_any) strict.push_back(static_cast<int>(use.part));
  }
  if (!strict.empty()) return strict;
  if (!lenient.empty()) return lenient;
  std::vector<int> worst;
  double most = -1;
  for (const Use& use : bad.uses) {
    const auto [count, all] = carried.share.at(use);
    const double share = all > 0 ? static_cast<double>(count) / all : 0;
    if (share > most + 1e-9) worst.clear();
    if (share > most - 1e-9) worst.push_back(static_cast<int>(use.part));
    most = std::max(most, share);
  }
  return worst;
}

FaultKind kind_of(const Scene& scene, const Culprit& culprit) {
  if (culprit.signs.carrier_downs > 0) return FaultKind::flapping;
  double least = 0;
  double most = 0;
  for (const std::size_t index : culprit.bad) {
    const Observation& observation = scene.observations[index];
    if (observation.uses.front().way == Way::both) continue;
    least = least == 0 ? observation.got : std::min(least, observation.got);
    most = std::max(most, observation.got);
  }
  const bool carries = std::any_of(
      scene.observations.begin(), scene.observations.end(), [&](const Observation& observation) {
        return observation.got > 0 && scene.passes(observation, culprit.parts.front());
      });
  if (!carries) return FaultKind::dead;
  const bool lossy = culprit.signs.loss_in.has_value() != culprit.signs.loss_out.has_value();
  const bool lossy_both = culprit.signs.loss_in && culprit.signs.loss_out;
  if (lossy || (lossy_both && (culprit.bad.empty() || most > kFlat * least))) {
    return FaultKind::lossy;
  }
  return FaultKind::slow;
}

/// Good pairs that go through the other parts of the bad pairs' paths: what clears the neighbours.
std::vector<std::size_t> clearing(const Scene& scene, const Culprit& culprit) {
  std::set<std::size_t> neighbours;
  for (const std::size_t index : culprit.bad) {
    for (const Use& use : scene.observations[index].uses)
      neighbours.insert(use.part);
  }
  for (const std::size_t part : culprit.parts)
    neighbours.erase(part);
  std::vector<std::size_t> found;
  for (std::size_t index = 0; index < scene.observations.size(); ++index) {
    const Observation& observation = scene.observations[index];
    if (observation.sight != Sight::good || found.size() == kMostClearing) continue;
    const auto before = neighbours.size();
    for (const Use& use : observation.uses)
      neighbours.erase(use.part);
    if (neighbours.size() < before) found.push_back(index);
  }
  return found;
}

Culprit culprit_of(const Scene& scene, std::vector<std::size_t> parts,
                   const std::map<std::size_t, Signs>& signs) {
  Culprit culprit;
  culprit.parts = std::move(parts);
  const auto sign = signs.find(culprit.parts.front());
  if (culprit.parts.size() == 1 && sign != signs.end()) culprit.signs = sign->second;
  for (std::size_t index = 0; index < scene.observations.size(); ++index) {
    const Observation& observation = scene.observations[index];
    if (observation.sight != Sight::bad) continue;
    const bool through =
        std::any_of(culprit.parts.begin(), culprit.parts.end(),
                    [&](std::size_t part) { return scene.passes(observation, part); });
    if (through) culprit.bad.push_back(index);
  }
  return culprit;
}

void finish(const Scene& scene, Culprit& culprit) {
  culprit.kind = kind_of(scene, culprit);
  culprit.clearing = clearing(scene, culprit);
}

/// Drops from a set of parts that cannot be told apart the bad pairs that a named part explains.
void leave_explained(const Scene& scene, const std::vector<Culprit>& named, Culprit& open) {
  const auto explained = [&](std::size_t index) {
    return std::any_of(named.begin(), named.end(), [&](const Culprit& culprit) {
      return scene.passes(scene.observations[index], culprit.parts.front());
    });
  };
  open.bad.erase(std::remove_if(open.bad.begin(), open.bad.end(), explained), open.bad.end());
}

/// True for a part whose only sign is a loss that costs nobody anything and is small.
bool is_harmless(const Culprit& culprit) {
  const Signs& signs = culprit.signs;
  if (!culprit.bad.empty() || signs.carrier_downs > 0 || !signs.state.empty()) return false;
  const double in = signs.loss_in ? signs.loss_in->share : 0;
  const double out = signs.loss_out ? signs.loss_out->share : 0;
  return std::max(in, out) < kLossAlone;
}

}  // namespace

std::vector<std::string> silent_rails(const Scene& scene) {
  std::map<std::string, bool> carries;
  for (const Observation& observation : scene.observations) {
    bool& any = carries[scene.parts[observation.uses.front().part].rail];
    any = any || observation.got > 0;
  }
  std::vector<std::string> silent;
  for (const auto& [rail, any] : carries) {
    if (!any) silent.push_back(rail);
  }
  return silent;
}

std::vector<Culprit> localise(const Scene& scene) {
  const std::map<std::size_t, Signs> signs = signs_of(scene);
  const std::vector<std::string> silent = silent_rails(scene);
  const Carried carried = carried_by(scene);
  std::vector<std::vector<int>> suspects;
  for (const Observation& observation : scene.observations) {
    if (observation.sight != Sight::bad) continue;
    const bool signed_for = std::any_of(observation.uses.begin(), observation.uses.end(),
                                        [&](const Use& use) { return signs.count(use.part) != 0; });
    const std::string& rail = scene.parts[observation.uses.front().part].rail;
    const bool mute = std::find(silent.begin(), silent.end(), rail) != silent.end();
    if (!signed_for && !mute) suspects.push_back(suspects_of(carried, observation));
  }
  const Explanation explanation = smallest_explanations(std::move(suspects));
  std::vector<Culprit> culprits;
  for (const auto& [part, sign] : signs) {
    Culprit signed_one = culprit_of(scene, {part}, signs);
    if (!is_harmless(signed_one)) culprits.push_back(std::move(signed_one));
  }
  for (const int part : explanation.certain) {
    culprits.push_back(culprit_of(scene, {static_cast<std::size_t>(part)}, signs));
  }
  const std::vector<Culprit> named = culprits;
  for (const auto& set : explanation.open) {
    Culprit open = culprit_of(scene, {set.begin(), set.end()}, signs);
    leave_explained(scene, named, open);
    open.exact = explanation.exact;
    culprits.push_back(std::move(open));
  }
  for (Culprit& culprit : culprits)
    finish(scene, culprit);
  return culprits;
}

}  // namespace plumbline::netcheck
