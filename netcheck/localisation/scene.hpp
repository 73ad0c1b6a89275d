#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "netcheck/components.hpp"
#include "netcheck/judging/numbers.hpp"

namespace plumbline::netcheck {

/// Which way bytes go through a part: out of the node or rack, into it, or both at once. An uplink
/// that is slow upwards can be fine downwards.
enum class Way { out, in, both };

/// One part as one observation uses it.
struct Use {
  std::size_t part = 0;  ///< index into Scene::parts
  Way way = Way::out;
  auto operator<=>(const Use&) const = default;
};

/// What a pair's outcome says about its path.
enum class Sight {
  good,    ///< reached what is expected
  bad,     ///< degraded, or failed because of the path
  unclear  ///< inconclusive, or without an expectation
};

/// One judged pair goodput over a path that is known.
struct Observation {
  const JudgedOutcome* judged = nullptr;
  Sight sight = Sight::unclear;
  bool failed = false;    ///< carried nothing
  double got = 0;         ///< goodput, B/s
  std::vector<Use> uses;  ///< in path order
};

/// Everything localisation looks at. Borrows the judged facts.
struct Scene {
  const Judged* judged = nullptr;
  std::vector<Component> parts;
  std::vector<Observation> observations;
  /// True when the observation goes through the part, whichever way.
  bool passes(const Observation& observation, std::size_t part) const;
};

/// Reads the scene out of the judged pairs; outcomes that tell nothing of a path are left out.
Scene scene_of(const Judged& judged);

}  // namespace plumbline::netcheck
