#pragma once

#include <string>
#include <vector>

#include "netcheck/facts.hpp"

namespace plumbline::netcheck {

/// One placement claim with the pods that belong to it. Borrows the facts.
struct Gang {
  std::string name;                       ///< "namespace/name"
  const PlacementClaim* claim = nullptr;  ///< null: pods name it, but it was not read
  std::vector<const PodClaim*> members;   ///< every pod that names it, ended ones too
};

/// The gangs that have a member on a node in scope, or no bound member at all; one entry a
/// placement claim, then those that only pods know. Gangs whose members are all bound to nodes
/// outside the stage are left out.
std::vector<Gang> gangs(const Facts& facts);

}  // namespace plumbline::netcheck
