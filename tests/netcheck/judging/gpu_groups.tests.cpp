// What a collective over GPUs is held against, by what NCCL chose.
#include "netcheck/expectations/gpu_groups.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <cmath>

#include "netcheck/judging/numbers.hpp"

using namespace plumbline;
using namespace plumbline::netcheck;

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

TEST_CASE("Without a word in NCCL's log its profiler tells the algorithm, when it was one") {
  const auto judged_by = [](const std::string& chosen) {
    Outcome outcome = by_nccl("node-1", "RING");
    Proof& proof = std::get<Measured>(outcome.result).proof.front();
    proof.kind = "profiler";
    proof.statement = "24 collectives" + chosen + ", 0 sends and receives called for";
    return judged(gpu_nodes(18, 4, ""), outcome);
  };
  CHECK(judged_by(" (RING/SIMPLE 20, RING/LL 4)").verdict == NumberVerdict::ok);
  CHECK_THAT(judged_by(" (COLLNET_DIRECT/SIMPLE 24)").why,
             Catch::Matchers::ContainsSubstring("of COLLNET is no wire load"));
  for (const char* chosen : {" (RING/SIMPLE 20, TREE/LL 4)", "", " (", " ()"})
    CHECK(judged_by(chosen).verdict == NumberVerdict::no_expectation);
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
