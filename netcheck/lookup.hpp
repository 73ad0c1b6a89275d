#pragma once

#include <optional>
#include <string>
#include <vector>

#include "netcheck/facts.hpp"

namespace plumbline::netcheck {

/// The facts of a node of the stage file; null when it has no such node. Borrowed from `facts`.
const NodeFacts* facts_of(const Facts& facts, const std::string& node);

/// A rail as declared; null when there is none of that name. Borrowed from `facts`.
const DeclaredRail* find_rail(const Facts& facts, const std::string& rail);

/// The NIC in the node's own network namespace that has an address on the rail; null when there is
/// none or the node told nothing. Borrowed from `facts`.
const NetworkDevice* nic_on(const Facts& facts, const std::string& node, const std::string& rail);

/// A Node object of the claims; null when claims or the object are absent. Borrowed from `facts`.
const NodeClaim* find_node_claim(const Facts& facts, const std::string& node);

/// The node's rack by its label; nothing when no rack label is declared, the claims are absent, or
/// the node lacks the label.
std::optional<std::string> labelled_rack(const Facts& facts, const std::string& node);

/// What became of each identity: the last outcome of a key counts, in the order of first
/// appearance. A pair outcome that was skipped before its size was known gives way to one with a
/// size.
std::vector<const Outcome*> latest_outcomes(const Facts& facts);

/// The largest message size among the pair goodputs, the one that is judged, as its parameter says
/// it; empty when none has a size.
std::string judged_size(const std::vector<const Outcome*>& outcomes);

/// The parameter's text; empty when the outcome has none of that name.
std::string parameter(const Outcome& outcome, const std::string& name);

/// True for a goodput that is held against the fabric: of the judged size, or without a size.
bool is_judged_goodput(const Outcome& outcome, const std::string& size);

}  // namespace plumbline::netcheck
