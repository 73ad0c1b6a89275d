#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include "netcheck/lookup.hpp"
#include "netcheck/plan.hpp"
#include "netcheck/rdma/rails_told.hpp"
#include "netcheck/rdma/rdma_rules.hpp"
#include "tests/netcheck/rules/rack_facts.hpp"

namespace plumbline::netcheck {
namespace {

using Catch::Matchers::ContainsSubstring;

Neighbour leaf(const std::string& name, const std::string& port = "swp1") {
  return {"3c:fd:fe:00:00:" + name, port, "leaf-" + name, "", "/run/systemd/netif/lldp/3"};
}

/// The rack of six nodes in two racks of three, each rack with a switch for each rail: leaf-1a,
/// leaf-1b, leaf-2a, leaf-2b.
Facts cabled_rack() {
  Facts facts = rack();
  for (int i = 1; i <= 6; ++i) {
    const std::string name = "node-" + std::to_string(i);
    const std::string number = i <= 3 ? "1" : "2";
    for (NodeClaim& object : facts.claims->nodes) {
      if (object.meta.name == name) object.meta.labels[facts.fabric.rack_label] = "rack-" + number;
    }
    device(facts, name, "ens1").neighbours = {leaf(number + "a", "swp" + std::to_string(i))};
    device(facts, name, "ens2").neighbours = {leaf(number + "b", "swp" + std::to_string(i))};
  }
  return facts;
}

}  // namespace

TEST_CASE(
    "NICs that hear the switches of their rails and racks match, and a silent rail is passed "
    "over") {
  Facts facts = cabled_rack();
  const auto findings = rail_switch(facts);
  CHECK(with(findings, Verdict::match).size() == 2);
  CHECK(findings.size() == 2);
  CHECK_THAT(findings[0].message, ContainsSubstring("leaf-1a (3) and leaf-2a (3)"));
  for (NodeFacts& one : facts.nodes) {
    for (NetworkDevice& nic : one.topology->network_devices)
      nic.neighbours.clear();
  }
  CHECK(rail_switch(facts).empty());
}

TEST_CASE("A cable that ends at another rail's switch is the NIC's violation") {
  Facts facts = cabled_rack();
  device(facts, "node-2", "ens1").neighbours = {leaf("1b", "swp9")};
  const Finding finding = the_only(rail_switch(facts), Verdict::violation);
  CHECK(finding.subject.name == "node-2/ens1");
  CHECK_THAT(finding.message, ContainsSubstring("swp9 of leaf-1b, where the NICs of rail-b are"));
  CHECK(with(rail_switch(facts), Verdict::match).size() == 1);
  check_quotes(facts, {finding});
  // Both cables of one node, each in the other's place.
  device(facts, "node-2", "ens2").neighbours = {leaf("1a")};
  CHECK(with(rail_switch(facts), Verdict::violation).size() == 2);
}

TEST_CASE(
    "A node behind another rack's switches has a wrong label; behind one of them a wrong cable") {
  Facts facts = cabled_rack();
  device(facts, "node-2", "ens1").neighbours = {leaf("2a")};
  const Finding cable = the_only(rail_switch(facts), Verdict::violation);
  CHECK(cable.subject.name == "node-2/ens1");
  CHECK_THAT(cable.message, ContainsSubstring("the switch of rack-2 on rail-a"));
  device(facts, "node-2", "ens2").neighbours = {leaf("2b")};
  const Finding label = the_only(rail_switch(facts), Verdict::drift);
  CHECK(label.subject.kind == "label");
  CHECK(label.subject.node == "node-2");
  REQUIRE(label.claim);
  CHECK(label.claim->value == "rack-1");
  check_quotes(facts, {label});
  device(facts, "node-2", "ens2").neighbours.clear();
  CHECK_THAT(the_only(rail_switch(facts), Verdict::drift).message,
             ContainsSubstring("the cable may as well be"));
}

TEST_CASE("One switch for all rails and racks, or a NIC that hears two, accuses nobody") {
  Facts facts = cabled_rack();
  for (NodeFacts& one : facts.nodes) {
    for (NetworkDevice& nic : one.topology->network_devices)
      nic.neighbours = {leaf("1a")};
  }
  CHECK(all_match(rail_switch(facts)));
  device(facts, "node-6", "ens2").neighbours = {leaf("1a"), leaf("9z")};
  CHECK(all_match(rail_switch(facts)));
}

TEST_CASE(
    "Rails that nobody declares are the subnets of the NICs that count, but not the agents' own") {
  Facts facts = rack();
  facts.fabric.rails.clear();
  tell_rails(facts, {"10.70.0.11"});
  REQUIRE(facts.fabric.rails.size() == 2);
  CHECK(facts.fabric.rails[0].name == "subnet-10.70.1.0/24");
  CHECK(nic_on(facts, "node-4", "subnet-10.70.2.0/24")->name == "ens2");
  CHECK(plan(facts).goodput.size() > 0);
  CHECK_THAT(the_only(rails_told(facts), Verdict::unclaimed).message,
             ContainsSubstring("all network devices show 2"));
  // Hardware counts before what is virtual, RDMA before both.
  facts.fabric = {};
  for (const char* name : {"node-1", "node-2"})
    device(facts, name, "ens2").rdma_device = "rxe2";
  tell_rails(facts, {});
  REQUIRE(facts.fabric.rails.size() == 1);
  CHECK(facts.fabric.rails[0].subnet == "10.70.2.0/24");
  CHECK(rails_told(rack()).empty());
}

TEST_CASE("NICs of one node in one subnet are as many rails as there are switches, or one") {
  Facts facts = cabled_rack();
  facts.fabric = {};
  for (NodeFacts& one : facts.nodes) {
    for (NetworkDevice& nic : one.topology->network_devices) {
      if (nic.name == "mgmt0") continue;
      nic.is_virtual = false;
      nic.addresses = {"10.80.0." + std::to_string(10 + (nic.name == "ens1" ? 0 : 100)) + "/16"};
      nic.neighbours = {leaf(nic.name == "ens1" ? "a" : "b")};
    }
  }
  Facts silent = facts;
  tell_rails(facts, {});
  REQUIRE(facts.fabric.rails.size() == 2);
  CHECK(facts.fabric.rails[1].name == "switch-leaf-b");
  CHECK(nic_on(facts, "node-1", "switch-leaf-b")->name == "ens2");
  CHECK_THAT(the_only(rails_told(facts), Verdict::unclaimed).message,
             ContainsSubstring("and their switches by LLDP"));
  device(silent, "node-3", "ens2").neighbours.clear();
  tell_rails(silent, {});
  REQUIRE(silent.fabric.rails.size() == 1);
  CHECK(silent.fabric.rails[0].name == "subnet-10.80.0.0/16");
}

TEST_CASE("Where nothing shows a rail the stage says so") {
  Facts facts = rack();
  facts.fabric.rails.clear();
  for (NodeFacts& one : facts.nodes)
    one.topology->network_devices.resize(1);
  tell_rails(facts, {"10.70.0.0/24"});
  CHECK(facts.fabric.rails.empty());
  CHECK(the_only(rails_told(facts), Verdict::unobservable).tier == "A");
}

}  // namespace plumbline::netcheck
