#pragma once

#include <vector>

#include "core/model/finding.hpp"
#include "netcheck/localisation/culprits.hpp"

namespace plumbline::netcheck {

/// One finding (rule "path") for each culprit, most bad pairs first. NICs of all rails of one node
/// that fail alike become one finding about the node.
std::vector<Finding> path_findings(const Scene& scene, const std::vector<Culprit>& culprits);

/// Unobservable findings about rails on which nothing got through and nobody can be named, and
/// about numbers above what their slowest hop can carry.
std::vector<Finding> doubtful_paths(const Scene& scene, const std::vector<Culprit>& culprits);

}  // namespace plumbline::netcheck
