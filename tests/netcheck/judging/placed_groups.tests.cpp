#include <catch2/catch_test_macros.hpp>

#include "tests/netcheck/judging/rings.hpp"

using namespace plumbline;
using namespace plumbline::netcheck;

TEST_CASE("Between placed pods a slow NIC is found by more collectives between placed pods") {
  Rings rings({}, kRacks);
  rings.place_pods();
  rings.slow({ComponentKind::nic, "node-3", "rail-a"}, 6.5e6);
  CHECK(rings.run() > 0);
  for (const Outcome& outcome : rings.facts().outcomes)
    CHECK(scope_of(outcome) == Scope::placed);
  const Report report = rings.report();
  const auto findings = accused(report);
  REQUIRE(findings.size() == 1);
  CHECK(findings[0].subject.node == "node-3");
  CHECK(findings[0].ambiguity.empty());
  CHECK(findings[0].message.find("between placed pods") != std::string::npos);
  CHECK(report.facts.contains("group_tests.placed.rail-a"));
  CHECK_FALSE(report.facts.contains("group_tests.rail-a"));
}

TEST_CASE("What the nodes' own collectives name is not searched again between placed pods") {
  Rings rings({}, kRacks);
  rings.slow({ComponentKind::nic, "node-3", "rail-a"}, 6.5e6);
  rings.run();
  rings.place_pods();
  CHECK(rings.run() == 0);
  CHECK(accused(rings.report()).size() == 1);
  rings.slow({ComponentKind::nic, "node-5", "rail-b"}, 6.5e6);  // seen by the pods alone
  CHECK(rings.run() > 0);
  const auto findings = accused(rings.report());
  REQUIRE(findings.size() == 2);
  CHECK(findings[1].subject.node == "node-5");
}

TEST_CASE("A collective between placed pods that noise left open is measured again between them") {
  Rings rings({}, {"all"});
  rings.place_pods();
  rings.slow({ComponentKind::nic, "node-3", "rail-a"}, 6.5e6);
  rings.noisy("all");
  CHECK(rings.run() == 0);
  const auto undecided = undecided_groups(rings.facts());
  REQUIRE(undecided.size() == 2);
  CHECK(undecided[0].scope == Scope::placed);
  CHECK(rings.decide() == 2);
  CHECK(rings.search() > 0);
  CHECK(accused(rings.report()).size() == 1);
}

TEST_CASE("All placed pods are those on nodes that have one") {
  Rings rings({}, {"all"});
  rings.place_pods("node-6");
  rings.slow({ComponentKind::nic, "node-6", "rail-a"}, 6.5e6);
  CHECK(rings.run() == 0);
  CHECK(accused(rings.report()).empty());
  REQUIRE_FALSE(rings.facts().outcomes.empty());
  CHECK(group_nodes(rings.facts(), rings.facts().outcomes.front()).size() == 5);
}
