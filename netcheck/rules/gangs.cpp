#include "netcheck/rules/gangs.hpp"

#include <algorithm>

#include "netcheck/rules/lookup.hpp"

namespace plumbline::netcheck {
namespace {

std::vector<const PodClaim*> members_of(const AllocationView& view, const std::string& gang) {
  std::vector<const PodClaim*> members;
  for (const PodClaim& pod : view.pods) {
    if (pod.gang == gang) members.push_back(&pod);
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

bool knows(const std::vector<Gang>& gangs, const std::string& name) {
  return std::any_of(gangs.begin(), gangs.end(), [&](const Gang& g) { return g.name == name; });
}

}  // namespace

std::vector<Gang> gangs(const Facts& facts) {
  const AllocationView& view = *facts.claims;
  std::vector<Gang> all;
  for (const PlacementClaim& claim : view.placements) {
    const std::string name = full_name(claim.meta);
    all.push_back({name, &claim, members_of(view, name)});
  }
  for (const PodClaim& pod : view.pods) {
    if (pod.gang.empty() || knows(all, pod.gang)) continue;
    all.push_back({pod.gang, nullptr, members_of(view, pod.gang)});
  }
  std::erase_if(all, [&](const Gang& gang) { return !concerns(facts, gang); });
  return all;
}

}  // namespace plumbline::netcheck
