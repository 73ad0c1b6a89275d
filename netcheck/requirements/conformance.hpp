#pragma once

#include <vector>

#include "core/model/report.hpp"
#include "netcheck/facts.hpp"

namespace plumbline::netcheck {

/// What the facts and findings of a report say of each requirement that applies here. `fail` when a
/// finding contradicts it, or a pod was bound that had to wait; `pass` only when pods of the
/// stage's own, which the scheduler placed, showed all that it takes and no check is in doubt; else
/// `inconclusive`: what agents and nodes showed is told beside it and never counts. What applies to
/// nothing here is left out.
std::vector<RequirementResult> conformance_of(const Facts& facts, const Report& report);

}  // namespace plumbline::netcheck
