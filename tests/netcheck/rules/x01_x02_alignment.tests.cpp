#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include "netcheck/rules/claim_devices.hpp"
#include "tests/netcheck/rules/claims_yaml.hpp"
#include "tests/netcheck/rules/rack_facts.hpp"

namespace plumbline::netcheck {
namespace {

using Catch::Matchers::ContainsSubstring;

const char* const root = "resource.kubernetes.io/pcieRoot";

const char* const classes = R"(---
apiVersion: resource.k8s.io/v1
kind: DeviceClass
metadata: {name: gpu.nvidia.com, uid: u1}
spec: {selectors: [{cel: {expression: 'device.driver == "gpu.nvidia.com"'}}]}
---
apiVersion: resource.k8s.io/v1
kind: DeviceClass
metadata: {name: fast-nic, uid: u2}
spec: {selectors: [{cel: {expression: 'device.driver == "dra.net"'}}]}
)";

/// Two PCIe roots with a GPU and a NIC each.
std::string node_slices() {
  return slice_yaml("gpu.nvidia.com", "n1",
                    "gpu-0 resource.kubernetes.io/pcieRoot=pci0000:10 numaNode=0 "
                    "resource.kubernetes.io/pciBusID=0000:11:00.0\n"
                    "gpu-1 resource.kubernetes.io/pcieRoot=pci0000:90 numaNode=1\n") +
         slice_yaml("dra.net", "n1",
                    "nic-0 resource.kubernetes.io/pcieRoot=pci0000:10 dra.net/numaNode=0 "
                    "dra.net/rdma=true\n"
                    "nic-1 resource.kubernetes.io/pcieRoot=pci0000:90 dra.net/numaNode=1 "
                    "dra.net/rdma=true\n");
}

struct Ask {
  std::string constraints;
  std::string gpu_selectors;
  std::string nic_selectors;
  int nics = 1;
};

std::string spec_yaml(const Ask& ask, const std::string& indent) {
  const auto selectors = [](const std::string& text) {
    return text.empty() ? std::string() : ", selectors: [{cel: {expression: '" + text + "'}}]";
  };
  return indent + "devices:\n" + indent + "  requests:\n" + indent +
         "  - {name: gpu, exactly: {deviceClassName: gpu.nvidia.com, count: 1" +
         selectors(ask.gpu_selectors) + "}}\n" + indent +
         "  - {name: nic, exactly: {deviceClassName: fast-nic, count: " + std::to_string(ask.nics) +
         selectors(ask.nic_selectors) + "}}\n" + indent + "  constraints: [" + ask.constraints +
         "]\n";
}

std::string claim_yaml(const Ask& ask, const std::string& gpu = "", const std::string& nic = "") {
  std::string yaml =
      "---\napiVersion: resource.k8s.io/v1\nkind: ResourceClaim\n"
      "metadata: {namespace: ns, name: c, uid: uc, resourceVersion: '9'}\nspec:\n" +
      spec_yaml(ask, "  ");
  if (gpu.empty()) return yaml;
  return yaml +
         "status:\n  allocation:\n    devices:\n      results:\n"
         "      - {request: gpu, driver: gpu.nvidia.com, pool: n1, device: " +
         gpu + "}\n      - {request: nic, driver: dra.net, pool: n1, device: " + nic +
         "}\n    nodeSelector: {nodeSelectorTerms: [{matchFields: [{key: metadata.name, "
         "operator: In, values: [n1]}]}]}\n";
}

std::string match_on(const std::string& attribute) {
  return "{requests: [gpu, nic], matchAttribute: " + attribute + "}";
}

Facts facts_of(const std::string& claim) { return claims_of(classes + node_slices() + claim); }

}  // namespace

TEST_CASE("X01 matches devices of one PCIe root that were asked to be so") {
  const Facts facts = facts_of(claim_yaml({match_on(root), "", ""}, "gpu-0", "nic-0"));
  const Finding finding = the_only(x01_pcie_root(facts), Verdict::match);
  CHECK(finding.subject == Subject{"claim", "ns/c", "n1", ""});
  CHECK(finding.claim->path == "spec.devices.constraints[0].matchAttribute");
  CHECK(finding.claim->value == root);
  CHECK_THAT(finding.message, ContainsSubstring("n1/gpu-0"));
  check_quotes(facts, {finding});
}

TEST_CASE("X01: devices that publish different roots break the claim") {
  const Facts facts = facts_of(claim_yaml({match_on(root), "", ""}, "gpu-0", "nic-1"));
  const Finding finding = the_only(x01_pcie_root(facts), Verdict::violation);
  CHECK_THAT(finding.message, ContainsSubstring("pci0000:10"));
  CHECK_THAT(finding.message, ContainsSubstring("pci0000:90"));
  check_quotes(facts, {finding});
}

TEST_CASE("X01: slices that agree while sysfs does not are a violation by the node's own word") {
  Facts facts = facts_of(claim_yaml({match_on(root), "", ""}, "gpu-0", "nic-0"));
  for (SliceDevice& device : facts.claims->slices[0].devices)
    device.attributes["resource.kubernetes.io/pciBusID"] = "0000:1b:00.0";
  Topology topology;
  topology.node = "n1";
  for (const auto& [address, place] :
       {std::pair("0000:11:00.0", "pci0000:10"), std::pair("0000:1b:00.0", "pci0000:20")}) {
    PciDevice device;
    device.address = address;
    device.root = place;
    topology.pci_devices.push_back(device);
  }
  facts.nodes.push_back({"n1", topology, "", std::nullopt, ""});
  const Finding finding = the_only(x01_pcie_root(facts), Verdict::violation);
  CHECK_THAT(finding.message, ContainsSubstring("but on the node they are on"));
}

TEST_CASE("X01: a request that no root can ever meet is told with what is missing") {
  const Facts facts = facts_of(claim_yaml({match_on(root), "", "", 2}));
  const Finding finding = the_only(x01_pcie_root(facts), Verdict::violation);
  CHECK_THAT(finding.message, ContainsSubstring("can never be satisfied"));
  CHECK_THAT(finding.message, ContainsSubstring("1 of 2 for nic"));
  check_quotes(facts, {finding});
}

TEST_CASE("X01: a template that can never be met is told before anybody uses it") {
  const std::string start =
      "---\napiVersion: resource.k8s.io/v1\nkind: ResourceClaimTemplate\n"
      "metadata: {namespace: ns, name: t, uid: ut}\nspec:\n  spec:\n";
  const Facts never = facts_of(start + spec_yaml({match_on(root), "", "", 2}, "    "));
  const Finding finding = the_only(x01_pcie_root(never), Verdict::violation);
  CHECK_THAT(finding.message, ContainsSubstring("Template ns/t"));
  check_quotes(never, {finding});
  CHECK(x01_pcie_root(facts_of(start + spec_yaml({match_on(root), "", ""}, "    "))).empty());
}

TEST_CASE("X01: a claim that waits, and could be met, proves nothing") {
  const Facts facts = facts_of(claim_yaml({match_on(root), "", ""}));
  const Finding finding = the_only(x01_pcie_root(facts), Verdict::vacuous);
  CHECK_THAT(finding.message, ContainsSubstring("is not allocated"));
}

TEST_CASE("X01 cannot tell what it did not read") {
  const Ask ask{match_on(root), "", ""};
  std::string word;
  Facts facts;
  SECTION("no slice") {
    facts = claims_of(classes + claim_yaml(ask));
    word = "no ResourceSlice was read";
  }
  SECTION("no class") {
    facts = claims_of(node_slices() + claim_yaml(ask));
    word = "DeviceClass fast-nic was not read";
  }
  SECTION("a selector that computes") {
    facts = facts_of(claim_yaml({match_on(root), "device.capacity[\"m\"].size() > 3", ""}));
    word = "more than literal comparisons";
  }
  SECTION("a device that left its slice") {
    facts = facts_of(claim_yaml(ask, "gpu-7", "nic-0"));
    word = "unknown";
  }
  SECTION("what a request for all devices takes") {
    facts = facts_of(claim_yaml(ask));
    facts.claims->claims[0].requests[0].all = true;
    word = "allocationMode All";
  }
  const Ask too_much{match_on(root), "", "", 2};
  SECTION("the slices of one driver") {
    facts = facts_of(claim_yaml(too_much));
    std::erase_if(facts.claims->slices,
                  [](const SliceClaim& slice) { return slice.driver == "dra.net"; });
    word = "no device of DeviceClass fast-nic was read";
  }
  SECTION("a slice of a pool that is being published anew") {
    facts = facts_of(claim_yaml(too_much));
    facts.claims->slices[1].whole_pool = false;
    word = "but some are missing";
  }
  SECTION("a list that says that there is more") {
    facts = facts_of(claim_yaml(too_much));
    facts.claims->gaps["ResourceSlice"] = {"a list of them was cut off", {}};
    word = "but some are missing";
  }
  SECTION("a file that was cut off") {
    facts = facts_of(claim_yaml(too_much));
    facts.claims->whole = false;
    word = "but some are missing";
  }
  CHECK_THAT(the_only(x01_pcie_root(facts), Verdict::unobservable).message,
             ContainsSubstring(word));
}

TEST_CASE("X01: of a selector that chooses, negates or remarks no part is taken for a promise") {
  const std::string rdma = R"(device.attributes["dra.net"].rdma)";
  const std::string state = R"(device.attributes["dra.net"].state)";
  for (const std::string& selector :
       {state + R"( == "a" || )" + state + R"( == "up")",
        "!(" + rdma + " == true && " + state + R"( == "a" && true))",
        rdma + " == true ? true : " + state + R"( == "a")",
        rdma + " == true // && " + state + R"( == "a")",
        "true && (" + rdma + " == false || " + state + R"( == "a"))"}) {
    CAPTURE(selector);
    const Facts facts = facts_of(claim_yaml({match_on(root), "", selector}));
    CHECK_THAT(the_only(x01_pcie_root(facts), Verdict::unobservable).message,
               ContainsSubstring("more than literal comparisons"));
  }
  const LiteralTests read = literal_tests("device.driver == 'a' && (x || y) && b[\"&&\"] == 1");
  CHECK(read.opaque);
  REQUIRE(read.tests.size() == 1);
  CHECK(read.tests[0].value == "a");
}

TEST_CASE("X01: one device that may be given again and again is as many as are asked for") {
  Facts facts = facts_of(claim_yaml({match_on(root), "", "", 2}));
  for (SliceClaim& slice : facts.claims->slices) {
    for (SliceDevice& device : slice.devices)
      device.shared = slice.driver == "dra.net";
  }
  CHECK_THAT(the_only(x01_pcie_root(facts), Verdict::vacuous).message,
             ContainsSubstring("it could be"));
}

TEST_CASE("X01: a constraint that leaves an alternative free can be gone round") {
  const std::string claim =
      "---\napiVersion: resource.k8s.io/v1\nkind: ResourceClaim\n"
      "metadata: {namespace: ns, name: c, uid: uc, resourceVersion: '9'}\nspec:\n  devices:\n"
      "    requests:\n    - {name: gpu, exactly: {deviceClassName: gpu.nvidia.com}}\n"
      "    - name: nic\n      firstAvailable: [{name: many, deviceClassName: fast-nic, count: 2},"
      " {name: one, deviceClassName: fast-nic, count: 1}]\n"
      "    constraints: [{requests: [gpu, nic/many], matchAttribute: " +
      std::string(root) + "}]\n";
  const Finding finding = the_only(x01_pcie_root(facts_of(claim)), Verdict::vacuous);
  CHECK_THAT(finding.message, ContainsSubstring("it could be"));
}

TEST_CASE("X01: one root for everything, as virtual machines show it, proves nothing") {
  const Facts facts =
      claims_of(classes +
                slice_yaml("gpu.nvidia.com", "n1",
                           "gpu-0 resource.kubernetes.io/pcieRoot=pci0000:00\n"
                           "gpu-1 resource.kubernetes.io/pcieRoot=pci0000:00\n") +
                slice_yaml("dra.net", "n1", "nic-0 resource.kubernetes.io/pcieRoot=pci0000:00\n") +
                claim_yaml({match_on(root), "", ""}, "gpu-0", "nic-0"));
  CHECK_THAT(the_only(x01_pcie_root(facts), Verdict::vacuous).message,
             ContainsSubstring("all publish the same value"));
}

TEST_CASE("X01: aligned or apart, what nobody asked for is reported and no more") {
  SECTION("aligned by luck") {
    const Facts facts = facts_of(claim_yaml({"", "", ""}, "gpu-1", "nic-1"));
    const Finding finding = the_only(x01_pcie_root(facts), Verdict::unclaimed);
    CHECK_THAT(finding.message, ContainsSubstring("although nobody asked"));
    check_quotes(facts, {finding});
  }
  SECTION("apart") {
    const Facts facts = facts_of(claim_yaml({"", "", ""}, "gpu-1", "nic-0"));
    CHECK_THAT(the_only(x01_pcie_root(facts), Verdict::unclaimed).message,
               ContainsSubstring("2 different PCIe roots"));
  }
}

TEST_CASE(
    "X01: a GPU without a NUMA node and a NIC without a root can be compared by sysfs alone") {
  Facts facts = claims_of(
      classes +
      slice_yaml("gpu.nvidia.com", "n1",
                 "gpu-0 resource.kubernetes.io/pcieRoot=pci0008:00 "
                 "resource.kubernetes.io/pciBusID=0008:06:00.0\n") +
      slice_yaml("dra.net", "n1",
                 "nic-2 dra.net/numaNode=1 dra.net/rdma=true dra.net/pciAddress=0103:00:00.0\n") +
      claim_yaml({"", "", ""}, "gpu-0", "nic-2"));
  const Finding blind = the_only(x01_pcie_root(facts), Verdict::unobservable);
  CHECK_THAT(blind.message, ContainsSubstring("nic-2 of dra.net publishes no PCIe root"));
  CHECK_THAT(blind.message, ContainsSubstring("gpu-0 of gpu.nvidia.com publishes no NUMA node"));
  CHECK_THAT(blind.next_step, ContainsSubstring("collect --node n1"));
  check_quotes(facts, {blind});
  CHECK(x02_numa_node(facts).empty());

  Topology topology;
  PciDevice gpu;
  gpu.address = "0008:06:00.0";
  gpu.numa = 0;
  topology.pci_devices = {gpu};
  facts.nodes.push_back({"n1", topology, "", std::nullopt, ""});
  CHECK(x01_pcie_root(facts).empty());
  const Finding apart = the_only(x02_numa_node(facts), Verdict::unclaimed);
  CHECK_THAT(apart.message, ContainsSubstring("2 different NUMA nodes"));
}

TEST_CASE("X01: a node whose GPUs and NICs share no root is told without any claim") {
  const Facts facts = claims_of(
      slice_yaml("gpu.nvidia.com", "n1", "gpu-0 resource.kubernetes.io/pcieRoot=pci0008:00\n") +
      slice_yaml("dra.net", "n1", "nic-0 resource.kubernetes.io/pcieRoot=pci0000:00\n") +
      slice_yaml("gpu.nvidia.com", "n2", "gpu-0 resource.kubernetes.io/pcieRoot=pci0008:00\n") +
      slice_yaml("dra.net", "n2", "nic-0 resource.kubernetes.io/pcieRoot=pci0000:00\n"));
  const Finding finding = the_only(x01_pcie_root(facts), Verdict::unclaimed);
  CHECK_THAT(finding.message, ContainsSubstring("n1 and 1 more nodes"));
  CHECK_THAT(finding.message, ContainsSubstring("can never be satisfied there"));
  check_quotes(facts, {finding});
}

TEST_CASE("X01: list attributes match when they have a value in common") {
  const auto with_lists = [](const std::string& nic) {
    return claims_of(
        classes +
        slice_yaml("gpu.nvidia.com", "n1", "gpu-0 x.io/group=[a|b]\ngpu-1 x.io/group=q\n") +
        slice_yaml("dra.net", "n1", "nic-0 x.io/group=" + nic + "\n") +
        claim_yaml({match_on("x.io/group"), "", ""}, "gpu-0", "nic-0"));
  };
  CHECK(with(x01_pcie_root(with_lists("[b|c]")), Verdict::match).size() == 1);
  CHECK(with(x01_pcie_root(with_lists("b")), Verdict::match).size() == 1);
  CHECK(with(x01_pcie_root(with_lists("[c]")), Verdict::violation).size() == 1);
}

TEST_CASE("X01: distinct values are judged as distinct, and admin access never counts") {
  const std::string distinct =
      "{requests: [gpu, nic], distinctAttribute: " + std::string(root) + "}";
  CHECK(with(x01_pcie_root(facts_of(claim_yaml({distinct, "", ""}, "gpu-0", "nic-1"))),
             Verdict::match)
            .size() == 1);
  CHECK(with(x01_pcie_root(facts_of(claim_yaml({distinct, "", ""}, "gpu-0", "nic-0"))),
             Verdict::violation)
            .size() == 1);
  Facts facts = facts_of(claim_yaml({match_on(root), "", ""}, "gpu-0", "nic-1"));
  facts.claims->claims[0].devices[1].admin_access = true;
  CHECK(with(x01_pcie_root(facts), Verdict::vacuous).size() == 1);
}

TEST_CASE("X02: a name that one driver does not publish can never match, and the name is told") {
  const Facts facts = facts_of(claim_yaml({match_on("gpu.nvidia.com/numaNode"), "", "", 2}));
  const Finding finding = the_only(x02_numa_node(facts), Verdict::violation);
  CHECK_THAT(finding.message, ContainsSubstring("dra.net publishes no"));
  CHECK_THAT(finding.message, ContainsSubstring("only dra.net/numaNode"));
  check_quotes(facts, {finding});
}

TEST_CASE("X02: the claim's own selectors decide what it asked for") {
  const std::string gpu_0 = R"(device.attributes["gpu.nvidia.com"].numaNode == 0)";
  const std::string nic_0 = R"(device.attributes["dra.net"].numaNode == 0)";
  const std::string nic_1 = R"(device.attributes["dra.net"]["numaNode"] == 1)";
  SECTION("one node") {
    const Facts facts = facts_of(claim_yaml({"", gpu_0, nic_0}, "gpu-0", "nic-0"));
    CHECK_THAT(the_only(x02_numa_node(facts), Verdict::match).message,
               ContainsSubstring("by its selectors for NUMA node 0"));
  }
  SECTION("two nodes, on purpose or not") {
    const Facts facts = facts_of(claim_yaml({"", gpu_0, nic_1}, "gpu-0", "nic-1"));
    CHECK_THAT(the_only(x02_numa_node(facts), Verdict::unclaimed).message,
               ContainsSubstring("by its own selectors"));
  }
}

TEST_CASE("X02: a NUMA node that is unknown is unknown, not 0") {
  const Facts facts =
      claims_of(classes + slice_yaml("gpu.nvidia.com", "n1", "gpu-0 numaNode=0\n") +
                slice_yaml("dra.net", "n1", "nic-0 dra.net/rdma=true\n") +
                claim_yaml({match_on("gpu.nvidia.com/numaNode"), "", ""}, "gpu-0", "nic-0"));
  CHECK(with(x02_numa_node(facts), Verdict::unobservable).size() == 1);
}

TEST_CASE("Without claims X01 and X02 say why, or nothing when none were asked for") {
  Facts facts;
  CHECK(x01_pcie_root(facts).empty());
  facts.claims_problem = "403";
  CHECK(with(x01_pcie_root(facts), Verdict::unobservable).size() == 1);
  CHECK(with(x02_numa_node(facts), Verdict::unobservable).size() == 1);
}

}  // namespace plumbline::netcheck
