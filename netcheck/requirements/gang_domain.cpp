#include <algorithm>

#include "netcheck/requirements/placed_evidence.hpp"
#include "netcheck/rules/gangs.hpp"
#include "netcheck/rules/lookup.hpp"
#include "netcheck/rules/placement.hpp"

namespace plumbline::netcheck {
namespace {

std::vector<std::string> gang_pods(const Facts& facts) {
  std::vector<std::string> names;
  for (const PlacedPod& pod : facts.workloads->pods) {
    if (pod.workload == "gang") names.push_back(pod.binding.name);
  }
  return names;
}

bool requires_domain(const Gang& gang) {
  return gang.claim != nullptr && gang.claim->required && gang.claim->one_domain &&
         gang.claim->form == PlacementForm::one_domain;
}

/// True when all of these pods are members of it.
bool has_all(const Gang& gang, const std::vector<std::string>& pods) {
  return std::all_of(pods.begin(), pods.end(), [&](const std::string& name) {
    return std::any_of(gang.members.begin(), gang.members.end(),
                       [&](const PodClaim* pod) { return full_name(pod->meta) == name; });
  });
}

}  // namespace

PlacedEvidence evidence_of_domain(const Facts& facts) {
  const auto pods = gang_pods(facts);
  if (pods.empty()) return {false, "no pod of the stage's gang was made"};
  if (!facts.claims) return {false, "what the gang asked for was not read"};
  const ClaimIndex index(facts);
  PlacedEvidence lacking{false, "the stage's gang required no topology domain (workloads.domain)"};
  for (const Gang& gang : gangs(index)) {
    if (!requires_domain(gang) || !has_all(gang, pods)) continue;
    if (*gang.claim->one_domain != facts.fabric.rack_label) {
      lacking.text = "gang " + gang.name + " required one " + *gang.claim->one_domain +
                     ", which is not fabric.rack_label: what that domain is worth was not measured";
      continue;
    }
    const auto judged = judge_placement(index, gang, "X12");
    if (!judged) continue;
    if (judged->verdict == Verdict::match) return {true, judged->message};
    lacking.text = judged->message;
  }
  return lacking;
}

}  // namespace plumbline::netcheck
