#include "netcheck/controls/wrong_nic.hpp"

#include <catch2/catch_test_macros.hpp>

#include "netcheck/controls/placed_paths.hpp"
#include "tests/support/virtual_fabric.hpp"

namespace plumbline::netcheck {
namespace {

void add(Facts& facts, const char* rail, double low, double high) {
  const std::string device = rail == std::string("rail-a") ? "ens1" : "ens2";
  Outcome outcome;
  outcome.probe = kPlacedGoodput;
  outcome.from = {"node-1", device, rail};
  outcome.to = {"node-2", device, rail};
  outcome.parameters = {{"size", "1048576"}, {"direction", "one_way"}};
  Measured measured;
  measured.value = (low + high) / 2;
  measured.interval = {low, high};
  outcome.result = measured;
  facts.outcomes.push_back(outcome);
}

/// A healthy fabric of which rail-b's NICs are declared at half the rate of rail-a's.
Facts half_a_rail() {
  testing::VirtualFabric fabric({}, 0.01, 7);
  Facts facts = fabric.stage();
  facts.fabric.rails.at(1).nic_rate = BytesPerSecond{12.5e6};
  return facts;
}

}  // namespace

TEST_CASE("Pods bound to the slower NIC must get less than bound to the other, intervals apart") {
  Facts facts = half_a_rail();
  CHECK(judge_wrong_nic(facts).state == ControlState::not_applicable);
  add(facts, "rail-a", 23e6, 24e6);
  CHECK(judge_wrong_nic(facts).state == ControlState::not_applicable);
  add(facts, "rail-b", 11e6, 12e6);
  const Control good = judge_wrong_nic(facts);
  CHECK(good.state == ControlState::behaved);
  CHECK(good.expected.find("of rail-b") != std::string::npos);
  CHECK(good.evidence.size() == 2);
  add(facts, "rail-b", 22.5e6, 23.5e6);
  const Control bad = judge_wrong_nic(facts);
  CHECK(bad.state == ControlState::misbehaved);
  CHECK(bad.seen.find("that is not less") != std::string::npos);
}

TEST_CASE("Where no rail is known to be slower there is no wrong NIC") {
  testing::VirtualFabric fabric({}, 0.01, 7);
  Facts facts = fabric.stage();
  add(facts, "rail-a", 23e6, 24e6);
  add(facts, "rail-b", 11e6, 12e6);
  const Control control = judge_wrong_nic(facts);
  CHECK(control.state == ControlState::not_applicable);
  CHECK(control.seen.find("nic_rate") != std::string::npos);
  Facts unknown = half_a_rail();
  for (DeclaredRail& rail : unknown.fabric.rails)
    rail.nic_rate.reset();
  add(unknown, "rail-a", 23e6, 24e6);
  add(unknown, "rail-b", 11e6, 12e6);
  CHECK(judge_wrong_nic(unknown).state == ControlState::not_applicable);
}

}  // namespace plumbline::netcheck
