#pragma once

#include <optional>
#include <string>
#include <vector>

#include "netcheck/rules/gangs.hpp"

namespace plumbline::netcheck {

/// True for the kinds that X10 judges: native PodGroups and Kueue's workloads. All others are
/// X12's.
bool is_x10_kind(const std::string& kind);

/// Judges one gang's placement claim against where its living pods are, by the labels of their
/// nodes: one domain, exclusive domain, slices by rank, a recorded assignment, a tier of named
/// domains. Nothing when the claim places nothing or all its pods have ended. `index` finds nodes,
/// pods and domains of the same facts.
std::optional<Finding> judge_placement(const ClaimIndex& index, const Gang& gang,
                                       const std::string& rule);

/// A gang that asked for no domain: in which domains it is, by every label that names a place.
std::optional<Finding> unasked_placement(const ClaimIndex& index, const Gang& gang);

}  // namespace plumbline::netcheck
