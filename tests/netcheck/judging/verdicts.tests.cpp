#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <string>

#include "netcheck/judge.hpp"
#include "netcheck/judging/judge_by.hpp"
#include "netcheck/judging/order.hpp"
#include "tests/netcheck/judging/score.hpp"
#include "tests/support/virtual_fabric.hpp"

namespace plumbline::netcheck {
namespace {

using testing::Shape;
using testing::VirtualFabric;

Report judged(VirtualFabric& fabric) { return judge_by(fabric.stage(), {}); }

bool failing(const Finding& finding) {
  return finding.verdict == Verdict::violation || finding.verdict == Verdict::drift ||
         finding.verdict == Verdict::degraded;
}

std::size_t accusations(const Report& report) {
  return static_cast<std::size_t>(
      std::count_if(report.findings.begin(), report.findings.end(), failing));
}

const RequirementResult& requirement(const Report& report, const std::string& id) {
  const auto found = std::find_if(report.requirements.begin(), report.requirements.end(),
                                  [&](const auto& result) { return result.id == id; });
  REQUIRE(found != report.requirements.end());
  return *found;
}

Finding finding(const std::string& rule, Verdict verdict) {
  Finding result;
  result.rule = rule;
  result.verdict = verdict;
  return result;
}

}  // namespace

TEST_CASE("Nothing measured is inconclusive, never a pass") {
  const Report report = judge_by(VirtualFabric({}, 0.02, 1).before(), {});
  CHECK(report.verdict == StageVerdict::inconclusive);
  CHECK(report.coverage.pairs == 0);
  CHECK_FALSE(report.because.empty());
  const Report empty = judge_by(Facts{}, {});
  CHECK(empty.verdict == StageVerdict::inconclusive);
}

TEST_CASE("A healthy stage passes with full coverage and says why") {
  VirtualFabric fabric({}, 0.02, 1);
  const Report report = judged(fabric);
  CHECK(report.verdict == StageVerdict::pass);
  CHECK(report.coverage.nodes == 1.0);
  CHECK(report.coverage.rails == 1.0);
  CHECK(report.coverage.pairs == 1.0);
  CHECK(report.because.size() == 2);
  CHECK(report.nodes.size() == 6);
  CHECK(report.nodes[3].measured_rack == "rack-2");
  CHECK(report.rails == std::vector<std::string>{"rail-a", "rail-b"});
  CHECK(report.judgements.size() == report.outcomes.size());
  CHECK(requirement(report, "coverage").verdict == StageVerdict::pass);
  CHECK(requirement(report, "path_performance").verdict == StageVerdict::pass);
  CHECK(requirement(report, "label_truth").verdict == StageVerdict::pass);
}

TEST_CASE("A requirement that nothing here speaks of has no row, and so did not pass") {
  VirtualFabric fabric({}, 0.02, 1);
  for (const RequirementResult& row : judged(fabric).requirements)
    CHECK(row.id != "gpu_links");
}

TEST_CASE("All claim rules together leave a healthy stage a pass") {
  VirtualFabric fabric({}, 0.02, 1);
  const Report report = judge(fabric.stage());
  CHECK(accusations(report) == 0);
}

TEST_CASE("A dead agent is inconclusive, named first, and accuses nobody") {
  for (const int size : {2, 4}) {
    Shape shape;
    shape.nodes_per_rack = size;
    VirtualFabric fabric(shape, 0.02, 1);
    fabric.dead_agent(5);
    const Report report = judged(fabric);
    CHECK(report.verdict == StageVerdict::inconclusive);
    CHECK(accusations(report) == 0);
    REQUIRE(!report.findings.empty());
    CHECK(report.findings.front().subject == Subject{"agent", "node-5", "node-5", ""});
    const Outcome& first = report.outcomes.front();
    REQUIRE(first.skipped() != nullptr);
    CHECK((first.from.node == "node-5" || first.to.node == "node-5"));
    CHECK(first.skipped()->reason.find("node-5") != std::string::npos);
    CHECK(report.coverage.nodes < 1.0);
  }
}

TEST_CASE("A hung probe is inconclusive, its node named first, and the path is not accused") {
  VirtualFabric fabric({}, 0.02, 1);
  fabric.hung_probe(5);
  const Report report = judged(fabric);
  CHECK(report.verdict == StageVerdict::inconclusive);
  CHECK(accusations(report) == 0);
  CHECK(report.findings.front().subject.node == "node-5");
  REQUIRE(report.outcomes.front().failed() != nullptr);
  CHECK(report.outcomes.front().failed()->blamed == "node-5");
}

TEST_CASE("Least coverage decides whether a missing node leaves doubt about numbers") {
  VirtualFabric fabric({}, 0.02, 1);
  fabric.forget_pairs(0.3);
  Facts facts = fabric.stage();
  const Report strict = judge_by(facts, {});
  CHECK(strict.verdict == StageVerdict::inconclusive);
  CHECK(requirement(strict, "coverage").verdict == StageVerdict::inconclusive);
  facts.least_coverage = 0.4;
  CHECK(requirement(judge_by(facts, {}), "coverage").verdict == StageVerdict::pass);
}

TEST_CASE("A collective below its expectation is explained by a named culprit") {
  VirtualFabric fabric({}, 0.02, 1);
  fabric.slow_nic(3, 0, 2.5e6);
  const Report report = judged(fabric);
  CHECK(accusations(report) == 1);
  CHECK(report.findings.front().subject == Subject{"nic", "node-3/ens1", "node-3", "rail-a"});
}

TEST_CASE("A collective that nothing explains is a finding with its members as the set") {
  VirtualFabric fabric({}, 0.02, 1);
  Facts facts = fabric.stage();
  for (Outcome& outcome : facts.outcomes) {
    Measured* measured = std::get_if<Measured>(&outcome.result);
    if (outcome.probe != "all_reduce" || outcome.parameters["group"] != "rack-2") continue;
    if (outcome.from.rail != "rail-a" || measured == nullptr) continue;
    measured->value = 2e6;
    measured->interval = {1.9e6, 2.1e6};
  }
  const Report report = judge_by(facts, {});
  CHECK(report.verdict == StageVerdict::fail);
  REQUIRE(accusations(report) == 1);
  CHECK(report.findings.front().rule == "collective");
  CHECK(report.findings.front().ambiguity.size() == 2);
}

TEST_CASE("A rail on which nothing gets through accuses nobody and is inconclusive") {
  VirtualFabric fabric({}, 0.02, 1);
  for (int node = 1; node <= 6; ++node)
    fabric.dead_link(node, 1, false);
  const Report report = judged(fabric);
  CHECK(accusations(report) == 0);
  CHECK(report.verdict == StageVerdict::inconclusive);
  CHECK(report.findings.front().subject.rail == "rail-b");
}

TEST_CASE("More than the declared rate is said to be an error and is no pass") {
  Shape shape;
  VirtualFabric fabric(shape, 0.02, 1);
  Facts facts = fabric.stage();
  for (DeclaredRail& rail : facts.fabric.rails)
    rail.nic_rate = BytesPerSecond{shape.nic / 2};
  const Report report = judge_by(facts, {});
  CHECK(report.verdict == StageVerdict::inconclusive);
  CHECK(accusations(report) == 0);
}

TEST_CASE("Loss alone is a finding, and the usual loss of shaped links is not") {
  VirtualFabric fabric({}, 0.02, 1);
  Facts facts = fabric.stage();
  for (Outcome& outcome : facts.outcomes) {
    Measured* measured = std::get_if<Measured>(&outcome.result);
    if (measured == nullptr || outcome.probe != "pair_goodput" || outcome.to.node != "node-3")
      continue;
    if (outcome.to.rail != "rail-a") continue;
    measured->counters["from.retransmits"] += 0.05 * measured->counters["from.segments"];
  }
  const Report report = judge_by(facts, {});
  REQUIRE(accusations(report) == 1);
  CHECK(report.findings.front().subject == Subject{"nic", "node-3/ens1", "node-3", "rail-a"});
  CHECK(report.findings.front().message.find("loses packets") != std::string::npos);
  CHECK(report.verdict == StageVerdict::fail);
}

TEST_CASE("A dead or flapping NIC is a link, a slow one is a NIC, an uplink is of its rack") {
  const auto first = [](VirtualFabric& fabric) { return judged(fabric).findings.front().subject; };
  VirtualFabric dead({}, 0.02, 1);
  dead.dead_link(3, 0, true);
  CHECK(first(dead) == Subject{"link", "node-3/ens1", "node-3", "rail-a"});
  VirtualFabric flapping({}, 0.02, 1);
  flapping.flapping_link(3, 0);
  CHECK(first(flapping) == Subject{"link", "node-3/ens1", "node-3", "rail-a"});
  VirtualFabric slow({}, 0.02, 1);
  slow.slow_nic(3, 0, 7.5e6);
  CHECK(first(slow) == Subject{"nic", "node-3/ens1", "node-3", "rail-a"});
  VirtualFabric uplink({}, 0.02, 1);
  uplink.slow_uplink(2, 0, 6.25e6);
  CHECK(first(uplink) == Subject{"uplink", "rack-2/rail-a", "", "rail-a"});
}

TEST_CASE("A finding tells who, how much of what, the proof and the next step") {
  VirtualFabric fabric({}, 0.02, 1);
  fabric.slow_nic(3, 0, 7.5e6);
  const Finding finding = judged(fabric).findings.front();
  CHECK(finding.rule == "path");
  CHECK(finding.message.find("NIC node-3/ens1 (rail-a) is slow: 5 pairs through it") == 0);
  CHECK(finding.message.find("of 23.9 MB/s expected") != std::string::npos);
  CHECK(finding.next_step.find("node-3/ens1") != std::string::npos);
  REQUIRE(finding.expectation);
  CHECK(finding.expectation->derivation.find("slowest hop: nic node-") == 0);
  CHECK(!finding.measurement.empty());
  CHECK(finding.evidence.size() >= 5);
}

TEST_CASE("Findings stand worst first, causes before what they bring about") {
  std::vector<Finding> findings{
      finding("X03", Verdict::match),        finding("path", Verdict::degraded),
      finding("X10", Verdict::violation),    finding("X03", Verdict::violation),
      finding("X21", Verdict::unobservable), finding("X04", Verdict::violation),
      finding("X11", Verdict::violation),    finding("agent", Verdict::unobservable)};
  worst_first(findings);
  std::string order;
  for (const Finding& each : findings)
    order += each.rule + " ";
  CHECK(order == "X11 X04 X03 X10 path agent X21 X03 ");
}

TEST_CASE("The same facts give the same report") {
  VirtualFabric fabric({}, 0.02, 1);
  fabric.slow_uplink(2, 0, 6.25e6);
  const Facts facts = fabric.stage();
  const Report one = judge_by(facts, {});
  const Report other = judge_by(facts, {});
  REQUIRE(one.findings.size() == other.findings.size());
  CHECK(one.because == other.because);
}

}  // namespace plumbline::netcheck
