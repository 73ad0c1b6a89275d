#pragma once

#include <vector>

#include "core/model/finding.hpp"
#include "netcheck/localisation/culprits.hpp"

namespace plumbline::netcheck {

/// One finding (rule "collective") for each culprit of the collectives that no culprit of the pairs
/// explains: the part that they and the group tests name, or the parts that cannot be told apart,
/// with the number of tests it took. First those of the nodes' own collectives, then those between
/// placed pods that no earlier one explains. `culprits` are those of the pairs.
std::vector<Finding> group_findings(const Scene& pairs, const std::vector<Culprit>& culprits);

/// One finding (rule "control_arms") about the nodes' own collectives by shared memory and by
/// sockets alone: match where on every node the counters show that each arm took its own way and
/// the numbers of some size differ, so that the measurement can see a fault of that size; else
/// vacuous. None where no node has both.
std::vector<Finding> control_arms(const Judged& judged);

}  // namespace plumbline::netcheck
