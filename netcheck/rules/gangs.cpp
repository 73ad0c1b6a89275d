#include "netcheck/rules/gangs.hpp"

#include <algorithm>
#include <set>

#include "netcheck/rules/lookup.hpp"

namespace plumbline::netcheck {
namespace {

template <typename Map>
auto found(const Map& map, const std::string& key) -> const typename Map::mapped_type& {
  static const typename Map::mapped_type none{};
  const auto at = map.find(key);
  return at == map.end() ? none : at->second;
}

std::vector<const PodClaim*> members_of(const ClaimIndex& index, const PlacementClaim& claim) {
  if (claim.kind == "PodGroup") return index.of_gang(full_name(claim.meta));
  std::vector<const PodClaim*> members;
  for (const std::string& name : claim.members) {
    if (const PodClaim* pod = index.pod(name)) members.push_back(pod);
  }
  return members;
}

bool concerns(const Facts& facts, const Gang& gang) {
  bool bound = false;
  for (const PodClaim* pod : gang.members) {
    if (pod->node.empty()) continue;
    if (in_scope(facts, pod->node)) return true;
    bound = true;
  }
  return !bound;
}

std::string name_of(const PlacementClaim& claim) {
  const std::string name = full_name(claim.meta);
  return claim.part.empty() ? name : name + " " + claim.part;
}

}  // namespace

ClaimIndex::ClaimIndex(const Facts& facts) : facts_(&facts) {
  for (const NodeClaim& node : facts.claims->nodes) {
    nodes_.emplace(node.meta.name, &node);
    for (const auto& [key, value] : node.meta.labels)
      labelled_[key + "\n" + value].push_back(&node);
  }
  for (const PodClaim& pod : facts.claims->pods) {
    pods_.emplace(full_name(pod.meta), &pod);
    if (!pod.gang.empty()) gangs_[pod.gang].push_back(&pod);
    if (!pod.node.empty()) bound_[pod.node].push_back(&pod);
  }
}

const NodeClaim* ClaimIndex::node(const std::string& name) const { return found(nodes_, name); }
const PodClaim* ClaimIndex::pod(const std::string& name) const { return found(pods_, name); }
const std::vector<const PodClaim*>& ClaimIndex::of_gang(const std::string& name) const {
  return found(gangs_, name);
}
const std::vector<const PodClaim*>& ClaimIndex::on_node(const std::string& name) const {
  return found(bound_, name);
}
const std::vector<const NodeClaim*>& ClaimIndex::nodes_in(const std::string& label,
                                                          const std::string& value) const {
  return found(labelled_, label + "\n" + value);
}

bool all_ended(const Gang& gang) {
  return !gang.members.empty() && std::all_of(gang.members.begin(), gang.members.end(),
                                              [](const PodClaim* pod) { return ended(*pod); });
}

std::vector<Gang> gangs(const ClaimIndex& index) {
  const Facts& facts = index.facts();
  std::vector<Gang> all;
  std::set<std::string> known;
  for (const PlacementClaim& claim : facts.claims->placements) {
    if (claim.kind == "PodGroup") known.insert(full_name(claim.meta));
    all.push_back({name_of(claim), &claim, members_of(index, claim)});
  }
  for (const PodClaim& pod : facts.claims->pods) {
    if (pod.gang.empty() || !known.insert(pod.gang).second) continue;
    all.push_back({pod.gang, nullptr, index.of_gang(pod.gang)});
  }
  std::erase_if(all, [&](const Gang& gang) { return !concerns(facts, gang); });
  return all;
}

}  // namespace plumbline::netcheck
