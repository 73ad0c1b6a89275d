#pragma once

#include <map>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "netcheck/facts.hpp"

namespace plumbline::netcheck {

/// Where things stand in facts, so that a look does not go through a whole cluster. Borrows the
/// facts and tells them of itself while it lives: the lookups then ask it. The facts must not
/// change meanwhile. Orders are those of the facts.
class FactsIndex {
 public:
  /// Everything of the facts is looked at once.
  explicit FactsIndex(const Facts& facts);
  ~FactsIndex();
  FactsIndex(const FactsIndex&) = delete;
  FactsIndex& operator=(const FactsIndex&) = delete;

  template <typename Item>
  using By = std::unordered_map<std::string, Item>;
  template <typename Item>
  using Lists = By<std::vector<const Item*>>;

  By<const NodeFacts*> nodes;
  By<const NodeClaim*> node_claims;
  By<const PodClaim*> pods;  ///< by "namespace/name"
  By<const PodClaim*> pods_by_uid;
  Lists<PodClaim> pods_of_node;       ///< by node, ended ones too
  Lists<SliceClaim> slices_of_node;   ///< by node
  Lists<SliceClaim> slices_of_pool;   ///< by "driver pool"
  By<bool> network_drivers;           ///< by driver: whether a slice of it shows a network device
  Lists<DeviceClaim> reserved;        ///< by "namespace/pod": allocated claims reserved for it
  Lists<DeviceClaim> claims_by_name;  ///< by "namespace/claim"
  Lists<DeviceClaim> givers;          ///< by "driver/pool/device", allocated ones

 private:
  void add_slices(const AllocationView& view);
  void add_claims(const AllocationView& view);

  const Facts* facts_;
};

/// The list under a key; an empty one when there is none.
template <typename Item>
const std::vector<const Item*>& listed_under(const FactsIndex::Lists<Item>& lists,
                                             const std::string& key) {
  static const std::vector<const Item*> none;
  const auto found = lists.find(key);
  return found == lists.end() ? none : found->second;
}

/// The one under a key; null when there is none.
template <typename Item>
const Item* found_under(const FactsIndex::By<const Item*>& items, const std::string& key) {
  const auto found = items.find(key);
  return found == items.end() ? nullptr : found->second;
}

}  // namespace plumbline::netcheck
