#include "netcheck/rdma/rdma_rules.hpp"
#include "core/gid.hpp"

#include <algorithm>
#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include "netcheck/rdma/gids.hpp"
#include "netcheck/rdma/layers.hpp"
#include "netcheck/rdma/rails_at_once.hpp"
#include "tests/netcheck/rules/rack_facts.hpp"

namespace plumbline::netcheck {
namespace {

using Catch::Matchers::ContainsSubstring;

/// An RDMA device over a network device, with the GID of its address.
RdmaDevice rdma(const std::string& name, const std::string& netdev, const std::string& gid) {
  RdmaDevice device;
  device.name = name;
  device.driver = "mlx5_core";
  device.netdevs = {netdev};
  device.uverbs = "/dev/infiniband/uverbs0";
  device.capability = "queue pair made";
  RdmaPort port;
  port.state = "ACTIVE";
  port.link_layer = "Ethernet";
  port.rate = bits_per_second(100e9);
  port.active_mtu = 4096;
  port.gids = {{1, gid, "RoCE v2", netdev, true, ""}};
  port.used_gid = 1;
  device.ports = {port};
  return device;
}

const char* const kLoaderGid = "0000:0000:0000:0000:0000:ffff:0a46:2110";  // 10.70.33.16

/// The rack with node-6's ens3, which pod tenant/loader-0 has, published as RDMA and being it.
Facts rdma_rack() {
  Facts facts = rack();
  published(facts, "node-6", "ens3").attributes["dra.net/rdma"] = true;
  published(facts, "node-6", "ens3").attributes["dra.net/rdmaDevice"] = std::string("mlx5_3");
  node(facts, "node-6").topology->rdma_devices = {rdma("mlx5_3", "ens3", kLoaderGid)};
  node(facts, "node-6").topology->rdma_host = RdmaHost{"shared", {}, false, {}, {}, {}, {}, {}};
  return facts;
}

RdmaDevice& device_of(Facts& facts) { return node(facts, "node-6").topology->rdma_devices.front(); }

/// Two pods, each with a virtual function of one physical function of node-6.
Facts two_functions() {
  Facts facts = rdma_rack();
  device_of(facts).physical = "0000:41:00.0";
  SliceDevice& other = published(facts, "node-6", "ens2");
  other.attributes["dra.net/rdmaDevice"] = std::string("mlx5_4");
  auto& devices = node(facts, "node-6").topology->rdma_devices;
  devices.push_back(rdma("mlx5_4", "ens2", kLoaderGid));
  devices.back().physical = "0000:41:00.0";
  DeviceClaim second = claim(facts, "loader-0-nic");
  second.meta.name = "loader-1-nic";
  second.reserved_for = {"loader-1"};
  second.devices.front().device = other.name;
  facts.claims->claims.push_back(second);
  return facts;
}

Outcome at_once(const std::string& netdev, double value) {
  Outcome outcome;
  outcome.probe = "pair_together";
  outcome.from = {"node-6", netdev, "rail-a"};
  outcome.to = {"node-1", netdev, "rail-a"};
  Measured number;
  number.value = value;
  outcome.result = number;
  return outcome;
}

PciDevice function(const std::string& address, const std::string& parent, double speed, int width) {
  PciDevice device;
  device.address = address;
  device.kind = parent.empty() ? "bridge" : "network";
  device.parent = parent;
  device.link.gigatransfers = speed;
  device.link.width = width;
  return device;
}

}  // namespace

TEST_CASE("The GID of an address is written as sysfs writes it") {
  CHECK(gid_of("10.70.33.16/24") == kLoaderGid);
  CHECK(gid_of("fd00::1") == "fd00:0000:0000:0000:0000:0000:0000:0001");
  CHECK(gid_of("ens1").empty());
  CHECK(gid_of("").empty());
}

TEST_CASE(
    "X04: the uverbs nodes in a pod's mount namespaces are those of the claims' RDMA devices") {
  Facts facts = rdma_rack();
  CHECK(x04_rdma_given(facts).empty());  // nobody looked
  PodSandbox& pod = sandbox(facts, "loader-0");
  pod.rdma_devices = {"mlx5_3"};
  const auto findings = x04_rdma_given(facts);
  CHECK_THAT(the_only(findings, Verdict::match).message, ContainsSubstring("mlx5_3 (dra.net/"));
  check_quotes(facts, findings);
  pod.rdma_devices->clear();
  CHECK_THAT(the_only(x04_rdma_given(facts), Verdict::violation).message,
             ContainsSubstring("there is no uverbs node of it in the pod"));
  pod.rdma_devices.reset();
  pod.rdma_problem = "no process of it is seen from here (hostPID)";
  CHECK_THAT(the_only(x04_rdma_given(facts), Verdict::unobservable).message,
             ContainsSubstring("hostPID"));
}

TEST_CASE("X04: an RDMA device that another pod was given is a violation; nobody's is unclaimed") {
  Facts facts = two_functions();
  PodSandbox& pod = sandbox(facts, "loader-0");
  pod.rdma_devices = {"mlx5_3", "mlx5_4"};
  const Finding finding = the_only(x04_rdma_given(facts), Verdict::violation);
  CHECK(finding.subject.name == "tenant/loader-0");
  CHECK_THAT(finding.message, ContainsSubstring("can open RDMA device mlx5_4"));
  CHECK_THAT(finding.message, ContainsSubstring("loader-1-nic"));
  check_quotes(facts, {finding});
  pod.rdma_devices = {"mlx5_3", "mlx5_9"};
  CHECK_THAT(the_only(x04_rdma_given(facts), Verdict::unclaimed).message,
             ContainsSubstring("mlx5_9"));
  Holding plugin;
  plugin.pod_namespace = "tenant";
  plugin.pod_name = "loader-0";
  plugin.resource = "rdma/hca_shared_devices_a";
  plugin.device = "0";
  node(facts, "node-6").holdings->holdings.push_back(plugin);
  CHECK(all_match(x04_rdma_given(facts)));
}

TEST_CASE("X15: a RoCE device whose port has the GID of the pod's address matches") {
  const Facts facts = rdma_rack();
  const auto findings = x15_rdma_gid(facts);
  REQUIRE(findings.size() == 1);
  CHECK(the_only(findings, Verdict::match).subject.name == "tenant/loader-0");
  check_quotes(facts, findings);
}

TEST_CASE("X15: no RoCE v2 GID of the pod's address is a violation with address and device") {
  Facts facts = rdma_rack();
  SECTION("all zero") { device_of(facts).ports[0].gids.clear(); }
  SECTION("of another address") { device_of(facts).ports[0].gids[0].gid = gid_of("10.70.33.17"); }
  SECTION("RoCE v1 alone") { device_of(facts).ports[0].gids[0].type = "IB/RoCE v1"; }
  const Finding finding = the_only(x15_rdma_gid(facts), Verdict::violation);
  CHECK_THAT(finding.message, ContainsSubstring("mlx5_3 on node-6 with address 10.70.33.16"));
  CHECK_THAT(finding.message, ContainsSubstring("no RoCE v2 GID"));
}

TEST_CASE("X15: an RDMA device in a namespace of its own cannot be looked at from the node") {
  Facts facts = rdma_rack();
  node(facts, "node-6").topology->rdma_devices.clear();
  node(facts, "node-6").topology->rdma_host->netns_mode = "exclusive";
  CHECK_THAT(the_only(x15_rdma_gid(facts), Verdict::unobservable).message,
             ContainsSubstring("not in the network namespace"));
  CHECK_THAT(the_only(x20_rdma_counts(facts), Verdict::unobservable).message,
             ContainsSubstring("moved into pods' namespaces"));
}

TEST_CASE("X15 asks no GID of InfiniBand, nor of what is not published as RDMA") {
  Facts facts = rdma_rack();
  device_of(facts).ports[0].link_layer = "InfiniBand";
  device_of(facts).ports[0].gids.clear();
  CHECK(x15_rdma_gid(facts).empty());
  CHECK(x15_rdma_gid(rack()).empty());
  CHECK(x20_rdma_counts(rack()).empty());
  CHECK(x18_functions(rack()).empty());
}

TEST_CASE("X20: each device that is published as RDMA lets a queue pair be made") {
  const Facts facts = rdma_rack();
  const auto findings = x20_rdma_counts(facts);
  CHECK(all_match(findings));
  check_quotes(facts, findings);
}

TEST_CASE("X20: a published RDMA device that is lost, or dead, is a violation with the reason") {
  Facts facts = rdma_rack();
  std::string words;
  SECTION("lost") {
    node(facts, "node-6").topology->rdma_devices.clear();
    words = "ens3 is no RDMA device there";
  }
  SECTION("dead") {
    device_of(facts).unusable = "making an RC queue pair: Operation not supported";
    words = "ens3 (mlx5_3) cannot be used, making an RC queue pair";
  }
  CHECK_THAT(the_only(x20_rdma_counts(facts), Verdict::violation).message,
             ContainsSubstring(words));
}

TEST_CASE("X18: functions of one port in two pods prove nothing until they are measured together") {
  const Facts facts = two_functions();
  const Finding finding = the_only(x18_functions(facts), Verdict::unobservable);
  CHECK(finding.subject.name == "node-6/0000:41:00.0");
  CHECK_THAT(finding.message, ContainsSubstring("were not measured together"));
  check_quotes(facts, {finding});
}

TEST_CASE("X18: together they reach the port's rate, or too little of it") {
  Facts facts = two_functions();
  facts.outcomes = {at_once("ens3", 6e9), at_once("ens2", 6e9)};
  CHECK(the_only(x18_functions(facts), Verdict::match).message.find("12") != std::string::npos);
  facts.outcomes[1] = at_once("ens2", 3e9);
  CHECK_THAT(the_only(x18_functions(facts), Verdict::degraded).message,
             ContainsSubstring("too little"));
  for (RdmaDevice& device : node(facts, "node-6").topology->rdma_devices)
    device.ports[0].rate.reset();
  CHECK_THAT(the_only(x18_functions(facts), Verdict::unobservable).message,
             ContainsSubstring("rate is not told"));
}

TEST_CASE("X18: functions of one pod share with nobody") {
  Facts facts = two_functions();
  std::erase_if(facts.claims->claims, [](const DeviceClaim& claim) {
    return std::any_of(claim.devices.begin(), claim.devices.end(), [](const AllocatedDevice& one) {
      return one.pool == "node-6" && one.device == "ens2";
    });
  });
  CHECK(x18_functions(facts).empty());
}

TEST_CASE("The narrowest PCIe link up to the root limits an RDMA device, and is named") {
  Facts facts = rdma_rack();
  const Endpoint end{"node-6", "ens3", ""};
  CHECK_FALSE(pcie_layer(facts, end));
  device_of(facts).pci_address = "0000:41:00.0";
  auto& functions = node(facts, "node-6").topology->pci_devices;
  functions = {function("0000:41:00.0", "0000:40:01.0", 16, 16),
               function("0000:40:01.0", "", 16, 8)};
  const auto layer = pcie_layer(facts, end);
  REQUIRE(layer);
  CHECK(layer->rate.value == Catch::Approx(1.969e9 * 8 * 256 / 282));
  CHECK_THAT(layer->because, ContainsSubstring("bridge 0000:40:01.0, generation 4 x8"));
  const auto port = port_layer(facts, end);
  REQUIRE(port);
  CHECK(port->rate.value == Catch::Approx(12.5e9 * 4096 / 4178));
  const auto all = layers_between(facts, end, {"node-1", "ens1", ""});
  REQUIRE(all.size() == 2);
  CHECK(all[0].name == "port of node-6/ens3");
  CHECK_THAT(words_of(all), ContainsSubstring("PCIe of node-6/ens3"));
  functions[1].link.width = 4;
  CHECK(layers_between(facts, end, {"node-1", "ens1", ""})[0].name == "PCIe of node-6/ens3");
}

TEST_CASE("A software device has no PCIe layer, and an unread link gives none") {
  Facts facts = rdma_rack();
  const Endpoint end{"node-6", "ens3", ""};
  device_of(facts).pci_address = "0000:41:00.0";
  node(facts, "node-6").topology->pci_devices = {function("0000:41:00.0", "", 16, 16)};
  CHECK(pcie_layer(facts, end));
  node(facts, "node-6").topology->pci_devices[0].link.width.reset();
  CHECK_FALSE(pcie_layer(facts, end));
  node(facts, "node-6").topology->pci_devices[0].link.width = 16;
  device_of(facts).driver = "rdma_rxe";
  CHECK_FALSE(pcie_layer(facts, end));
}

TEST_CASE("All rails at once are planned for nodes two and two that have several over RDMA") {
  Facts facts = rack();
  Plan made;
  for (const char* other : {"node-2", "node-3"}) {
    Round round;
    for (const char* netdev : {"ens1", "ens2"})
      round.pairs.push_back({{"node-1", netdev, netdev}, {other, netdev, netdev}, {}});
    made.goodput.push_back(round);
  }
  CHECK(rails_at_once(facts, made).empty());
  for (const char* name : {"node-1", "node-2", "node-3"}) {
    auto& topology = *node(facts, name).topology;
    topology.rdma_host = RdmaHost{};
    topology.rdma_devices = {rdma("mlx5_0", "ens1", kLoaderGid),
                             rdma("mlx5_1", "ens2", kLoaderGid)};
  }
  const auto rounds = rails_at_once(facts, made);
  REQUIRE(rounds.size() == 1);
  CHECK(rounds[0].pairs.size() == 2);
  const Outcome identity = together_identity(facts.asked, rounds[0].pairs[0]);
  CHECK(identity.key() ==
        "pair_together|node-1/ens1@ens1|node-2/ens1@ens1|direction=one_way,size=1048576");
}

TEST_CASE("Rails that give less at once than one by one are told, and accuse nobody") {
  Facts facts = rack();
  for (const char* netdev : {"ens1", "ens2"}) {
    Outcome alone = measured("node-1", "node-2", netdev);
    Measured number;
    number.value = 10e9;
    alone.result = number;
    Outcome together = alone;
    together.probe = "pair_together";
    facts.outcomes.push_back(alone);
    facts.outcomes.push_back(together);
  }
  CHECK(the_only(rails_judged(facts), Verdict::match).rule == "rails");
  std::get<Measured>(facts.outcomes[3].result).value = 4e9;
  const Finding finding = the_only(rails_judged(facts), Verdict::unclaimed);
  CHECK_THAT(finding.message, ContainsSubstring("rail-a 100 % and rail-b 40 %"));
  CHECK_THAT(finding.message, ContainsSubstring("something that they share"));
  facts.outcomes.pop_back();
  CHECK(rails_judged(facts).empty());
}

TEST_CASE("A second opinion agrees, is lower, is higher, or is missing with its reason") {
  Facts facts = rack();
  CHECK(second_opinion(facts).empty());
  Outcome own = measured("node-1", "node-2", "ens1");
  Measured number;
  number.value = 10e9;
  number.interval = {9.9e9, 10.1e9};
  number.proof = {{"counter", own.from, "sent", "", {}, {}, {}, true}};
  own.result = number;
  Outcome other = own;
  other.parameters["library"] = "ucx";
  const auto found = [&](double value, double half) {
    number.value = value;
    number.interval = {value - half, value + half};
    other.result = number;
    facts.outcomes = {own, other};
    return second_opinion(facts);
  };
  CHECK(the_only(found(9e9, 0.95e9), Verdict::match).measurement == other.key());
  CHECK(the_only(found(9.85e9, 1e6), Verdict::match).evidence.size() == 2);
  CHECK_THAT(the_only(found(9e9, 1e8), Verdict::unclaimed).message,
             ContainsSubstring("library is slower than the path"));
  CHECK_THAT(the_only(found(11e9, 1e8), Verdict::unclaimed).message,
             ContainsSubstring("our own number, which is in doubt"));
  number.batches = {1e9};
  CHECK_THAT(the_only(found(10e9, 1e8), Verdict::unobservable).message,
             ContainsSubstring("too few batches"));
  number.batches.clear();
  number.proof[0].holds = false;
  CHECK_THAT(the_only(found(10e9, 1e8), Verdict::unobservable).message,
             ContainsSubstring("no counter proves"));
  other.result = Failed{{ErrorCode::unavailable, "UCX says: no such device"}, ""};
  facts.outcomes = {own, other};
  CHECK_THAT(the_only(second_opinion(facts), Verdict::unobservable).message,
             ContainsSubstring("UCX says: no such device"));
  number.proof[0].holds = true;
  other.result = number;
  facts.outcomes = {other};
  CHECK_THAT(the_only(second_opinion(facts), Verdict::unobservable).message,
             ContainsSubstring("verbs measured nothing beside it"));
}

TEST_CASE("A port whose MTU is not that of its rail is told; of two ports the smaller one") {
  Facts facts = rack();
  CHECK(rail_mtu(facts).empty());
  for (const char* name : {"node-1", "node-2"}) {
    node(facts, name).topology->rdma_devices = {rdma("mlx5_0", "ens1", kLoaderGid)};
  }
  CHECK(the_only(rail_mtu(facts), Verdict::match).subject.name == "rail-a");
  node(facts, "node-2").topology->rdma_devices[0].ports[0].active_mtu = 1024;
  Finding finding = the_only(rail_mtu(facts), Verdict::degraded);
  CHECK(finding.subject.name == "node-2/ens1");
  CHECK_THAT(finding.message, ContainsSubstring("MTU 1024, where the others of rail-a have 4096"));
  node(facts, "node-3").topology->rdma_devices = {rdma("mlx5_0", "ens1", kLoaderGid)};
  node(facts, "node-3").topology->rdma_devices[0].ports[0].active_mtu = 1024;
  finding = the_only(rail_mtu(facts), Verdict::degraded);
  CHECK(finding.subject.name == "node-1/ens1");
}

TEST_CASE("Memory of the device's NUMA node is a layer where it was measured") {
  Facts facts = rdma_rack();
  const Endpoint end{"node-6", "ens3", ""};
  CHECK_FALSE(memory_layer(facts, end));
  Outcome copy;
  copy.probe = "memory_copy";
  copy.from = copy.to = {"node-6", "numa0", ""};
  Measured number;
  number.value = 9e9;
  copy.result = number;
  facts.outcomes = {copy};
  REQUIRE(memory_layer(facts, end));
  CHECK(memory_layer(facts, end)->rate.value == 9e9);
}

}  // namespace plumbline::netcheck
