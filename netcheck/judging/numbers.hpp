#pragma once

#include <optional>
#include <string>
#include <vector>

#include "netcheck/components.hpp"
#include "netcheck/expectations/expectation.hpp"
#include "netcheck/facts.hpp"
#include "netcheck/inference/label_truth.hpp"

namespace plumbline::netcheck {

/// One outcome with what its number was held against.
struct JudgedOutcome {
  const Outcome* outcome = nullptr;  ///< borrowed from the facts
  JudgedNumber number;               ///< no_expectation when it is not measured or not judged
  bool required = false;             ///< a number that the verdict needs: its doubt is the stage's
  bool compared = false;             ///< of the judged size: one among its peers
};

/// The facts, read once: latest outcomes, racks as measured, every number judged. Borrows the
/// facts.
struct Judged {
  const Facts* facts = nullptr;
  LabelTruth truth;
  Racks racks;       ///< labels, corrected by the measurements
  std::string size;  ///< judged message size
  std::vector<JudgedOutcome> outcomes;
};

/// Judges every number by itself: pair goodputs of the judged size and collectives have
/// expectations, all others are reported without.
Judged judge_numbers(const Facts& facts);

/// The nodes of a collective's group on its rail in rank order (rack by label, then name): all,
/// those labelled with the group's rack, those of the group's NVLink domain, or those that the
/// group lists ("node-1+node-3").
std::vector<std::string> group_nodes(const Facts& facts, const Outcome& outcome);

/// The node whose NIC had no carrier when the pair failed; nothing otherwise, and when both ends
/// had none.
std::optional<std::string> lost_carrier(const Outcome& outcome);

/// True for a failure that the path can have caused: unavailable, late or corrupt, both ends told
/// of themselves, and nobody blamed but a NIC without carrier. An agent that is gone or a probe
/// that hangs is blamed and is no fault of the path.
bool path_failed(const Facts& facts, const Outcome& outcome);

}  // namespace plumbline::netcheck
