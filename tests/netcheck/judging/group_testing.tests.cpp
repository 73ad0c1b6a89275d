#include "netcheck/groups/group_testing.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <cmath>
#include <map>
#include <set>

#include "netcheck/expectations/expectation.hpp"
#include "netcheck/expectations/group_load.hpp"
#include "netcheck/groups/group_findings.hpp"
#include "netcheck/groups/group_scene.hpp"
#include "netcheck/judging/judge_by.hpp"
#include "netcheck/judging/numbers.hpp"
#include "tests/support/virtual_fabric.hpp"

using namespace plumbline;
using namespace plumbline::netcheck;
using plumbline::testing::Shape;
using plumbline::testing::VirtualFabric;

namespace {

/// A fabric in which collectives alone are measured: a ring goes as fast as its slowest part.
class Rings {
 public:
  Rings(Shape shape, std::vector<std::string> groups)
      : facts_(VirtualFabric(shape, 0, 1).before()) {
    facts_.asked.pairs = false;
    for (const DeclaredRail& rail : facts_.fabric.rails) {
      for (const std::string& group : groups)
        asked_.push_back({"all_reduce", rail.name, {group}});
    }
  }

  void slow(const Component& part, double rate) { slow_[part] = rate; }
  void noisy(const std::string& group) { noisy_.insert(group); }

  /// The groups of the stage file, then tests until none is asked for.
  std::size_t run() {
    for (const GroupTest& group : asked_)
      measure(group.rail, group.nodes.front());
    std::size_t tests = 0;
    for (; tests < 100; ++tests) {
      const auto test = next_group_test(facts_);
      if (!test) break;
      REQUIRE(test->nodes.size() >= 2);
      measure(test->rail, group_name(test->nodes));
    }
    return tests;
  }

  Report report() const { return judge_by(facts_, {}); }
  Facts& facts() { return facts_; }

 private:
  void measure(const std::string& rail, const std::string& group) {
    Outcome outcome;
    outcome.probe = "all_reduce";
    outcome.from = outcome.to = {"", "", rail};
    outcome.parameters = {{"group", group}, {"size", "4194304"}, {"ranks", "2"}};
    const auto parts = parts_of_group(labelled_racks(facts_), rail, group_nodes(facts_, outcome));
    REQUIRE(parts);
    double rate = 1e18;
    for (const Component& part : *parts) {
      const auto fault = slow_.find(part);
      const double whole = part.kind == ComponentKind::nic ? 25e6 : 12.5e6;
      rate = std::min(rate, fault == slow_.end() ? whole : fault->second);
    }
    Measured measured;
    measured.value = rate * 0.94;
    const double width = noisy_.count(group) != 0 ? 0.6 : 0.02;
    measured.interval = {measured.value * (1 - width), measured.value * (1 + width)};
    outcome.result = measured;
    facts_.outcomes.push_back(outcome);
  }

  Facts facts_;
  std::vector<GroupTest> asked_;
  std::map<Component, double> slow_;
  std::set<std::string> noisy_;
};

std::vector<Finding> accused(const Report& report) {
  std::vector<Finding> bad;
  for (const Finding& finding : report.findings) {
    if (finding.verdict == Verdict::degraded) bad.push_back(finding);
  }
  return bad;
}

const std::vector<std::string> kRacks{"all", "rack-1", "rack-2", "rack-3"};

Racks three_racks() {
  Racks racks;
  racks.declared = true;
  for (int node = 1; node <= 6; ++node)
    racks.of["node-" + std::to_string(node)] = "rack-" + std::to_string((node + 1) / 2);
  return racks;
}

double load_of(const std::string& operation, const Component& part) {
  const std::vector<std::string> nodes{"node-1", "node-2", "node-3", "node-4", "node-5", "node-6"};
  for (const PartLoad& load : loads_of(operation, three_racks(), "rail-a", nodes)) {
    if (load.part == part) return load.share;
  }
  return 0;
}

}  // namespace

TEST_CASE("A healthy fabric asks for no group test") {
  Rings rings({}, kRacks);
  CHECK(rings.run() == 0);
  CHECK(accused(rings.report()).empty());
}

TEST_CASE("Every slow NIC and uplink is named from collectives alone, in few tests") {
  std::size_t most = 0;
  for (const auto& groups : {kRacks, std::vector<std::string>{"all"}}) {
    for (int number = 1; number <= 9; ++number) {
      const bool nic = number <= 6;
      const Component part{
          nic ? ComponentKind::nic : ComponentKind::uplink,
          nic ? "node-" + std::to_string(number) : "rack-" + std::to_string(number - 6), "rail-a"};
      Rings rings({}, groups);
      rings.slow(part, nic ? 7.5e6 : 6.25e6);
      const std::size_t tests = rings.run();
      most = std::max(most, tests);
      const auto findings = accused(rings.report());
      INFO(part.name() << " " << tests << " tests, " << groups.size() << " groups");
      REQUIRE(findings.size() == 1);
      CHECK(findings[0].subject.name.find(part.owner) == 0);
      CHECK(findings[0].subject.rail == "rail-a");
      CHECK(findings[0].ambiguity.empty());
      CHECK(findings[0].rule == "collective");
      CHECK_THAT(findings[0].message, Catch::Matchers::ContainsSubstring("group test"));
      CHECK(rings.report().facts["group_tests.rail-a"] == (tests > 0 ? std::to_string(tests) : ""));
    }
  }
  CHECK(most <= 8);
}

TEST_CASE("In a larger fabric the tests grow with the logarithm of its parts") {
  Shape shape;
  shape.racks = 8;
  shape.nodes_per_rack = 8;
  shape.rails = 1;
  for (const int node : {1, 13, 40, 64}) {
    Rings rings(shape, {"all"});
    rings.slow({ComponentKind::nic, "node-" + std::to_string(node), "rail-a"}, 5e6);
    const std::size_t tests = rings.run();
    const auto findings = accused(rings.report());
    INFO(node << ": " << tests << " tests");
    REQUIRE(findings.size() == 1);
    CHECK(findings[0].subject.node == "node-" + std::to_string(node));
    CHECK(tests <= 14);
  }
}

TEST_CASE("Two faults on one rail do not hide behind each other") {
  Rings rings({}, {"all"});
  rings.slow({ComponentKind::nic, "node-2", "rail-a"}, 5e6);
  rings.slow({ComponentKind::nic, "node-5", "rail-a"}, 5e6);
  rings.run();
  std::set<std::string> named;
  for (const Finding& finding : accused(rings.report())) {
    named.insert(finding.subject.node);
    for (const Subject& subject : finding.ambiguity)
      named.insert(subject.node);
  }
  CHECK(named == std::set<std::string>{"node-2", "node-5"});
}

TEST_CASE("A fault that only shows inside a rack is not searched where it cannot show") {
  Rings rings({}, kRacks);
  rings.slow({ComponentKind::nic, "node-3", "rail-b"}, 15e6);  // more than an uplink carries
  rings.run();
  const auto findings = accused(rings.report());
  REQUIRE(findings.size() == 1);
  CHECK(findings[0].ambiguity.size() == 2);
  for (const Outcome& outcome : rings.facts().outcomes)
    CHECK_FALSE(is_group_test(outcome));
}

TEST_CASE("A collective that pairs explain is not searched again") {
  VirtualFabric fabric({}, 0.02, 1);
  fabric.slow_nic(3, 0, 2.5e6);
  const Facts facts = fabric.stage();
  CHECK_FALSE(next_group_test(facts));
  CHECK(group_tests(facts.outcomes).empty());
}

TEST_CASE("A group that is not known well enough accuses nobody and is not searched") {
  Rings rings({}, kRacks);
  for (const std::string& group : kRacks)
    rings.noisy(group);
  CHECK(rings.run() == 0);
  CHECK(accused(rings.report()).empty());
  CHECK(rings.report().verdict == StageVerdict::inconclusive);
}

TEST_CASE("Without pairs coverage is that of the collectives, and pairs are not required") {
  Rings rings({}, kRacks);
  rings.run();
  const Report report = rings.report();
  CHECK(report.coverage.nodes == 1);
  CHECK(report.coverage.rails == 1);
  CHECK(report.coverage.pairs == 0);
  CHECK(plan(rings.facts()).goodput.empty());
  for (const std::string& reason : report.because)
    CHECK(reason.find("of the pairs were measured") == std::string::npos);
}

TEST_CASE("Rings load every part with the bus bandwidth, an alltoall the uplinks with more") {
  const Component nic{ComponentKind::nic, "node-3", "rail-a"};
  const Component uplink{ComponentKind::uplink, "rack-2", "rail-a"};
  for (const char* ring :
       {"all_reduce", "all_gather", "reduce_scatter", "sendrecv", "broadcast", "reduce"}) {
    INFO(ring);
    CHECK(std::abs(load_of(ring, nic) - 1) < 1e-12);
    CHECK(std::abs(load_of(ring, uplink) - 1) < 1e-12);
  }
  CHECK(std::abs(load_of("alltoall", nic) - 1) < 1e-12);
  CHECK(std::abs(load_of("alltoall", uplink) - 2 * 4.0 / 5) < 1e-12);  // k(n-k)/(n-1)
  // The root, node-1, gets the blocks of five others; four of them come from other racks.
  CHECK(std::abs(load_of("gather", {ComponentKind::nic, "node-1", "rail-a"}) - 1) < 1e-12);
  CHECK(std::abs(load_of("gather", {ComponentKind::uplink, "rack-1", "rail-a"}) - 0.8) < 1e-12);
  CHECK(std::abs(load_of("gather", nic) - 0.2) < 1e-12);
  CHECK(std::abs(load_of("scatter", nic) - 0.2) < 1e-12);
  CHECK(load_of("no_such", nic) == 0);
  CHECK(loads_of("all_reduce", three_racks(), "rail-a", {"node-1"}).empty());
  CHECK(loads_of("all_reduce", three_racks(), "rail-a", {"node-1", "node-9"}).empty());
}

TEST_CASE("The expectation of an alltoall is the uplink's rate over its share") {
  Rings rings({}, {"all"});
  Outcome outcome;
  outcome.from.rail = "rail-a";
  outcome.parameters["group"] = "all";
  const auto nodes = group_nodes(rings.facts(), outcome);
  const auto rate = [&](const char* operation) {
    outcome.probe = operation;
    const auto expected =
        expect_group(rings.facts(), labelled_racks(rings.facts()), outcome, nodes);
    REQUIRE(expected.expectation);
    return *expected.expectation;
  };
  const Expectation ring = rate("all_reduce");
  const Expectation all = rate("alltoall");
  CHECK(std::abs(ring.rate.value / all.rate.value - 1.6) < 1e-9);
  CHECK_THAT(all.derivation, Catch::Matchers::ContainsSubstring("/ 1.600"));
}

TEST_CASE("Control arms that differ match, alike they are vacuous, alone they say nothing") {
  Rings rings({}, {});
  const auto add = [&](const char* transport, double value) {
    Outcome outcome;
    outcome.probe = "all_reduce";
    outcome.parameters = {{"group", "node-1"}, {"ranks", "2"}, {"transport", transport}};
    Measured measured;
    measured.value = value;
    measured.interval = {value * 0.97, value * 1.03};
    outcome.result = measured;
    rings.facts().outcomes.push_back(outcome);
  };
  const auto arms = [&] { return control_arms(judge_numbers(rings.facts())); };
  add("shared_memory", 3e9);
  CHECK(arms().empty());
  add("sockets", 1e9);
  REQUIRE(arms().size() == 1);
  CHECK(arms()[0].verdict == Verdict::match);
  add("sockets", 2.95e9);
  REQUIRE(arms().size() == 1);
  CHECK(arms()[0].verdict == Verdict::vacuous);
  CHECK_THAT(arms()[0].message, Catch::Matchers::ContainsSubstring("cannot show a fault"));
}

TEST_CASE("Small sizes are told by latency: no rate is held against them") {
  Rings rings({}, {});
  Outcome outcome;
  outcome.probe = "all_reduce";
  outcome.from = outcome.to = {"", "", "rail-a"};
  outcome.parameters = {{"group", "all"}, {"size", "1024"}};
  Measured measured;
  measured.unit = Unit::seconds;
  measured.value = 1e-3;
  measured.interval = {0.9e-3, 1.1e-3};
  outcome.result = measured;
  rings.facts().outcomes = {outcome};
  const Judged judged = judge_numbers(rings.facts());
  CHECK(judged.outcomes[0].number.verdict == NumberVerdict::no_expectation);
  CHECK_FALSE(judged.outcomes[0].required);
}

namespace {

/// Two nodes of two GPUs with `links` active NVLinks each; in one fabric where `cluster` is named.
Facts gpu_nodes(int links, double generation, const std::string& cluster) {
  Facts facts;
  for (const char* name : {"node-1", "node-2"}) {
    NodeFacts node;
    node.node = name;
    node.topology.emplace();
    node.topology->gpus.emplace();
    for (int gpu = 0; gpu < 2; ++gpu) {
      Gpu one;
      one.uuid = std::string(name) + "-" + std::to_string(gpu);
      for (int link = 0; link < links; ++link) {
        NvLink active;
        active.active = true;
        active.generation = generation;
        one.links.push_back(active);
      }
      if (!cluster.empty()) one.fabric = GpuFabric{"completed", "", cluster, 1, {}, 0};
      node.topology->gpus->gpus.push_back(one);
    }
    RdmaDevice device;
    device.ports.resize(1);
    device.ports[0].rate = bits_per_second(400e9);
    node.topology->rdma_devices = {device, device};
    facts.nodes.push_back(node);
  }
  return facts;
}

Outcome by_nccl(const std::string& group, const std::string& algorithm) {
  Outcome outcome;
  outcome.probe = "all_reduce";
  outcome.parameters = {{"group", group}, {"size", "1073741824"}, {"ranks", "2"}};
  Measured measured;
  measured.value = 360e9;
  measured.interval = {358e9, 362e9};
  Proof proof;
  proof.kind = "library";
  proof.statement = "transport P2P/CUMEM, AllReduce 1073741824 B: Algo " + algorithm + " proto 2";
  measured.proof = {proof};
  outcome.result = measured;
  return outcome;
}

JudgedNumber judged(Facts facts, const Outcome& outcome) {
  facts.outcomes = {outcome};
  return judge_numbers(facts).outcomes.at(0).number;
}

}  // namespace

TEST_CASE("A ring inside a node is held against NCCL's own constants for its NVLinks") {
  const auto number = judged(gpu_nodes(18, 4, ""), by_nccl("node-1", "RING"));
  REQUIRE(number.expected.expectation);
  CHECK(std::abs(number.expected.expectation->rate.value - 18 * 20.6e9 * 0.986) < 1e6);
  CHECK(number.verdict == NumberVerdict::ok);
  CHECK(judged(gpu_nodes(18, 4, ""), by_nccl("node-1", "1")).verdict == NumberVerdict::ok);
  CHECK(judged(gpu_nodes(18, 5, ""), by_nccl("node-1", "RING")).verdict == NumberVerdict::degraded);
}

TEST_CASE("Over several nodes the NICs' share counts, in one NVLink fabric it does not") {
  const auto over = judged(gpu_nodes(18, 4, ""), by_nccl("all", "RING"));
  REQUIRE(over.expected.expectation);
  CHECK(over.expected.expectation->rate.value == 100e9);  // two ports of 400 Gb/s
  CHECK(over.impossible);
  const auto inside = judged(gpu_nodes(18, 4, "cluster"), by_nccl("all", "RING"));
  CHECK(inside.verdict == NumberVerdict::ok);
}

TEST_CASE("NVLS is calibrated and says so, Tree has no expectation, nor what is not told") {
  const auto calibrated = judged(gpu_nodes(18, 4, ""), by_nccl("node-1", "NVLS"));
  REQUIRE(calibrated.expected.expectation);
  CHECK_THAT(calibrated.expected.expectation->derivation,
             Catch::Matchers::ContainsSubstring("calibrated, not derived"));
  CHECK(calibrated.verdict == NumberVerdict::degraded);
  for (const char* algorithm : {"TREE", "0", "NVLS_TREE", "5", "PAT"}) {
    const auto other = judged(gpu_nodes(18, 4, ""), by_nccl("all", algorithm));
    CHECK(other.verdict == NumberVerdict::no_expectation);
    CHECK_THAT(other.why, Catch::Matchers::ContainsSubstring("no wire load"));
  }
  Outcome silent = by_nccl("all", "RING");
  std::get<Measured>(silent.result).proof.clear();
  CHECK(judged(gpu_nodes(18, 4, ""), silent).verdict == NumberVerdict::no_expectation);
  CHECK(judged(gpu_nodes(0, 4, ""), by_nccl("node-1", "RING")).verdict ==
        NumberVerdict::no_expectation);
}
