#include "netcheck/rules/rules.hpp"

namespace plumbline::netcheck {

std::vector<Finding> claims_understood(const Facts& facts) {
  if (!facts.claims || facts.claims->warnings.empty()) return {};
  constexpr std::size_t most_quoted = 20;
  const auto& warnings = facts.claims->warnings;
  Finding finding;
  finding.rule = "claims";
  finding.verdict = Verdict::unobservable;
  finding.tier = "A";
  finding.subject = {"claim", facts.claims->source, "", ""};
  finding.message = std::to_string(warnings.size()) +
                    (warnings.size() == 1 ? " thing" : " things") +
                    " in the claims could not be used, the first: " + warnings.front() + ".";
  finding.next_step =
      "Read the cluster's objects (kubectl get -o json), by an API version that plumbline knows "
      "(docs/bundle.md), and run again.";
  for (const std::string& warning : warnings) {
    if (finding.evidence.size() == most_quoted) break;
    finding.evidence.push_back({facts.claims->source, warning, facts.claims->read_at});
  }
  return {finding};
}

}  // namespace plumbline::netcheck
