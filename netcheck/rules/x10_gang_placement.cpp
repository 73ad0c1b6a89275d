#include <set>

#include "netcheck/rules/placement.hpp"
#include "netcheck/rules/quote.hpp"
#include "netcheck/rules/rules.hpp"

namespace plumbline::netcheck {
namespace {

Finding not_read(const Gang& gang) {
  Finding finding;
  finding.rule = "X10";
  finding.tier = "A";
  finding.subject = {"gang", gang.name, "", ""};
  finding.verdict = Verdict::unobservable;
  finding.message = "Whether gang " + gang.name +
                    " is in one domain cannot be told: its pods name it, but its object was not "
                    "read.";
  finding.next_step = "Read the PodGroups of the cluster and run again.";
  return finding;
}

/// Names of gangs for which something placed was asked, by whatever kind.
std::set<const PodClaim*> placed_pods(const std::vector<Gang>& all) {
  std::set<const PodClaim*> pods;
  for (const Gang& gang : all) {
    if (gang.claim == nullptr) continue;
    const bool places = gang.claim->one_domain || gang.claim->form != PlacementForm::one_domain;
    if (places) pods.insert(gang.members.begin(), gang.members.end());
  }
  return pods;
}

}  // namespace

std::vector<Finding> x10_gang_placement(const Facts& facts) {
  if (!facts.claims) return without_claims(facts, "X10", "A");
  const ClaimIndex index(facts);
  const std::vector<Gang> all = gangs(index);
  const auto placed = placed_pods(all);
  std::vector<Finding> findings;
  for (const Gang& gang : all) {
    if (gang.claim == nullptr) {
      findings.push_back(not_read(gang));
    } else if (is_x10_kind(gang.claim->kind)) {
      if (auto finding = judge_placement(index, gang, "X10"))
        findings.push_back(std::move(*finding));
    }
    const bool unasked = gang.claim != nullptr && gang.claim->least_members > 0 &&
                         !gang.members.empty() && placed.count(gang.members.front()) == 0;
    if (!unasked) continue;
    if (auto finding = unasked_placement(index, gang)) findings.push_back(std::move(*finding));
  }
  return findings;
}

}  // namespace plumbline::netcheck
