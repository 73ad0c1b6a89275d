#pragma once

#include <string>
#include <vector>

#include "netcheck/localisation/scene.hpp"

namespace plumbline::netcheck {

/// True for what many ends did together: it names its group.
bool is_collective(const Outcome& outcome);

/// Who measured a collective: the nodes' own agents, or pods that the scheduler placed.
enum class Scope { nodes, placed };

/// The value of the parameter "scope" that a collective between placed pods bears.
constexpr const char* kPlacedScope = "placed";

/// By its parameter "scope".
Scope scope_of(const Outcome& outcome);

/// True for a collective that group testing asked for: its group is a list of nodes.
bool is_group_test(const Outcome& outcome);

/// "node-1+node-3": the group of a test, in rank order.
std::string group_name(const std::vector<std::string>& nodes);

/// What a collective's outcome names on the rail: "all_reduce over rack-2 on rail-a", "... between
/// placed pods".
std::string collective_words(const Outcome& outcome);

/// The judged collectives of one scope over several nodes as observations: each goes through the
/// NICs of its nodes, and through the uplinks of their racks where there are several, both ways at
/// once. One that failed in time counts as bad where another one got through on its rail and nobody
/// is blamed for it. Borrows the judged facts.
Scene group_scene(const Judged& judged, Scope scope);

}  // namespace plumbline::netcheck
