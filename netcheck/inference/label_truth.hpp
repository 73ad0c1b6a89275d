#pragma once

#include <map>
#include <string>
#include <vector>

#include "netcheck/components.hpp"
#include "netcheck/facts.hpp"
#include "netcheck/inference/levels.hpp"

namespace plumbline::netcheck {

/// What the measurements say of the rack labels.
enum class LabelAnswer { not_applicable, match, violation, unobservable };

/// The labels as a partition of the nodes, held against the partition that was measured.
struct LabelTruth {
  LabelAnswer answer = LabelAnswer::not_applicable;
  std::string reason;                           ///< why unobservable
  std::map<std::string, std::string> measured;  ///< node -> rack it was measured in, by the name
                                                ///< that most of that rack bear; only placed nodes
  std::vector<std::string> liars;               ///< nodes whose label lies, certainly
  std::vector<std::vector<std::string>> open;   ///< sets of nodes of which some lie
  std::vector<std::string> unlabelled;          ///< nodes without the label
  std::vector<std::string> unplaced;            ///< nodes that the measurements place nowhere
  Edges edges;                                  ///< what it rests on
  double cut = 0;                               ///< Level::cut of the level that decided
};

/// Infers racks from the pair goodputs and compares them with the labels, as partitions and not as
/// strings: a violation when a label's nodes and a cluster's nodes overlap without one holding the
/// other; when nodes of two labels reach each other faster than their declared uplinks carry; or
/// when no level unites a label's nodes. Pure.
LabelTruth label_truth(const Facts& facts);

/// The racks that expectations and localisation use: the labels, corrected where they lie or are
/// missing and the measurements know better, with a note for each such node.
Racks effective_racks(const Facts& facts, const LabelTruth& truth);

/// True when the declared rates say that racks can be told apart by goodput: on some rail an uplink
/// is narrower than a NIC by a quarter.
bool racks_should_separate(const Facts& facts);

}  // namespace plumbline::netcheck
