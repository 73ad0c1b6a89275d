#include <catch2/catch_test_macros.hpp>

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

}  // namespace

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
