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
#include "tests/netcheck/judging/rings.hpp"
#include "tests/support/virtual_fabric.hpp"

using namespace plumbline;
using namespace plumbline::netcheck;
using plumbline::testing::Shape;
using plumbline::testing::VirtualFabric;

namespace {

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
  CHECK(group_tests(facts.outcomes, Scope::nodes).empty());
}

TEST_CASE("A collective that noise left open is measured again, and the culprit found then") {
  Rings rings({}, {"all"});
  rings.slow({ComponentKind::nic, "node-3", "rail-a"}, 6.5e6);
  rings.noisy("all");
  CHECK(rings.run() == 0);
  CHECK(accused(rings.report()).empty());
  const auto undecided = undecided_groups(rings.facts());
  REQUIRE(undecided.size() == 2);  // one a rail
  CHECK(undecided[0].operation == "all_reduce");
  CHECK(undecided[0].rail == "rail-a");
  CHECK(undecided[0].group == "all");
  CHECK(undecided[0].nodes.size() == 6);
  CHECK(rings.decide() == 2);
  CHECK(undecided_groups(rings.facts()).empty());
  CHECK(rings.search() > 0);
  const auto findings = accused(rings.report());
  REQUIRE(findings.size() == 1);
  CHECK(findings[0].subject.node == "node-3");
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

namespace {

/// A node's number by one transport, 3 % wide, with a counter that shows its way, or not.
Outcome arm(const char* transport, double value, bool latency = false, bool shown = true) {
  Outcome outcome;
  outcome.probe = "all_reduce";
  outcome.parameters = {{"group", "node-1"},
                        {"ranks", "2"},
                        {"size", latency ? "1024" : "1048576"},
                        {"transport", transport}};
  Measured measured;
  measured.unit = latency ? Unit::seconds : Unit::bytes_per_second;
  measured.value = value;
  measured.interval = {value * 0.97, value * 1.03};
  measured.proof = {{"library", {}, "MPI", "btl", {}, {}, {}, true},
                    {"counter", {}, "/proc/net/dev", "moved", {}, {}, {}, shown}};
  outcome.result = measured;
  return outcome;
}

/// The verdict on these numbers; nothing without a finding.
std::optional<Verdict> on_arms(std::vector<Outcome> outcomes) {
  Rings rings({}, {});
  rings.facts().outcomes = std::move(outcomes);
  const auto findings = control_arms(judge_numbers(rings.facts()));
  if (findings.empty()) return std::nullopt;
  REQUIRE(findings.size() == 1);
  return findings[0].verdict;
}

}  // namespace

TEST_CASE("Control arms that differ match, alike they are vacuous, alone they say nothing") {
  CHECK_FALSE(on_arms({arm("shared_memory", 3e9)}));
  CHECK(on_arms({arm("shared_memory", 3e9), arm("sockets", 1e9)}) == Verdict::match);
  CHECK(on_arms({arm("shared_memory", 3e9), arm("sockets", 2.95e9)}) == Verdict::vacuous);
}

TEST_CASE("Control arms of which one size differs match: large ones may copy as fast by either") {
  const auto rates = {arm("shared_memory", 3e9), arm("sockets", 2.95e9)};
  std::vector<Outcome> both(rates);
  both.push_back(arm("shared_memory", 2e-6, true));
  both.push_back(arm("sockets", 20e-6, true));
  CHECK(on_arms(both) == Verdict::match);
  std::vector<Outcome> alike(rates);
  alike.push_back(arm("shared_memory", 19e-6, true));
  alike.push_back(arm("sockets", 20e-6, true));
  CHECK(on_arms(alike) == Verdict::vacuous);
  // On a busy machine both take milliseconds, but for the batches that nobody disturbed.
  Outcome disturbed = arm("shared_memory", 9e-3, true);
  std::get<Measured>(disturbed.result).batches = {9e-3, 3e-6, 8e-3};
  Outcome sockets = arm("sockets", 8e-3, true);
  std::get<Measured>(sockets.result).batches = {8e-3, 24e-6, 9e-3};
  CHECK(on_arms({disturbed, sockets}) == Verdict::match);
  std::get<Measured>(sockets.result).batches = {8e-3, 5e-6, 9e-3};
  CHECK(on_arms({disturbed, sockets}) == Verdict::vacuous);
}

TEST_CASE("An arm that was not applied is vacuous, however its numbers look") {
  CHECK(on_arms({arm("shared_memory", 3e9), arm("sockets", 1e9, false, false)}) ==
        Verdict::vacuous);
  CHECK(on_arms({arm("shared_memory", 2e-6, true, false), arm("sockets", 20e-6, true)}) ==
        Verdict::vacuous);
  Outcome unproven = arm("sockets", 1e9);
  std::get<Measured>(unproven.result).proof.clear();
  CHECK(on_arms({arm("shared_memory", 3e9), unproven}) == Verdict::vacuous);
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
