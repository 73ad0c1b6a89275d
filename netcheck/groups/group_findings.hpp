#pragma once

#include <vector>

#include "core/model/finding.hpp"
#include "netcheck/localisation/culprits.hpp"

namespace plumbline::netcheck {

/// One finding (rule "collective") for each culprit of the collectives that no culprit of the pairs
/// explains: the part that they and the group tests name, or the parts that cannot be told apart,
/// with the number of tests it took. `culprits` are those of the pairs.
std::vector<Finding> group_findings(const Scene& pairs, const std::vector<Culprit>& culprits);

/// One finding (rule "control_arms") about the nodes' own collectives by shared memory and by
/// sockets alone: match where every node's two numbers differ, so that the measurement can see a
/// fault of that size; vacuous where one does not. None where no node has both.
std::vector<Finding> control_arms(const Judged& judged);

}  // namespace plumbline::netcheck
