#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include "tests/netcheck/rules/rack_facts.hpp"

namespace plumbline::netcheck {
namespace {

using Catch::Matchers::ContainsSubstring;

/// A rack whose node-3 has a real NIC at ens1, published with all that can be compared.
Facts with_real_nic() {
  Facts facts = rack();
  NetworkDevice& nic = device(facts, "node-3", "ens1");
  nic.is_virtual = false;
  nic.pci_address = "0000:17:00.0";
  nic.pcie_root = "pci0000:15";
  nic.numa = 1;
  nic.rdma_device = "mlx5_0";
  auto& said = published(facts, "node-3", "ens1").attributes;
  said["dra.net/virtual"] = false;
  said["dra.net/rdma"] = true;
  said["dra.net/rdmaDevice"] = std::string("mlx5_0");
  said["dra.net/pciAddress"] = std::string("0000:17:00.0");
  said["dra.net/numaNode"] = std::int64_t{1};
  said["resource.kubernetes.io/pcieRoot"] = std::string("pci0000:15");
  said["resource.kubernetes.io/pciBusID"] = std::string("0000:17:00.0");
  return facts;
}

}  // namespace

TEST_CASE("X03 matches a real NIC with all its attributes") {
  const Facts facts = with_real_nic();
  CHECK(all_match(x03_slice_truth(facts)));
}

TEST_CASE("X03 names slice, attribute and both values of an attribute that is wrong") {
  const auto [key, value, word] = GENERATE(table<const char*, AttributeValue, const char*>(
      {{"dra.net/mac", std::string("02:00:00:00:00:99"), "02:70:00:00:03:01"},
       {"dra.net/mtu", std::int64_t{9000}, "1500"},
       {"dra.net/ifName", std::string("eth7"), "ens1"},
       {"dra.net/ipv4", std::string("10.70.1.99/24"), "10.70.1.13/24"},
       {"dra.net/ipv4", std::string("10.70.1.13/24,192.0.2.1/32"), "10.70.1.13/24"},
       {"dra.net/pciAddress", std::string("0000:18:00.0"), "0000:17:00.0"},
       {"dra.net/numaNode", std::int64_t{0}, "1"},
       {"dra.net/rdma", false, "true"},
       {"dra.net/rdmaDevice", std::string("mlx5_7"), "mlx5_0"},
       {"dra.net/virtual", true, "false"},
       {"resource.kubernetes.io/pcieRoot", std::string("pci0000:37"), "pci0000:15"}}));
  Facts facts = with_real_nic();
  published(facts, "node-3", "ens1").attributes[key] = value;
  const auto findings = x03_slice_truth(facts);
  const Finding finding = the_only(findings, Verdict::violation);
  CHECK(with(findings, Verdict::match).size() == 12);
  CHECK(finding.subject == Subject{"slice", "node-3-dra.net", "node-3", "rail-a"});
  CHECK_THAT(finding.message, ContainsSubstring(std::string(key) + " = "));
  CHECK_THAT(finding.message, ContainsSubstring(std::string("node-3 shows ") + word));
  REQUIRE(finding.claim);
  CHECK(finding.claim->path == "spec.devices[0].attributes[" + std::string(key) + "]");
  CHECK_FALSE(finding.evidence.empty());
  CHECK(finding.tier == "A");
  check_quotes(facts, findings);
}

TEST_CASE("X03: spelling of case, address lists and absent prefixes is no lie") {
  Facts facts = with_real_nic();
  auto& said = published(facts, "node-3", "ens1").attributes;
  said["dra.net/mac"] = std::string("02:70:00:00:03:01");
  device(facts, "node-3", "ens1").mac = "02:70:00:00:03:01";
  said["dra.net/ipv4"] = std::string("10.70.1.13");
  said["dra.net/ipv6"] = std::string("fe80::70:ff:fe00:301/64");
  said["dra.net/state"] = std::string("UP");
  CHECK(all_match(x03_slice_truth(facts)));
}

TEST_CASE("X03: a link that went down since is drift of the NIC, not the slice's lie") {
  Facts facts = rack();
  device(facts, "node-3", "ens1").state = "lowerlayerdown";
  const Finding finding = the_only(x03_slice_truth(facts), Verdict::drift);
  CHECK(finding.subject == Subject{"nic", "node-3/ens1", "node-3", "rail-a"});
  CHECK_THAT(finding.message, ContainsSubstring("is lowerlayerdown now"));
  published(facts, "node-3", "ens1").attributes["dra.net/state"] = std::string("lower-layer-down");
  CHECK(all_match(x03_slice_truth(facts)));
  published(facts, "node-3", "ens1").attributes["dra.net/state"] = std::string("up");
  device(facts, "node-3", "ens1").state = "unknown";
  CHECK(all_match(x03_slice_truth(facts)));
}

TEST_CASE("X03: a published device that is nowhere is a violation that quotes its name") {
  Facts facts = rack();
  take(facts, "node-2", "ens2");
  const Finding finding = the_only(x03_slice_truth(facts), Verdict::violation);
  CHECK(finding.subject == Subject{"slice", "node-2-dra.net", "node-2", "rail-b"});
  CHECK_THAT(finding.message, ContainsSubstring("node-2 has no such device"));
  CHECK(finding.claim->path == "spec.devices[1].attributes[dra.net/ifName]");
  CHECK(finding.evidence.size() == 2);
}

TEST_CASE("X03: a device in a pod is found by its MAC under any name, and never by a name alone") {
  Facts facts = rack();
  NetworkDevice moved = take(facts, "node-6", "ens2");
  SECTION("with another name, MTU, state and without addresses it is still the same device") {
    moved.name = "net1";
    moved.mtu = 9000;
    moved.state = "down";
    sandbox(facts, "loader-0").devices->push_back(moved);
    const auto findings = x03_slice_truth(facts);
    CHECK(all_match(findings));
    CHECK(with(findings, Verdict::match).size() == 13);
  }
  SECTION("a pod's own interface of that name is another device") {
    moved.mac = "0a:58:0a:f4:00:05";
    sandbox(facts, "loader-0").devices->push_back(moved);
    const Finding finding = the_only(x03_slice_truth(facts), Verdict::violation);
    CHECK_THAT(finding.message, ContainsSubstring("nor has any pod on it"));
  }
}

TEST_CASE("X03: in the pod that was given it, a wrong MAC is still the slice's lie") {
  Facts facts = rack();
  published(facts, "node-6", "ens3").attributes["dra.net/mac"] = std::string("02:00:00:00:00:99");
  const Finding finding = the_only(x03_slice_truth(facts), Verdict::violation);
  CHECK(finding.subject.name == "node-6-dra.net");
  CHECK_THAT(finding.message, ContainsSubstring("02:70:00:00:06:03"));
  CHECK(finding.tier == "C");
}

TEST_CASE("X03 is unobservable where the node does not tell") {
  Facts facts = with_real_nic();
  SECTION("no topology") {
    node(facts, "node-5").topology.reset();
    node(facts, "node-5").topology_problem = "agent on node-5 does not answer";
    const auto findings = with(x03_slice_truth(facts), Verdict::unobservable);
    REQUIRE(findings.size() == 2);
    CHECK_THAT(findings[0].message, ContainsSubstring("agent on node-5 does not answer"));
    CHECK(findings[0].subject.node == "node-5");
  }
  SECTION("an attribute that it cannot confirm") {
    device(facts, "node-3", "ens1").numa.reset();
    const Finding finding = the_only(x03_slice_truth(facts), Verdict::unobservable);
    CHECK_THAT(finding.message, ContainsSubstring("dra.net/numaNode"));
  }
  SECTION("a pod that cannot be looked into may have the device") {
    take(facts, "node-6", "ens2");
    sandbox(facts, "loader-0").devices.reset();
    sandbox(facts, "loader-0").problem = "setns: Operation not permitted";
    const auto findings = with(x03_slice_truth(facts), Verdict::unobservable);
    REQUIRE(findings.size() == 2);
    CHECK_THAT(findings[0].message, ContainsSubstring("setns: Operation not permitted"));
    CHECK(with(x03_slice_truth(facts), Verdict::violation).empty());
  }
  SECTION("so may a pod whose CNI result could not be read") {
    take(facts, "node-6", "ens2");
    node(facts, "node-6").topology->problems = {"CNI results: x-ens2: permission denied"};
    CHECK(with(x03_slice_truth(facts), Verdict::unobservable).size() == 1);
  }
  SECTION("not so a pod that has ended and left its CNI result behind") {
    take(facts, "node-6", "ens2");
    take(facts, "node-5", "ens2");
    PodSandbox left;
    left.pod_namespace = "plumbline";
    left.pod_name = "stage-5";
    left.pod_uid = "an-earlier-one";
    node(facts, "node-5").topology->sandboxes = {left};
    node(facts, "node-5").topology->problems = {"CPU model: permission denied"};
    CHECK(with(x03_slice_truth(facts), Verdict::violation).size() == 2);
  }
  SECTION("network devices that could not be listed") {
    node(facts, "node-1").topology->network_devices.clear();
    node(facts, "node-1").topology->problems = {"netlink: permission denied"};
    CHECK(with(x03_slice_truth(facts), Verdict::unobservable).size() == 2);
  }
  SECTION("a device with nothing to compare") {
    published(facts, "node-1", "ens1").attributes = {{"dra.net/alias", std::string("left")}};
    CHECK(with(x03_slice_truth(facts), Verdict::unobservable).empty());
    CHECK(with(x03_slice_truth(facts), Verdict::violation).size() == 1);
  }
}

TEST_CASE("X03 checks an RDMA function without a network interface by its PCI address") {
  Facts facts = rack();
  auto& device = published(facts, "node-1", "ens1");
  take(facts, "node-1", "ens1");
  device.attributes = {{"dra.net/pciAddress", std::string("0000:10:1b.0")},
                       {"dra.net/rdma", true},
                       {"dra.net/numaNode", std::int64_t{0}},
                       {"resource.kubernetes.io/pcieRoot", std::string("pci0000:10")}};
  PciDevice function;
  function.address = "0000:10:1b.0";
  function.kind = "network";
  function.root = "pci0000:10";
  function.numa = 0;
  node(facts, "node-1").topology->pci_devices = {function};
  CHECK(all_match(x03_slice_truth(facts)));
  node(facts, "node-1").topology->pci_devices[0].root = "pci0000:20";
  CHECK_THAT(the_only(x03_slice_truth(facts), Verdict::violation).message,
             ContainsSubstring("pcieRoot = pci0000:10, but node-1 shows pci0000:20"));
}

TEST_CASE("X03 leaves other drivers' devices and nodes outside the stage alone") {
  Facts facts = rack();
  SliceClaim gpus;
  gpus.meta.name = "node-1-gpu";
  gpus.driver = "gpu.nvidia.com";
  gpus.node = "node-1";
  gpus.devices.resize(1);
  gpus.devices[0].name = "gpu-0";
  gpus.devices[0].attributes["gpu.nvidia.com/uuid"] = std::string("GPU-1");
  facts.claims->slices.push_back(gpus);
  std::erase_if(facts.nodes, [](const NodeFacts& n) { return n.node == "node-6"; });
  CHECK(with(x03_slice_truth(facts), Verdict::match).size() == 10);
  CHECK(all_match(x03_slice_truth(facts)));
}

}  // namespace plumbline::netcheck
