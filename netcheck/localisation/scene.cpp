#include "netcheck/localisation/scene.hpp"

#include <algorithm>
#include <map>
#include <optional>

#include "netcheck/lookup.hpp"

namespace plumbline::netcheck {
namespace {

/// The path of an outcome; where a rack is not known only its two NICs are.
std::vector<Component> known_path(const Judged& judged, const Outcome& outcome) {
  const std::string& rail = outcome.from.rail;
  const auto path = path_between(judged.racks, rail, outcome.from.node, outcome.to.node);
  if (path) return *path;
  return {{ComponentKind::nic, outcome.from.node, rail},
          {ComponentKind::nic, outcome.to.node, rail}};
}

std::optional<Observation> observe(const Judged& judged, const JudgedOutcome& number) {
  Observation observation;
  observation.judged = &number;
  if (const Measured* measured = number.outcome->measured()) {
    observation.got = measured->value;
    observation.failed = measured->value <= 0;
    if (number.number.verdict == NumberVerdict::ok) observation.sight = Sight::good;
    if (number.number.verdict == NumberVerdict::degraded) observation.sight = Sight::bad;
    return observation;
  }
  if (!path_failed(*judged.facts, *number.outcome)) return std::nullopt;
  observation.sight = Sight::bad;
  observation.failed = true;
  return observation;
}

}  // namespace

bool Scene::passes(const Observation& observation, std::size_t part) const {
  return std::any_of(observation.uses.begin(), observation.uses.end(),
                     [part](const Use& use) { return use.part == part; });
}

Scene scene_of(const Judged& judged) {
  Scene scene;
  scene.judged = &judged;
  std::map<Component, std::size_t> places;
  for (const JudgedOutcome& number : judged.outcomes) {
    if (!is_judged_goodput(*number.outcome, judged.size)) continue;
    auto observation = observe(judged, number);
    if (!observation) continue;
    const bool both = parameter(*number.outcome, "direction") == "both_ways";
    const auto path = known_path(judged, *number.outcome);
    for (std::size_t hop = 0; hop < path.size(); ++hop) {
      const auto [place, fresh] = places.emplace(path[hop], scene.parts.size());
      if (fresh) scene.parts.push_back(path[hop]);
      const Way way = hop * 2 < path.size() ? Way::out : Way::in;
      observation->uses.push_back({place->second, both ? Way::both : way});
    }
    scene.observations.push_back(std::move(*observation));
  }
  return scene;
}

}  // namespace plumbline::netcheck
