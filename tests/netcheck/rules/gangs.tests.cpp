#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include "tests/netcheck/rules/rack_facts.hpp"

namespace plumbline::netcheck {
namespace {

using Catch::Matchers::ContainsSubstring;
const char* const rack_label = "fabric.topograph.run/tier-0";

}  // namespace

TEST_CASE("X10 matches a gang that is in the one rack it asked for") {
  const Facts facts = rack();
  const Finding finding = the_only(x10_gang_placement(facts), Verdict::match);
  CHECK(finding.subject == Subject{"gang", "plumbline/gang", "", ""});
  CHECK_THAT(finding.message, ContainsSubstring("rack-1"));
  CHECK(finding.claim->path == "spec.schedulingConstraints.topology[0].key");
  CHECK(finding.claim->value == rack_label);
  CHECK(finding.evidence.size() == 4);
}

TEST_CASE("X10: a gang over two racks is a violation with pods, nodes and labels") {
  const Facts facts = rack("rack-split-gang");
  const Finding finding = the_only(x10_gang_placement(facts), Verdict::violation);
  CHECK(finding.subject.name == "plumbline/gang");
  CHECK_THAT(finding.message, ContainsSubstring("rack-1 (plumbline/gang-0 on node-1)"));
  CHECK_THAT(finding.message, ContainsSubstring("rack-2 (plumbline/gang-1 on node-3)"));
  CHECK_THAT(finding.next_step, ContainsSubstring(rack_label));
  check_quotes(facts, {finding});
}

TEST_CASE("X10: a preferred domain that was not kept is a preference not met") {
  Facts facts = rack("rack-split-gang");
  facts.claims->placements[0].required = false;
  const Finding finding = the_only(x10_gang_placement(facts), Verdict::preference_not_met);
  CHECK_THAT(finding.message, ContainsSubstring("prefers"));
}

TEST_CASE("X10 is unobservable when placement or label is not there to see") {
  Facts facts = rack();
  std::string word;
  SECTION("a member that is not bound") {
    pod(facts, "gang-1").node.clear();
    word = "plumbline/gang-1 not bound";
  }
  SECTION("a node without the label") {
    node_object(facts, "node-2").meta.labels.erase(rack_label);
    word = "is missing on node-2";
  }
  SECTION("a node that was not read") {
    std::erase_if(facts.claims->nodes, [](const NodeClaim& n) { return n.meta.name == "node-2"; });
    word = "node-2 (no Node object was read)";
  }
  SECTION("no pods") {
    facts.claims->pods.clear();
    word = "no living pod";
  }
  SECTION("no PodGroup") {
    facts.claims->placements.clear();
    word = "its object was not read";
  }
  CHECK_THAT(the_only(x10_gang_placement(facts), Verdict::unobservable).message,
             ContainsSubstring(word));
}

TEST_CASE("X10: two racks are two racks, whatever else is missing") {
  Facts facts = rack("rack-split-gang");
  PodClaim third = pod(facts, "gang-0");
  third.meta.name = "gang-2";
  third.node.clear();
  facts.claims->pods.push_back(third);
  CHECK(with(x10_gang_placement(facts), Verdict::violation).size() == 1);
}

TEST_CASE("X10 has nothing to say of gangs without a domain, that ended, or elsewhere") {
  Facts facts = rack("rack-split-gang");
  SECTION("no topology key, and together") {
    facts.claims->placements[0].one_domain.reset();
    pod(facts, "gang-1").node = pod(facts, "gang-0").node;
  }
  SECTION("ended") {
    pod(facts, "gang-0").phase = "Succeeded";
    pod(facts, "gang-1").phase = "Failed";
  }
  SECTION("on nodes outside the stage") {
    std::erase_if(facts.nodes,
                  [](const NodeFacts& n) { return n.node == "node-1" || n.node == "node-3"; });
  }
  CHECK(x10_gang_placement(facts).empty());
}

TEST_CASE("X13 matches a complete gang") {
  const Facts facts = rack();
  const Finding finding = the_only(x13_gang_complete(facts), Verdict::match);
  CHECK(finding.subject.name == "plumbline/gang");
  CHECK(finding.claim->path == "spec.schedulingPolicy.gang.minCount");
  CHECK(finding.claim->value == "2");
}

TEST_CASE("X13: a gang that runs below its least number is a violation that names who is missing") {
  Facts facts = rack();
  SECTION("not bound") { pod(facts, "gang-1").node.clear(); }
  SECTION("failed") { pod(facts, "gang-1").phase = "Failed"; }
  const Finding finding = the_only(x13_gang_complete(facts), Verdict::violation);
  CHECK_THAT(finding.message, ContainsSubstring("needs 2 members together but only 1"));
  CHECK_THAT(finding.message, ContainsSubstring("plumbline/gang-1"));
  check_quotes(facts, {finding});
}

TEST_CASE("X13: a member that was never made is missing too") {
  Facts facts = rack();
  std::erase_if(facts.claims->pods, [](const PodClaim& p) { return p.meta.name == "gang-1"; });
  CHECK(with(x13_gang_complete(facts), Verdict::violation).size() == 1);
}

TEST_CASE("X13: who is missing among what could not all be read may just not have been read") {
  Facts facts = rack();
  std::erase_if(facts.claims->pods, [](const PodClaim& p) { return p.meta.name == "gang-1"; });
  facts.claims->whole = false;
  CHECK_THAT(with(x13_gang_complete(facts), Verdict::unobservable).at(0).message,
             ContainsSubstring("not all that was recorded could be"));
}

TEST_CASE("X13: a gang that waits whole proves nothing; members that succeeded are no loss") {
  Facts facts = rack();
  SECTION("waits") {
    pod(facts, "gang-0").node.clear();
    pod(facts, "gang-1").node.clear();
    CHECK(with(x13_gang_complete(facts), Verdict::vacuous).size() == 1);
  }
  SECTION("one succeeded") {
    pod(facts, "gang-1").phase = "Succeeded";
    CHECK(with(x13_gang_complete(facts), Verdict::match).size() == 1);
  }
  SECTION("all succeeded") {
    pod(facts, "gang-0").phase = "Succeeded";
    pod(facts, "gang-1").phase = "Succeeded";
    CHECK(x13_gang_complete(facts).empty());
  }
  SECTION("no least number") {
    facts.claims->placements[0].least_members = 0;
    CHECK(x13_gang_complete(facts).empty());
  }
}

TEST_CASE("X13 is unobservable without pods or without the group") {
  Facts facts = rack();
  SECTION("no pods") { facts.claims->pods.clear(); }
  SECTION("no group") { facts.claims->placements.clear(); }
  CHECK(with(x13_gang_complete(facts), Verdict::unobservable).size() == 1);
}

TEST_CASE("X13 counts a gang with two topology keys once") {
  Facts facts = rack();
  facts.claims->placements.push_back(facts.claims->placements.front());
  CHECK(x13_gang_complete(facts).size() == 1);
  CHECK(x10_gang_placement(facts).size() == 2);
}

}  // namespace plumbline::netcheck
