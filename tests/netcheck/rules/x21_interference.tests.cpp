#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include "tests/netcheck/rules/rack_facts.hpp"

namespace plumbline::netcheck {
namespace {

using Catch::Matchers::ContainsSubstring;

}  // namespace

TEST_CASE("X21 records that measured devices were nobody else's") {
  Facts facts = rack();
  facts.outcomes = {measured("node-1", "node-2", "ens1")};
  const auto findings = x21_interference(facts);
  CHECK(all_match(findings));
  REQUIRE(findings.size() == 2);
  CHECK(findings[0].subject == Subject{"nic", "node-1/ens1", "node-1", "rail-a"});
  CHECK_THAT(findings[0].message, ContainsSubstring("the stage's own pod plumbline/gang-0"));
  CHECK(findings[0].measurement == facts.outcomes[0].key());
  check_quotes(facts, findings);
}

TEST_CASE("X21: a device that was loaded while a tenant held it is a violation") {
  Facts facts = rack("rack-busy-device");
  Outcome failed = measured("node-4", "node-5", "ens2");
  failed.result = Failed{{ErrorCode::internal, "lost"}, ""};
  for (const Outcome& outcome : {measured("node-4", "node-5", "ens2"), failed}) {
    facts.outcomes = {outcome};
    const auto findings = x21_interference(facts);
    const Finding finding = the_only(findings, Verdict::violation);
    CHECK(finding.subject.name == "node-5/ens2");
    CHECK_THAT(finding.message,
               ContainsSubstring("while pod tenant/trainer-0 (claim tenant/trainer-0-nic)"));
    CHECK(finding.claim->name == "tenant/trainer-0-nic");
    check_quotes(facts, findings);
  }
}

TEST_CASE("X21: a device left alone because a tenant holds it is unobservable, with the holder") {
  Facts facts = rack("rack-busy-device");
  facts.outcomes = {skipped("node-4", "node-5", "ens2", "held")};
  const auto findings = x21_interference(facts);
  const Finding finding = the_only(findings, Verdict::unobservable);
  CHECK(findings.size() == 1);
  CHECK(finding.subject.name == "node-5/ens2");
  CHECK_THAT(finding.message, ContainsSubstring("was not measured, because pod tenant/trainer-0"));
  CHECK_FALSE(finding.evidence.empty());
  check_quotes(facts, findings);
}

TEST_CASE("X21 is unobservable when something was measured and nobody knows who held it") {
  Facts facts = rack();
  node(facts, "node-2").holdings.reset();
  node(facts, "node-2").holdings_problem = "no such socket";
  facts.outcomes = {measured("node-1", "node-2", "ens1")};
  const Finding finding = the_only(x21_interference(facts), Verdict::unobservable);
  CHECK(finding.subject.node == "node-2");
  CHECK_THAT(finding.message, ContainsSubstring("no such socket"));
}

TEST_CASE("X21 is about network devices that were to be measured, and nothing else") {
  Facts facts = rack();
  Outcome memory;
  memory.probe = "memory_copy";
  memory.from = memory.to = {"node-1", "numa0", ""};
  memory.result = Measured{};
  facts.outcomes = {memory, skipped("node-1", "node-2", "ens1", "no time left")};
  CHECK(x21_interference(facts).empty());
  facts.outcomes.clear();
  CHECK(x21_interference(facts).empty());
}

}  // namespace plumbline::netcheck
