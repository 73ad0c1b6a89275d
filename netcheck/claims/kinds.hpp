#pragma once

#include <array>
#include <span>
#include <string>

#include "netcheck/claims/groups.hpp"

namespace plumbline::netcheck::claims {

/// A kind that is read, with the versions of its group that are understood, newest first.
struct Known {
  const char* kind;
  const char* group;
  std::array<const char*, 4> versions;
  Placements (*placements)(const Fields& object) = nullptr;  ///< for kinds that place pods
};

/// All kinds that are read.
std::span<const Known> kinds();

/// The kind of a group; null when it is not read.
const Known* find_kind(const std::string& kind, const std::string& group);

/// 3 for the newest version, less for older ones, -1 for one that is not understood.
int rank_of(const Known& known, const std::string& version);

}  // namespace plumbline::netcheck::claims
