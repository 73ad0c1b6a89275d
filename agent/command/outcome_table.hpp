#pragma once

#include <string>
#include <vector>

#include "core/model/measurement.hpp"

namespace plumbline::agent {

/// Outcomes as lines for a person: path, value, 95 % interval, batches, or why there is none.
std::string outcome_table(const std::vector<Outcome>& outcomes);

/// The same as JSON: {"schema": "plumbline.outcomes/v1", "outcomes": [...]} and a newline.
std::string outcome_json(const std::vector<Outcome>& outcomes);

/// The exit code of a command that only measures: 0 when every outcome was measured conclusively,
/// else 2. Nothing measured is never a pass.
int outcome_exit_code(const std::vector<Outcome>& outcomes);

}  // namespace plumbline::agent
