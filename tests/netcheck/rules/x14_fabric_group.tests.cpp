#include <catch2/catch_test_macros.hpp>

#include "tests/netcheck/rules/rack_facts.hpp"

using namespace plumbline;
using namespace plumbline::netcheck;

namespace {

/// Two nodes whose ens1 is published in one placement group.
Facts grouped() {
  Facts facts = rack();
  for (const char* name : {"node-1", "node-2"}) {
    published(facts, name, "ens1").attributes["azure.dra.net/placementGroupId"] =
        std::string("group-7");
  }
  return facts;
}

Outcome failed(const std::string& from, const std::string& to, const std::string& blamed) {
  Outcome outcome = measured(from, to, "ens1");
  outcome.result = Failed{{ErrorCode::unavailable, "nothing arrived"}, blamed};
  return outcome;
}

}  // namespace

TEST_CASE("Nodes of one fabric group that reach each other match") {
  Facts facts = grouped();
  facts.outcomes = {measured("node-1", "node-2", "ens1")};
  const auto findings = x14_fabric_group(facts);
  REQUIRE(findings.size() == 1);
  CHECK(the_only(findings, Verdict::match).measurement == facts.outcomes[0].key());
  check_quotes(facts, findings);
}

TEST_CASE("Nodes of one fabric group that do not reach each other are a violation of the claim") {
  Facts facts = grouped();
  facts.outcomes = {failed("node-1", "node-2", "")};
  const Finding finding = the_only(x14_fabric_group(facts), Verdict::violation);
  CHECK(finding.subject.kind == "link");
  CHECK(finding.subject.name == "node-1 - node-2");
  CHECK(finding.message.find("group-7") != std::string::npos);
  check_quotes(facts, {finding});
}

TEST_CASE("A pair that failed by one end's own fault says nothing of the fabric") {
  Facts facts = grouped();
  facts.outcomes = {failed("node-1", "node-2", "node-2")};
  CHECK(the_only(x14_fabric_group(facts), Verdict::unobservable).message.find("no pair") !=
        std::string::npos);
}

TEST_CASE("Nodes of different groups, or of none, are not held together") {
  Facts facts = grouped();
  published(facts, "node-2", "ens1").attributes["azure.dra.net/placementGroupId"] =
      std::string("group-8");
  facts.outcomes = {failed("node-1", "node-2", "")};
  CHECK(x14_fabric_group(facts).empty());
  CHECK(x14_fabric_group(rack()).empty());
}
