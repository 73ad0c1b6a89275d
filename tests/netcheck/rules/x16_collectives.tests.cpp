#include <catch2/catch_test_macros.hpp>

#include "tests/netcheck/rules/rack_facts.hpp"

using namespace plumbline;
using namespace plumbline::netcheck;

namespace {

Proof says(const std::string& network) {
  const std::string words = "NCCL 2.28.9, 4 ranks, [0000:07:00] GPU; transport NET/" + network +
                            "/0, network " + network + ", 8 coll channels";
  return {"library", {"node-1", "gpu0", ""}, "libnccl.so.2", words, {}, {}, {}, true};
}

/// The first rank's counters of a node; without numbers they could not be read.
Proof counted(const std::string& node, bool holds, bool numbers = true) {
  Proof proof{"counter", {node, "gpu0", ""}, "/proc/net/dev", node + " sent 3 MB", {}, {}, {},
              holds};
  if (numbers) {
    proof.before = 0;
    proof.after = 3e6;
    proof.expected = 1e9;
  }
  return proof;
}

/// Two nodes of two GPUs with an RDMA port each, and an all_reduce over all of them.
Facts gpus(std::vector<Proof> proofs) {
  Facts facts;
  for (const char* name : {"node-1", "node-2"}) {
    NodeFacts node;
    node.node = name;
    node.topology = Topology{};
    node.topology->gpus.emplace();
    node.topology->gpus->gpus.resize(2);
    RdmaDevice device;
    device.name = "mlx5_0";
    device.ports.resize(1);
    device.ports[0].state = "ACTIVE";
    node.topology->rdma_devices = {device};
    facts.nodes.push_back(node);
  }
  Outcome outcome;
  outcome.probe = "all_reduce";
  outcome.parameters = {{"group", "all"}, {"ranks", "4"}, {"size", "1073741824"}};
  Measured measured;
  measured.proof = std::move(proofs);
  outcome.result = measured;
  facts.outcomes = {outcome};
  return facts;
}

Finding only(const Facts& facts) {
  const auto findings = x16_collectives(facts);
  REQUIRE(findings.size() == 1);
  return the_only(findings, findings[0].verdict);
}

}  // namespace

TEST_CASE("NCCL over RDMA that the nodes' counters show matches") {
  const Finding finding =
      only(gpus({says("IB"), counted("node-1", true), counted("node-2", true)}));
  CHECK(finding.verdict == Verdict::match);
  CHECK(finding.message.find("over IB, and the counters of the nodes agree") != std::string::npos);
}

TEST_CASE("NCCL that fell back to sockets is a violation on nodes whose RDMA ports are up") {
  Facts facts = gpus({says("Socket"), counted("node-1", true), counted("node-2", true)});
  const Finding finding = only(facts);
  CHECK(finding.verdict == Verdict::violation);
  CHECK(finding.message.find("NCCL fell back to sockets in all_reduce over the GPUs of 2 nodes") ==
        0);
  CHECK(finding.ambiguity.size() == 2);
  facts.nodes[1].topology->rdma_devices[0].ports[0].state =
      "DOWN";  // then sockets are all there is
  CHECK(only(facts).verdict == Verdict::match);
}

TEST_CASE("Counters that contradict NCCL's words name their node") {
  const Finding finding =
      only(gpus({says("IB"), counted("node-1", true), counted("node-2", false)}));
  CHECK(finding.verdict == Verdict::violation);
  CHECK(finding.subject.name == "node-2");
  CHECK(finding.ambiguity.empty());
  CHECK(finding.message.find("is not what NCCL says (IB): node-2 sent 3 MB") != std::string::npos);
}

TEST_CASE("NCCL without a log, or without counters, is never a match") {
  CHECK(only(gpus({counted("node-1", true)})).verdict == Verdict::unobservable);
  CHECK(only(gpus({says("IB")})).verdict == Verdict::unobservable);
  const Finding finding = only(gpus({says("Plugin"), counted("node-1", false, false)}));
  CHECK(finding.verdict == Verdict::unobservable);
  CHECK(finding.message.find("node-1 sent 3 MB") != std::string::npos);
}

TEST_CASE("Collectives of one node, by a forced transport or without RDMA are not asked for it") {
  Facts facts = gpus({says("Socket")});
  facts.outcomes[0].parameters["transport"] = "sockets";
  CHECK(x16_collectives(facts).empty());
  facts = gpus({says("Socket")});
  facts.nodes.pop_back();
  CHECK(x16_collectives(facts).empty());
  facts = gpus({says("Socket")});
  for (NodeFacts& node : facts.nodes)
    node.topology->rdma_devices.clear();
  CHECK(x16_collectives(facts).empty());
}
