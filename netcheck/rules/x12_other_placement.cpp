#include "netcheck/rules/placement.hpp"
#include "netcheck/rules/quote.hpp"
#include "netcheck/rules/rules.hpp"

namespace plumbline::netcheck {

std::vector<Finding> x12_other_placement(const Facts& facts) {
  if (!facts.claims) return without_claims(facts, "X12", "A");
  const ClaimIndex index(facts);
  std::vector<Finding> findings;
  for (const Gang& gang : gangs(index)) {
    if (gang.claim == nullptr || is_x10_kind(gang.claim->kind)) continue;
    if (auto finding = judge_placement(index, gang, "X12")) findings.push_back(std::move(*finding));
  }
  return findings;
}

}  // namespace plumbline::netcheck
