#include "netcheck/rules/facts_index.hpp"

#include <algorithm>

#include "netcheck/rules/lookup.hpp"
#include "netcheck/rules/quote.hpp"

namespace plumbline::netcheck {

FactsIndex::FactsIndex(const Facts& facts) : facts_(&facts) {
  for (const NodeFacts& node : facts.nodes)
    nodes.emplace(node.node, &node);
  if (facts.claims) {
    for (const NodeClaim& claim : facts.claims->nodes)
      node_claims.emplace(claim.meta.name, &claim);
    for (const PodClaim& pod : facts.claims->pods) {
      pods.emplace(pod.meta.name_space + "/" + pod.meta.name, &pod);
      pods_by_uid.emplace(pod.meta.uid, &pod);
      pods_of_node[pod.node].push_back(&pod);
    }
    add_slices(*facts.claims);
    add_claims(*facts.claims);
  }
  facts.index.set(this);
}

FactsIndex::~FactsIndex() { facts_->index.set(nullptr); }

void FactsIndex::add_slices(const AllocationView& view) {
  for (const SliceClaim& slice : view.slices) {
    slices_of_node[slice.node].push_back(&slice);
    slices_of_pool[slice.driver + " " + slice.pool].push_back(&slice);
    bool& network = network_drivers[slice.driver];
    network = network || shows_network_device(slice);
  }
}

void FactsIndex::add_claims(const AllocationView& view) {
  for (const DeviceClaim& claim : view.claims) {
    const std::string space = claim.meta.name_space + "/";
    claims_by_name[space + claim.meta.name].push_back(&claim);
    if (!claim.allocated) continue;
    for (const std::string& pod : claim.reserved_for) {
      auto& list = reserved[space + pod];
      if (list.empty() || list.back() != &claim) list.push_back(&claim);
    }
    for (const AllocatedDevice& device : claim.devices) {
      auto& list = givers[text_of(device)];
      if (list.empty() || list.back() != &claim) list.push_back(&claim);
    }
  }
}

}  // namespace plumbline::netcheck
