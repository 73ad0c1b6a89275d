#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <map>

#include "tests/netcheck/rules/rack_facts.hpp"

namespace plumbline::netcheck {
namespace {

using Catch::Matchers::ContainsSubstring;

/// What every rule says of some facts, in one list.
std::vector<Finding> everything(const Facts& facts) {
  std::vector<Finding> all;
  for (const auto& [id, rule] : claim_rules()) {
    const auto found = rule(facts);
    for (const Finding& finding : found)
      CHECK(finding.rule == id);
    all.insert(all.end(), found.begin(), found.end());
  }
  return all;
}

std::vector<Outcome> all_pairs() {
  std::vector<Outcome> outcomes;
  for (int from = 1; from <= 6; ++from) {
    for (int to = from + 1; to <= 6; ++to) {
      for (const char* device : {"ens1", "ens2"}) {
        outcomes.push_back(
            measured("node-" + std::to_string(from), "node-" + std::to_string(to), device));
      }
    }
  }
  return outcomes;
}

/// Findings that make a stage fail.
std::vector<Finding> accusing(const std::vector<Finding>& findings) {
  std::vector<Finding> found;
  for (Verdict verdict : {Verdict::violation, Verdict::drift, Verdict::degraded}) {
    for (Finding& finding : with(findings, verdict))
      found.push_back(std::move(finding));
  }
  return found;
}

}  // namespace

TEST_CASE("A healthy rack gives matches and nothing else") {
  Facts facts = rack();
  facts.outcomes = all_pairs();
  const auto findings = everything(facts);
  CHECK(all_match(findings));
  check_quotes(facts, findings);
  std::map<std::string, int> counted;
  for (const Finding& finding : findings)
    ++counted[finding.rule];
  CHECK(counted ==
        std::map<std::string, int>{
            {"X03", 13}, {"X04", 7}, {"X10", 1}, {"X13", 1}, {"X15", 13}, {"X20", 6}, {"X21", 12}});
}

TEST_CASE("A bundle alone is judged as far as it goes, and accuses nobody") {
  const Facts facts = only_claims();
  const auto findings = everything(facts);
  check_quotes(facts, findings);
  CHECK(accusing(findings).empty());
  CHECK(with(x10_gang_placement(facts), Verdict::match).size() == 1);
  CHECK(with(x03_slice_truth(facts), Verdict::unobservable).size() == 1);
  CHECK(with(x04_given_held(facts), Verdict::unobservable).size() == 1);
  CHECK(with(x15_attachment(facts), Verdict::unobservable).size() == 1);
}

TEST_CASE("Each fault of the cluster's word names its culprit and nobody else") {
  SECTION("a wrong slice, by MAC, MTU or an invented NIC") {
    const auto [bundle, word] = GENERATE(table<const char*, const char*>(
        {{"rack-wrong-mac", "dra.net/mac = 02:70:ff:00:03:01, but node-3 shows 02:70:00:00:03:01"},
         {"rack-wrong-mtu", "dra.net/mtu = 9000, but node-3 shows 1500"},
         {"rack-wrong-nic", "ens9"}}));
    Facts facts = rack(bundle);
    facts.outcomes = all_pairs();
    const auto findings = accusing(everything(facts));
    REQUIRE_FALSE(findings.empty());
    CHECK(findings.front().rule == "X03");
    CHECK_THAT(findings.front().message, ContainsSubstring(word));
    for (const Finding& finding : findings) {
      CHECK(finding.subject.kind == "slice");
      CHECK(finding.subject.name == "node-3-dra.net");
      CHECK(finding.subject.node == "node-3");
    }
    check_quotes(facts, findings);
  }
  SECTION("a split gang") {
    Facts facts = rack("rack-split-gang");
    facts.outcomes = all_pairs();
    const auto findings = accusing(everything(facts));
    REQUIRE(findings.size() == 1);
    CHECK(findings[0].rule == "X10");
    CHECK(findings[0].subject.kind == "gang");
    CHECK(findings[0].subject.name == "plumbline/gang");
  }
  SECTION("a device that a tenant holds: nobody is accused, the holder is named") {
    Facts facts = rack("rack-busy-device");
    facts.outcomes = {skipped("node-4", "node-5", "ens2", "held"),
                      measured("node-4", "node-5", "ens1")};
    const auto findings = everything(facts);
    CHECK(accusing(findings).empty());
    const Finding left = the_only(findings, Verdict::unobservable);
    CHECK(left.rule == "X21");
    CHECK_THAT(left.message, ContainsSubstring("tenant/trainer-0"));
  }
  SECTION("a NIC in a pod that was not given it") {
    Facts facts = rack();
    sandbox(facts, "loader-0").devices->push_back(take(facts, "node-6", "ens2"));
    const auto findings = accusing(everything(facts));
    REQUIRE_FALSE(findings.empty());
    CHECK(findings.front().rule == "X04");
    for (const Finding& finding : findings) {
      CHECK(finding.subject.kind == "pod");
      CHECK(finding.subject.name == "tenant/loader-0");
      CHECK(finding.subject.node == "node-6");
    }
    check_quotes(facts, findings);
  }
}

TEST_CASE("Claims that were to be read and could not be are one unobservable finding a rule") {
  Facts facts = rack();
  facts.claims.reset();
  facts.claims_problem = "bundle: no such folder";
  for (const auto& [id, rule] : claim_rules()) {
    // These need no claims to speak.
    if (id.starts_with("X16") || id == "X21" || id == "claims") continue;
    // These leave it to the rule of the same number, or have nothing to say then.
    if (id == "X04 checkpoint" || id == "X04 prepared" || id == "X20 allocatable") continue;
    if (id == "penalty" || id == "X09 claimed" || id == "X09 inside") continue;
    if (id == "X04 inside" || id == "X04 twice") continue;
    const Finding finding = the_only(rule(facts), Verdict::unobservable);
    CHECK_THAT(finding.message, ContainsSubstring("bundle: no such folder"));
  }
}

TEST_CASE("A stage that reads no claims is not asked about them") {
  Facts facts = rack();
  facts.claims.reset();
  CHECK(everything(facts).empty());
}

TEST_CASE("Objects that were not understood are said, not passed over") {
  Facts facts = rack();
  CHECK(claims_understood(facts).empty());
  facts.claims->warnings = {"x.json: ResourceSlice a: version b is not understood", "y"};
  const Finding finding = the_only(claims_understood(facts), Verdict::unobservable);
  CHECK_THAT(finding.message, ContainsSubstring("2 things"));
  CHECK_THAT(finding.message, ContainsSubstring("ResourceSlice a"));
  CHECK(finding.evidence.size() == 2);
}

}  // namespace plumbline::netcheck
