#include <catch2/catch_test_macros.hpp>
#include <limits>
#include <set>

#include "netcheck/controls/controls.hpp"
#include "netcheck/controls/misaligned.hpp"
#include "netcheck/controls/placed_paths.hpp"
#include "netcheck/judging/judge_by.hpp"
#include "tests/support/virtual_fabric.hpp"

namespace plumbline::netcheck {
namespace {

PlacedPod pod(const std::string& workload, std::int64_t rank, const std::string& node) {
  PlacedPod made;
  made.binding = {
      "Pod", "plumbline/" + workload + "-" + std::to_string(rank), "u", "7", "spec.nodeName", node};
  made.workload = workload;
  made.rank = rank;
  made.scheduler = "default-scheduler";
  made.phase = node.empty() ? "Pending" : "Running";
  if (node.empty()) made.waiting = "Unschedulable: 0/6 nodes are available";
  return made;
}

ControlAsk positive() { return {"positive", "gang", 2, "rdma/hca: 2", {5}, {120}}; }
ControlAsk negative() { return {"negative", "negative", 1, "rdma/hca: 1000000", {20.1}, {20}}; }

/// A gang with one pod on every node, which holds both of its NICs and sees them from inside.
void place_gang(Facts& facts) {
  facts.workloads.emplace();
  for (std::size_t i = 0; i < facts.nodes.size(); ++i) {
    NodeFacts& node = facts.nodes[i];
    const PlacedPod made = pod("gang", static_cast<std::int64_t>(i), node.node);
    NodeHoldings held;
    held.node = node.node;
    for (const char* const device : {"ens1", "ens2"}) {
      Holding holding;
      holding.pod_namespace = "plumbline";
      holding.pod_name = made.binding.name.substr(std::string("plumbline/").size());
      holding.resource = "example.com/nic";
      holding.device = device;
      held.holdings.push_back(holding);
    }
    node.holdings = held;
    facts.workloads->pods.push_back(made);
    facts.placed.push_back(node);
    facts.placed.back().node = made.binding.name;
    if (facts.placed.back().topology) facts.placed.back().topology->node = made.binding.name;
  }
}

}  // namespace

TEST_CASE("Placed pods measure a pair of one rack on every rail, though a label lies") {
  testing::VirtualFabric fabric({}, 0.01, 7);
  fabric.mislabel(4, "rack-3");
  Facts facts = fabric.stage();
  place_gang(facts);
  std::set<std::string> rails;
  for (const auto& round : plan_placed(facts, plan(facts)).rounds) {
    for (const PlacedPair& placed : round) {
      const std::set<std::string> nodes{placed.pair.from.node, placed.pair.to.node};
      const bool together = nodes == std::set<std::string>{"node-1", "node-2"} ||
                            nodes == std::set<std::string>{"node-3", "node-4"} ||
                            nodes == std::set<std::string>{"node-5", "node-6"};
      if (together) rails.insert(placed.pair.from.rail);
    }
  }
  CHECK(rails == std::set<std::string>{"rail-a", "rail-b"});
}

TEST_CASE("A gang that runs whole behaved; one that does not is told with its first member") {
  const std::vector whole{pod("gang", 0, "node-1"), pod("gang", 1, "node-2")};
  const Control good = judge_positive(positive(), whole);
  CHECK(good.state == ControlState::behaved);
  CHECK(good.seen == "2 of 2 run, on 2 nodes.");
  CHECK(good.evidence.size() == 2);
  const Control half = judge_positive(positive(), {pod("gang", 0, "node-1"), pod("gang", 1, "")});
  CHECK(half.state == ControlState::misbehaved);
  CHECK(half.seen.find("1 of 2 run") == 0);
  CHECK(half.seen.find("Unschedulable") != std::string::npos);
  CHECK(judge_positive(positive(), {}).seen == "0 of 2 run, on 0 nodes; no pod of it was made.");
}

TEST_CASE("A control that must wait behaves only while nothing of it is bound") {
  CHECK(judge_negative(negative(), {pod("negative", 0, "")}).state == ControlState::behaved);
  const Control bound = judge_negative(negative(), {pod("negative", 0, "node-3")});
  CHECK(bound.state == ControlState::misbehaved);
  CHECK(bound.seen.find("node-3") != std::string::npos);
  PlacedPod gated = pod("negative", 0, "");
  gated.waiting = "SchedulingGated: a gate";
  CHECK(judge_negative(negative(), {gated}).state == ControlState::misbehaved);
  CHECK(judge_negative(negative(), {}).state == ControlState::misbehaved);
  ControlAsk queued = negative();
  queued.queued = true;
  CHECK(judge_negative(queued, {}).state == ControlState::behaved);
  ControlAsk early = negative();
  early.watched = {3};
  CHECK(judge_negative(early, {pod("negative", 0, "")}).state == ControlState::misbehaved);
}

TEST_CASE("A control that does not behave makes the stage inconclusive and is named") {
  testing::VirtualFabric fabric({}, 0.01, 7);
  Facts facts = fabric.stage();
  REQUIRE(judge_by(facts, {}).verdict == StageVerdict::pass);
  facts.workloads = Workloads{};
  facts.workloads->controls = {
      judge_positive(positive(), {pod("gang", 0, "node-1"), pod("gang", 1, "node-2")}),
      judge_negative(negative(), {pod("negative", 0, "")})};
  CHECK(judge_by(facts, {}).verdict == StageVerdict::pass);
  facts.workloads->controls[1] = judge_negative(negative(), {pod("negative", 0, "node-3")});
  const Report report = judge_by(facts, {});
  CHECK(report.verdict == StageVerdict::inconclusive);
  REQUIRE_FALSE(report.because.empty());
  CHECK(report.because.front().find("The negative control did not behave") != std::string::npos);
}

TEST_CASE("Misaligned pods must get less than aligned ones, intervals apart") {
  testing::VirtualFabric fabric({}, 0.01, 7);
  Facts facts = fabric.stage();
  std::string why;
  const auto worse = find_misalignment(facts, plan(facts), why);
  REQUIRE(worse);
  CHECK(worse->across.value < 0.6 * worse->aligned.value);
  const auto add = [&](const char* probe, const char* to, double low, double high) {
    Outcome outcome;
    outcome.probe = probe;
    outcome.from = {"node-1", "ens1", worse->rail};
    outcome.to = {to, "ens1", worse->rail};
    Measured measured;
    measured.value = (low + high) / 2;
    measured.interval = {low, high};
    outcome.result = measured;
    facts.outcomes.push_back(outcome);
  };
  CHECK(judge_misaligned(facts, *worse).seen == "The misaligned pods were not measured.");
  add(kMisalignedGoodput, "node-3", 11e6, 12e6);
  CHECK(judge_misaligned(facts, *worse).seen.find("No pods of one rack") == 0);
  add(kPlacedGoodput, "node-2", 22e6, 24e6);
  CHECK(judge_misaligned(facts, *worse).state == ControlState::behaved);
  add(kMisalignedGoodput, "node-3", 22e6, 24e6);
  CHECK(judge_misaligned(facts, *worse).state == ControlState::misbehaved);
  add(kMisalignedGoodput, "node-2", 11e6, 12e6);
  CHECK(judge_misaligned(facts, *worse).seen.find("not in different racks") != std::string::npos);
}

TEST_CASE(
    "Misaligned pods stand on nodes that measured well, so that no fault is taken for a rack") {
  testing::VirtualFabric fabric({}, 0.01, 7);
  fabric.slow_nic(3, 0, 5e6);
  const Facts facts = fabric.stage();
  std::string why;
  auto worse = find_misalignment(facts, plan(facts), why);
  REQUIRE(worse);
  worse->rail = "rail-a";
  CHECK(sound_nodes(facts, *worse) ==
        std::vector<std::string>{"node-1", "node-2", "node-4", "node-5", "node-6"});
  testing::VirtualFabric mislabelled({}, 0.01, 7);
  mislabelled.mislabel(4, "rack-3");
  CHECK(sound_nodes(mislabelled.stage(), *worse) ==
        std::vector<std::string>{"node-1", "node-2", "node-3", "node-5", "node-6"});
  worse->rail = "no rail";
  CHECK(sound_nodes(facts, *worse).empty());
}

TEST_CASE("A number without an upper end does not say that misaligned pods got as much") {
  testing::VirtualFabric fabric({}, 0.01, 7);
  Facts facts = fabric.stage();
  std::string why;
  const auto worse = find_misalignment(facts, plan(facts), why);
  REQUIRE(worse);
  const auto add = [&](const char* probe, const char* to, Interval interval) {
    Outcome outcome;
    outcome.probe = probe;
    outcome.from = {"node-1", "ens1", worse->rail};
    outcome.to = {to, "ens1", worse->rail};
    Measured measured;
    measured.value = 1e6;
    measured.interval = interval;
    outcome.result = measured;
    facts.outcomes.push_back(outcome);
  };
  add(kPlacedGoodput, "node-2", {22e6, 24e6});
  add(kMisalignedGoodput, "node-3", {0, std::numeric_limits<double>::infinity()});
  const Control control = judge_misaligned(facts, *worse);
  CHECK(control.state == ControlState::misbehaved);
  CHECK(control.seen.find("too little was measured") != std::string::npos);
}

TEST_CASE("Where nothing is known to be worse there is no misaligned control") {
  testing::Shape flat;
  flat.uplink = 50e6;
  testing::VirtualFabric fabric(flat, 0.01, 7);
  const Facts facts = fabric.stage();
  std::string why;
  CHECK_FALSE(find_misalignment(facts, plan(facts), why));
  const Control control = misaligned_not_applicable(why);
  CHECK(control.state == ControlState::not_applicable);
  CHECK(control.seen.find("uplink_rate") != std::string::npos);
}

}  // namespace plumbline::netcheck
