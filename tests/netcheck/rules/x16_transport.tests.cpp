#include <catch2/catch_test_macros.hpp>

#include "netcheck/transport.hpp"
#include "tests/netcheck/rules/rack_facts.hpp"

using namespace plumbline;
using namespace plumbline::netcheck;

namespace {

RdmaDevice rxe(const std::string& netdev) {
  RdmaDevice device;
  device.name = "rxe1";
  device.netdevs = {netdev};
  device.uverbs = "/dev/infiniband/uverbs0";
  RdmaPort port;
  port.state = "ACTIVE";
  port.physical_state = "LinkUp";
  port.link_layer = "Ethernet";
  port.gids = {{1, "0000:0000:0000:0000:0000:ffff:0a46:010b", "RoCE v2", netdev, true, ""}};
  port.used_gid = 1;
  device.ports = {port};
  return device;
}

/// Two nodes with an RDMA device over ens1 each, and one number between them.
Facts pair(const std::string& library) {
  Facts facts;
  for (const char* name : {"node-1", "node-2"}) {
    NodeFacts node;
    node.node = name;
    node.topology = Topology{};
    node.topology->rdma_devices = {rxe("ens1")};
    node.topology->rdma_host = RdmaHost{};
    facts.nodes.push_back(node);
  }
  Outcome outcome;
  outcome.probe = "pair_goodput";
  outcome.from = {"node-1", "ens1", "rail-a"};
  outcome.to = {"node-2", "ens1", "rail-a"};
  Measured measured;
  measured.proof = {{"library", outcome.from, "x", library, {}, {}, {}, true}};
  outcome.result = measured;
  facts.outcomes = {outcome};
  return facts;
}

const char* const kVerbs = "libibverbs says it used rc_write/rxe1:1 gid 1 mtu 4096";
const char* const kTcp = "UCX 1.13.1 (tcp) says it used tcp/ens1";

RdmaDevice& device(Facts& facts, std::size_t node) {
  return facts.nodes[node].topology->rdma_devices[0];
}

Finding only(const Facts& facts) {
  const auto findings = x16_transport(facts);
  REQUIRE(findings.size() == 1);
  return the_only(findings, findings[0].verdict);
}

}  // namespace

TEST_CASE("RDMA that is predicted and used matches") {
  const Finding finding = only(pair(kVerbs));
  CHECK(finding.verdict == Verdict::match);
  CHECK(finding.message.find("rxe1 (GID 1)") != std::string::npos);
}

TEST_CASE("TCP in place of RDMA names the broken precondition and the node that broke it") {
  Facts facts = pair(kTcp);
  device(facts, 1).ports[0].state = "DOWN";
  device(facts, 1).ports[0].physical_state = "Disabled";
  Finding finding = only(facts);
  CHECK(finding.verdict == Verdict::violation);
  CHECK(finding.subject.name == "node-2/ens1");
  CHECK(finding.message.find("port rxe1/1 is DOWN, Disabled") != std::string::npos);

  facts = pair(kTcp);
  device(facts, 0).ports[0].used_gid.reset();
  device(facts, 0).ports[0].gid_problem = "all 256 GIDs are zero";
  finding = only(facts);
  CHECK(finding.subject.name == "node-1/ens1");
  CHECK(finding.message.find("all 256 GIDs are zero") != std::string::npos);

  facts = pair(kTcp);
  facts.nodes[1].topology->rdma_host->memlock = 65536;
  CHECK(only(facts).message.find("locked memory is limited to 64 KiB") != std::string::npos);
  facts.nodes[1].topology->rdma_host->ipc_lock = true;
  CHECK(only(facts).message.find("RDMA is possible") != std::string::npos);

  facts = pair(kTcp);
  device(facts, 1).uverbs.clear();
  device(facts, 1).problems = {"/dev/infiniband/uverbs0 is missing"};
  CHECK(only(facts).message.find("uverbs0 is missing") != std::string::npos);

  facts = pair(kTcp);
  device(facts, 0).unusable = "making an RC queue pair: not supported";
  CHECK(only(facts).message.find("making an RC queue pair") != std::string::npos);

  facts = pair(kTcp);
  device(facts, 0).ports[0].link_layer = "InfiniBand";
  CHECK(only(facts).message.find("no subnet manager") != std::string::npos);
}

TEST_CASE("A node that lost its RDMA device while the other has one is the culprit") {
  Facts facts = pair(kTcp);
  facts.nodes[1].topology->rdma_devices.clear();
  const Finding finding = only(facts);
  CHECK(finding.verdict == Verdict::violation);
  CHECK(finding.subject.node == "node-2");
}

TEST_CASE("TCP without any broken precondition is a violation too") {
  const Finding finding = only(pair(kTcp));
  CHECK(finding.verdict == Verdict::violation);
  CHECK(finding.message.find("RDMA is possible") != std::string::npos);
}

TEST_CASE("Bytes that took another port than the claimed one are a violation") {
  Facts facts = pair(kVerbs);
  auto& measured = std::get<Measured>(facts.outcomes[0].result);
  measured.proof.push_back({"counter", facts.outcomes[0].from, "sent_pkts",
                            "sent 0 packets over rxe1/1, payload makes 900 packets", 5, 5, 900,
                            false});
  const Finding finding = only(facts);
  CHECK(finding.verdict == Verdict::violation);
  CHECK(finding.message.find("did not take the claimed port") != std::string::npos);
}

TEST_CASE("RDMA whose path no counter proves is never a match") {
  Facts facts = pair(kVerbs);
  auto& measured = std::get<Measured>(facts.outcomes[0].result);
  measured.proof.push_back({"counter",
                            facts.outcomes[0].to,
                            "/sys/class/infiniband/rxe1/1",
                            "the data counters of rxe1/1 prove nothing: sent_pkts holds \"N/A\"",
                            {},
                            {},
                            {},
                            false});
  const Finding finding = only(facts);
  CHECK(finding.verdict == Verdict::unobservable);
  CHECK(finding.subject.name == "node-2/ens1");
  CHECK(finding.message.find("sent_pkts holds") != std::string::npos);
}

TEST_CASE("A pair that was not measured leaves the transport unobservable") {
  Facts facts = pair(kVerbs);
  facts.outcomes[0].result = Skipped{"a tenant holds it"};
  CHECK(only(facts).verdict == Verdict::unobservable);
}

TEST_CASE("Nodes without RDMA devices have no transport to fall back from") {
  Facts facts = pair(kTcp);
  for (NodeFacts& node : facts.nodes)
    node.topology->rdma_devices.clear();
  CHECK(x16_transport(facts).empty());
  CHECK_FALSE(predict_transport(facts, facts.outcomes[0].from, facts.outcomes[0].to).rdma);
}

TEST_CASE("A number over RDMA is known by what its library says") {
  CHECK(used_rdma(pair(kVerbs).outcomes[0]));
  CHECK_FALSE(used_rdma(pair(kTcp).outcomes[0]));
  Outcome skipped;
  CHECK_FALSE(used_rdma(skipped));
}
