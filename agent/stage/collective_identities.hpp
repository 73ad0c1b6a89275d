#pragma once

#include <vector>

#include "core/model/measurement.hpp"
#include "core/protocol/request.hpp"

namespace plumbline::agent {

/// The identities that the outcomes of a collective's request will have, as skipped outcomes with
/// an empty reason: one for each type, reduction, size and placement. What the ranks make of the
/// same request; a test compares both. Pure.
std::vector<Outcome> collective_identities(const Request& request);

/// The parts of a text between commas; one empty part for an empty text.
std::vector<std::string> parts_of(const std::string& text);

}  // namespace plumbline::agent
