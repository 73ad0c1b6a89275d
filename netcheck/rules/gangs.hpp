#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "netcheck/facts.hpp"

namespace plumbline::netcheck {

/// Objects of a view by name, in constant time. Borrows the facts.
class ClaimIndex {
 public:
  explicit ClaimIndex(const Facts& facts);

  const Facts& facts() const { return *facts_; }
  const NodeClaim* node(const std::string& name) const;
  /// A pod by "namespace/name".
  const PodClaim* pod(const std::string& name) const;
  /// Every pod that names the native PodGroup.
  const std::vector<const PodClaim*>& of_gang(const std::string& name) const;
  /// Every pod bound to a node.
  const std::vector<const PodClaim*>& on_node(const std::string& name) const;
  /// The nodes that have this value of a label.
  const std::vector<const NodeClaim*>& nodes_in(const std::string& label,
                                                const std::string& value) const;

 private:
  const Facts* facts_;
  std::unordered_map<std::string, const NodeClaim*> nodes_;
  std::unordered_map<std::string, const PodClaim*> pods_;
  std::unordered_map<std::string, std::vector<const PodClaim*>> gangs_;
  std::unordered_map<std::string, std::vector<const PodClaim*>> bound_;
  std::unordered_map<std::string, std::vector<const NodeClaim*>> labelled_;
};

/// One placement claim with the pods that belong to it. Borrows the facts.
struct Gang {
  std::string name;  ///< "namespace/name", with the part and replica of it after a blank
  const PlacementClaim* claim = nullptr;  ///< null: pods name it, but it was not read
  std::vector<const PodClaim*> members;   ///< every pod that names it, ended ones too
};

/// True when a gang has members and all of them have ended.
bool all_ended(const Gang& gang);

/// The gangs that have a member on a node in scope, or no bound member at all; one entry a
/// placement claim, then those that only pods know. Gangs whose members are all bound to nodes
/// outside the stage are left out.
std::vector<Gang> gangs(const ClaimIndex& index);

}  // namespace plumbline::netcheck
