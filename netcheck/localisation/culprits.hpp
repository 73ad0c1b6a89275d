#pragma once

#include <cstddef>
#include <vector>

#include "netcheck/localisation/scene.hpp"
#include "netcheck/localisation/signs.hpp"

namespace plumbline::netcheck {

/// How a part fails.
enum class FaultKind {
  dead,      ///< nothing gets through
  flapping,  ///< its carrier goes and comes
  lossy,     ///< it drops packets
  slow       ///< it carries less than it should
};

/// One fault: the part at fault, or the parts of which one or some are and cannot be told apart.
struct Culprit {
  std::vector<std::size_t> parts;  ///< indexes into Scene::parts; one: named
  FaultKind kind = FaultKind::slow;
  Signs signs;                        ///< of the named part
  std::vector<std::size_t> bad;       ///< observations it explains
  std::vector<std::size_t> clearing;  ///< good observations that clear its neighbours
  bool exact = true;                  ///< false: more at once than could be searched whole
};

/// Names what is at fault. A part is cleared of a bad pair when another pair got kClears times as
/// much through it in the same direction; the fewest parts that explain all bad pairs are the
/// culprits. Parts with a direct sign need no other evidence. A rail on which nothing got through
/// at all accuses nobody without such a sign. Pure, deterministic.
std::vector<Culprit> localise(const Scene& scene);

/// Rails on which pairs were tried and nothing got through.
std::vector<std::string> silent_rails(const Scene& scene);

}  // namespace plumbline::netcheck
