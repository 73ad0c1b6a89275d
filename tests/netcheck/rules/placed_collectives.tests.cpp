#include <algorithm>
#include <catch2/catch_test_macros.hpp>

#include "netcheck/judge.hpp"
#include "netcheck/requirements/conformance.hpp"
#include "tests/netcheck/rules/rack_facts.hpp"

namespace plumbline::netcheck {
namespace {

/// What two nodes' NICs of a rack carry after TCP's overhead, when healthy.
constexpr double kHealthy = 23.8e6;

Outcome all_reduce(const char* rail, double rate, double width) {
  Outcome outcome;
  outcome.probe = "all_reduce";
  outcome.from = outcome.to = {"", "", rail};
  outcome.parameters = {
      {"group", "rack-1"}, {"scope", "placed"}, {"size", "4194304"}, {"ranks", "2"}};
  Measured measured;
  measured.value = rate;
  measured.interval = {rate * (1 - width), rate * (1 + width)};
  measured.conclusive = true;
  measured.proof = {{"counter", outcome.from, "tx_bytes", "moved", 0, 1, 1, true}};
  outcome.result = measured;
  return outcome;
}

/// The rack with a gang on two nodes of one rack, whose control behaved and whose two collectives,
/// one a rail, got what they should.
Facts with_collectives() {
  Facts facts = rack();
  for (DeclaredRail& rail : facts.fabric.rails)
    rail.nic_rate = BytesPerSecond{25e6};
  facts.workloads = Workloads{};
  facts.workloads->controls = {{"positive", ControlState::behaved, "", "seen.", {}}};
  for (const char* const node : {"node-1", "node-2"}) {
    PlacedPod pod;
    pod.workload = "gang";
    pod.phase = "Running";
    pod.binding = {"Pod", std::string("plumbline/on-") + node, "u", "7", "spec.nodeName", node};
    pod.devices = {"example.com/nic/ens1", "example.com/nic/ens2"};
    facts.workloads->pods.push_back(pod);
  }
  facts.outcomes.push_back(all_reduce("rail-a", kHealthy, 0.01));
  facts.outcomes.push_back(all_reduce("rail-b", kHealthy, 0.01));
  return facts;
}

RequirementResult topology_of(const Facts& facts) {
  const Report report = judge(facts);
  const auto found = std::find_if(report.requirements.begin(), report.requirements.end(),
                                  [](const auto& one) { return one.id == "KAR-5"; });
  REQUIRE(found != report.requirements.end());
  return *found;
}

void check(const Facts& facts, StageVerdict verdict, const char* words) {
  const RequirementResult told = topology_of(facts);
  INFO(told.because.front());
  CHECK(told.verdict == verdict);
  CHECK(std::any_of(told.because.begin(), told.because.end(), [&](const std::string& reason) {
    return reason.find(words) != std::string::npos;
  }));
}

}  // namespace

TEST_CASE("KAR-5 passes when collectives between placed pods got what their paths give") {
  check(with_collectives(), StageVerdict::pass, "2 collectives between placed pods got");
}

TEST_CASE("KAR-5 fails when a collective between placed pods got less, and it is quoted") {
  Facts facts = with_collectives();
  facts.outcomes.back() = all_reduce("rail-b", kHealthy / 3, 0.01);
  check(facts, StageVerdict::fail, "all_reduce over rack-1 on rail-b between placed pods");
}

TEST_CASE(
    "KAR-5 stays open where placed pods measured nothing, not all of it, or not well enough") {
  Facts facts = with_collectives();
  facts.outcomes.erase(facts.outcomes.end() - 2, facts.outcomes.end());
  check(facts, StageVerdict::inconclusive, "placed pods measured no collective");
  facts = with_collectives();
  facts.outcomes.back().result = Skipped{"pod plumbline/on-node-2 sees no device"};
  check(facts, StageVerdict::inconclusive, "on-node-2 sees no device");
  facts.outcomes.back().result = Failed{{ErrorCode::unavailable, "no daemon"}, ""};
  check(facts, StageVerdict::inconclusive, "no daemon");
  facts.outcomes.back() = all_reduce("rail-b", kHealthy * 0.8, 0.4);
  check(facts, StageVerdict::inconclusive, "inconclusive");
}

TEST_CASE("KAR-5 takes counters that moved, the control, and placed pods instead of nodes") {
  Facts facts = with_collectives();
  std::get<Measured>(facts.outcomes.back().result).proof.front().holds = false;
  check(facts, StageVerdict::inconclusive, "no counters show");
  facts = with_collectives();
  facts.workloads->controls.clear();
  check(facts, StageVerdict::inconclusive, "the positive control was not made");
  facts = with_collectives();
  for (Outcome& outcome : facts.outcomes)
    outcome.parameters.erase("scope");
  check(facts, StageVerdict::inconclusive, "placed pods measured no collective");
}

TEST_CASE(
    "KAR-5 stays open where the placed pods hold GPUs, of which collectives of hosts tell "
    "nothing") {
  Facts facts = with_collectives();
  facts.workloads->pods.back().devices.emplace_back("nvidia.com/gpu/GPU-0001");
  check(facts, StageVerdict::inconclusive, "plumbline/on-node-2 holds GPUs");
  facts.workloads->pods.back().devices.back() = "gpu.nvidia.com/node-2/gpu-0";
  check(facts, StageVerdict::inconclusive, "plumbline/on-node-2 holds GPUs");
}

}  // namespace plumbline::netcheck
