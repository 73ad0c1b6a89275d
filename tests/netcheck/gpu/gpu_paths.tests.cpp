#include "netcheck/expectations/gpu_paths.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_floating_point.hpp>

#include "netcheck/gpu/gpu_rules.hpp"
#include "netcheck/judge.hpp"
#include "tests/netcheck/gpu/gpu_facts.hpp"

using namespace plumbline;
using namespace plumbline::netcheck;
using Catch::Matchers::WithinRel;

namespace {

const PathJudgement& judgement(const Report& report, const Outcome& outcome) {
  for (const PathJudgement& one : report.judgements) {
    if (one.key == outcome.key()) return one;
  }
  FAIL("no judgement of " + outcome.key());
  return report.judgements.front();
}

std::vector<Finding> path_findings_of(const Report& report) {
  std::vector<Finding> found;
  std::copy_if(report.findings.begin(), report.findings.end(), std::back_inserter(found),
               [](const Finding& finding) { return finding.rule == "gpu_path"; });
  return found;
}

}  // namespace

TEST_CASE("A pair's expectation is links x rate x a cited share, and says so") {
  Facts facts = gpu_facts();
  const auto expected = expect_gpu_copy(topology(facts), copied(uuid(0), uuid(1), 1));
  REQUIRE(expected.expectation);
  CHECK_THAT(expected.expectation->rate.value, WithinRel(450e9 * 0.881, 1e-6));
  CHECK(expected.ceiling.value == 450e9);
  CHECK(expected.expectation->derivation.starts_with("18 NVLinks of generation 4 x 25 GB/s"));
  CHECK(expected.expectation->derivation.find("396.4 of 450 GB/s") != std::string::npos);
  const auto both = expect_gpu_copy(topology(facts), copied(uuid(0), uuid(1), 1, "both_ways"));
  CHECK_THAT(both.expectation->rate.value, WithinRel(900e9 * 0.871, 1e-6));
}

TEST_CASE("A link that is down, at either end, counts for nothing") {
  Facts facts = gpu_facts();
  gpu(facts, 1).links[3].active = false;
  const auto expected = expect_gpu_copy(topology(facts), copied(uuid(0), uuid(1), 1));
  CHECK_THAT(expected.expectation->rate.value, WithinRel(17 * 25e9 * 0.881, 1e-6));
}

TEST_CASE("The host's path is as fast as its narrowest link up to the root") {
  Facts facts = gpu_facts();
  const auto whole = expect_gpu_copy(topology(facts), copied("numa0", uuid(0), 1));
  CHECK_THAT(whole.expectation->rate.value, WithinRel(16 * 3.938e9 * 0.874, 1e-6));
  PciDevice bridge;
  bridge.address = "0000:01:00.0";
  bridge.kind = "bridge";
  bridge.link = {16.0, 16, 16.0, 16};
  topology(facts).pci_devices.push_back(bridge);
  topology(facts).pci_devices[0].parent = bridge.address;
  const auto slower = expect_gpu_copy(topology(facts), copied("numa0", uuid(0), 1));
  CHECK_THAT(slower.expectation->rate.value, WithinRel(16 * 1.969e9 * 0.822, 1e-6));
  CHECK(slower.expectation->derivation.find("bridge 0000:01:00.0, PCIe 4 x16") !=
        std::string::npos);
}

TEST_CASE("An idle GPU's low generation is not taken for that of its link") {
  Facts facts = gpu_facts();
  gpu(facts, 0).pcie.gigatransfers = 2.5;
  const auto expected = expect_gpu_copy(topology(facts), copied("numa0", uuid(0), 1));
  CHECK_THAT(expected.expectation->rate.value, WithinRel(16 * 3.938e9 * 0.874, 1e-6));
}

TEST_CASE("Without a cited figure there is no expectation, and the reason says what is missing") {
  Facts facts = gpu_facts();
  const auto reason = [&](const Outcome& outcome) {
    const auto expected = expect_gpu_copy(topology(facts), outcome);
    CHECK_FALSE(expected.expectation);
    return expected.reason;
  };
  CHECK(reason(copied(uuid(0), uuid(0), 1)) == "no figure is cited for copies within a GPU");
  CHECK(reason(copied("MIG-1", "numa0", 1)).find("MIG slice") != std::string::npos);
  CHECK(reason(copied("numa0", "GPU-none", 1)) == "the driver tells of no such GPU");
  CHECK(reason(copied("numa0", uuid(0), 1, "both_ways")).find("host_copy_both of generation 5") !=
        std::string::npos);
  CHECK(reason(copied("numa1", uuid(0), 1)).find("another NUMA node") != std::string::npos);
  gpu(facts, 0).pcie.width.reset();
  CHECK(reason(copied("numa0", uuid(0), 1)).find("could not be read") != std::string::npos);
  gpu(facts, 0).product = "NVIDIA GB200";
  CHECK(reason(copied("numa0", uuid(0), 1)).find("NVLink-C2C") != std::string::npos);
  topology(facts).gpus->peers.clear();
  CHECK(reason(copied(uuid(0), uuid(1), 1)).find("no NVLink joins them") != std::string::npos);
}

TEST_CASE("Every path of eight GPUs is foretold") {
  Facts facts = gpu_facts();
  const auto paths = gpu_paths(topology(facts));
  CHECK(paths.size() == 8 + 56);
  CHECK(paths.front().by == "PCIe");
  CHECK(paths.back().by == "18 NVLinks");
}

TEST_CASE("Healthy copies are ok, and their derivation has the peers' word too") {
  Facts facts = gpu_facts();
  copy_all(facts, 396e9);
  const Report report = judge(facts);
  const auto& one = judgement(report, facts.outcomes[3]);
  CHECK(one.verdict == "ok");
  CHECK(one.expectation->derivation.find("second: median of 56 peers 396 GB/s, this is 1.00") !=
        std::string::npos);
  CHECK(path_findings_of(report).empty());
}

TEST_CASE("A slow pair is the pair's fault, named in its direction") {
  Facts facts = gpu_facts();
  copy_all(facts, 396e9);
  copy_of(facts, uuid(2), uuid(5)) = copied(uuid(2), uuid(5), 180e9);
  const Finding finding = only(path_findings_of(judge(facts)));
  CHECK(finding.verdict == Verdict::degraded);
  CHECK(finding.subject.kind == "gpu_pair");
  CHECK(finding.subject.name == "node-1/GPU-2 -> GPU-5");
}

TEST_CASE("A GPU that is slow towards all others is the GPU's fault, once") {
  Facts facts = gpu_facts();
  copy_all(facts, 396e9);
  for (int other = 0; other < 8; ++other) {
    if (other == 3) continue;
    copy_of(facts, uuid(3), uuid(other)) = copied(uuid(3), uuid(other), 200e9);
    copy_of(facts, uuid(other), uuid(3)) = copied(uuid(other), uuid(3), 200e9);
  }
  const auto findings = path_findings_of(judge(facts));
  REQUIRE(findings.size() == 2);
  CHECK(findings[0].subject.name == "node-1/GPU-3");
  CHECK(findings[1].subject.name == "node-1/GPU-3");
}

TEST_CASE("A slow pair that is slow both ways at once too is told once") {
  Facts facts = gpu_facts();
  copy_all(facts, 396e9);
  copy_of(facts, uuid(2), uuid(5)) = copied(uuid(2), uuid(5), 180e9);
  facts.outcomes.push_back(copied(uuid(2), uuid(5), 360e9, "both_ways"));
  CHECK(only(path_findings_of(judge(facts))).subject.name == "node-1/GPU-2 -> GPU-5");
}

TEST_CASE("Wrong bytes and copies that hang are violations of their pair") {
  Facts facts = gpu_facts();
  copy_all(facts, 396e9);
  copy_of(facts, uuid(1), uuid(6)) = broken(uuid(1), uuid(6), ErrorCode::data_corrupt);
  Finding finding = only(path_findings_of(judge(facts)));
  CHECK(finding.verdict == Verdict::violation);
  CHECK(finding.message.find("delivers wrong bytes: byte 7 differs") != std::string::npos);
  copy_of(facts, uuid(1), uuid(6)) = broken(uuid(1), uuid(6), ErrorCode::deadline_exceeded);
  finding = only(path_findings_of(judge(facts)));
  CHECK(finding.message.find("did not come back") != std::string::npos);
  CHECK(judge(facts).verdict == StageVerdict::fail);
}

TEST_CASE("A fast pair whose bytes no NVLink counted is a violation whatever its speed") {
  Facts facts = gpu_facts();
  copy_all(facts, 396e9);
  auto measured = *copy_of(facts, uuid(0), uuid(2)).measured();
  measured.proof = {{"counter",
                     {"node-1", uuid(0), ""},
                     "NVLink counters",
                     "no NVLink byte moved",
                     0.0,
                     0.0,
                     1e9,
                     false}};
  copy_of(facts, uuid(0), uuid(2)).result = measured;
  const Finding finding = only(path_findings_of(judge(facts)));
  CHECK(finding.verdict == Verdict::violation);
  CHECK(finding.message.find("should go over NVLink, but no NVLink byte moved") !=
        std::string::npos);
}

TEST_CASE("Peers judge what no figure is cited for, and never overrule a figure") {
  Facts facts = gpu_facts();
  for (int index = 0; index < 8; ++index)
    facts.outcomes.push_back(copied(uuid(index), uuid(index), index == 4 ? 0.6e12 : 1.3e12));
  const Report local = judge(facts);
  CHECK(judgement(local, facts.outcomes[0]).verdict == "ok");
  CHECK(judgement(local, facts.outcomes[4]).verdict == "degraded");
  CHECK(judgement(local, facts.outcomes[4]).expectation->source == "peers of the same kind");
  CHECK(only(path_findings_of(local)).subject.name == "node-1/GPU-4");
  // All pairs slow: the peers agree with each other, and the links still say what is expected.
  Facts slow = gpu_facts();
  copy_all(slow, 200e9);
  CHECK(judgement(judge(slow), slow.outcomes[0]).verdict == "degraded");
  // One is far above its limit and yet below its peers: ok.
  Facts fast = gpu_facts();
  copy_all(fast, 440e9);
  copy_of(fast, uuid(0), uuid(1)) = copied(uuid(0), uuid(1), 380e9);
  const auto& low = judgement(judge(fast), copy_of(fast, uuid(0), uuid(1)));
  CHECK(low.verdict == "ok");
  CHECK(low.expectation->derivation.find(": an outlier") != std::string::npos);
}

TEST_CASE("A copy faster than its links can carry is an error, never a pass") {
  Facts facts = gpu_facts();
  copy_all(facts, 396e9);
  copy_of(facts, uuid(0), uuid(1)) = copied(uuid(0), uuid(1), 900e9);
  CHECK(judgement(judge(facts), copy_of(facts, uuid(0), uuid(1))).verdict == "inconclusive");
}

TEST_CASE("Only the largest message size of a copy is held against its links") {
  Facts facts = gpu_facts();
  facts.outcomes = {copied(uuid(0), uuid(1), 396e9), copied(uuid(0), uuid(1), 1e9)};
  facts.outcomes[1].parameters["size"] = "4096";
  const Report report = judge(facts);
  CHECK(judgement(report, facts.outcomes[0]).verdict == "ok");
  CHECK(judgement(report, facts.outcomes[1]).verdict == "no expectation");
}

TEST_CASE("A report made from described GPUs says so") {
  Facts facts = gpu_facts();
  CHECK_FALSE(judge(facts).from_fakes);
  topology(facts).gpus->fake = true;
  CHECK(judge(facts).from_fakes);
}
