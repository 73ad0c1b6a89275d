#pragma once

#include <map>
#include <string>
#include <vector>

#include "netcheck/rules/gangs.hpp"

namespace plumbline::netcheck {

/// Where the living members of a gang are, by one node label.
struct Spread {
  std::map<std::string, std::vector<const PodClaim*>> domains;  ///< label value -> pods
  std::vector<std::string> waiting;                             ///< pods that are not bound
  std::vector<std::string> unlabelled;                          ///< nodes without the label
  std::vector<Evidence> evidence;
  std::size_t living = 0;
};

/// The spread of a gang over the values of a label.
Spread spread_of(const ClaimIndex& index, const Gang& gang, const std::string& label);

/// Why a spread does not tell everything; empty when it does.
std::string unseen_in(const Spread& spread, const std::string& label);

/// "rack-1 (ns/pod-0 on node-1) and rack-2 (...)".
std::string text_of(const Spread& spread);

/// Places a gang's bound, living pods by rank; empty when one has no rank or two share one.
std::map<std::int64_t, const PodClaim*> by_rank(const Gang& gang);

}  // namespace plumbline::netcheck
