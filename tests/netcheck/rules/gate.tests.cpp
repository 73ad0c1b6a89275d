#include "netcheck/gate.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include "tests/netcheck/rules/rack_facts.hpp"

namespace plumbline::netcheck {
namespace {

using Catch::Matchers::ContainsSubstring;

GateAnswer ask(const Facts& facts, const std::string& node, const std::string& device) {
  return gate(facts, {node, device, ""});
}

std::string refusal(const Facts& facts, const std::string& node, const std::string& device) {
  const GateAnswer answer = ask(facts, node, device);
  CHECK_FALSE(answer.allowed);
  return answer.reason;
}

}  // namespace

TEST_CASE("The gate opens for devices of nobody and of the stage's own pods") {
  Facts facts = rack();
  CHECK(ask(facts, "node-3", "ens1").allowed);
  CHECK(ask(facts, "node-3", "mgmt0").allowed);
  CHECK(ask(facts, "node-3", "ens1").reason.empty());
  facts.own_namespace.clear();
  CHECK_FALSE(ask(facts, "node-3", "ens1").allowed);
  CHECK(ask(facts, "node-3", "mgmt0").allowed);
}

TEST_CASE("The gate names the tenant that holds a device") {
  Facts facts = rack("rack-busy-device");
  const std::string all =
      "ens2 on node-5 is held by pod tenant/trainer-0 (claim tenant/trainer-0-nic)";
  SECTION("kubelet and claims say so") { CHECK(refusal(facts, "node-5", "ens2") == all); }
  SECTION("the kubelet alone") {
    std::erase_if(facts.claims->claims,
                  [](const DeviceClaim& c) { return c.meta.name == "trainer-0-nic"; });
    CHECK(refusal(facts, "node-5", "ens2") == all);
  }
  SECTION("the claims alone: the pod has not been started yet") {
    std::erase_if(node(facts, "node-5").holdings->holdings,
                  [](const Holding& h) { return h.pod_name == "trainer-0"; });
    CHECK(refusal(facts, "node-5", "ens2") == all);
  }
  SECTION("the device is found under the name that it has now") {
    device(facts, "node-5", "ens2").name = "fast0";
    CHECK_THAT(refusal(facts, "node-5", "fast0"), ContainsSubstring("tenant/trainer-0"));
  }
  CHECK(ask(facts, "node-5", "ens1").allowed);
  CHECK(ask(facts, "node-4", "ens2").allowed);
}

TEST_CASE("The gate knows a device plugin's device by PCI address or name") {
  Facts facts = rack();
  device(facts, "node-4", "ens1").pci_address = "0000:17:00.0";
  Holding plugin;
  plugin.pod_namespace = "lab";
  plugin.pod_name = "job-0";
  plugin.resource = "example.com/sriov";
  for (const char* id : {"0000:17:00.0", "ens1"}) {
    plugin.device = id;
    node(facts, "node-4").holdings->holdings = {plugin};
    CHECK_THAT(refusal(facts, "node-4", "ens1"),
               ContainsSubstring("pod lab/job-0 (resource example.com/sriov)"));
  }
  plugin.device = "17";
  node(facts, "node-4").holdings->holdings = {plugin};
  CHECK(ask(facts, "node-4", "ens1").allowed);
}

TEST_CASE("A device that sits in a tenant's network namespace is that tenant's") {
  Facts facts = rack();
  CHECK_THAT(refusal(facts, "node-6", "ens3"), ContainsSubstring("held by pod tenant/loader-0"));
  NetworkDevice moved = take(facts, "node-6", "ens2");
  moved.name = "net1";
  sandbox(facts, "loader-0").devices->push_back(moved);
  CHECK_THAT(refusal(facts, "node-6", "ens2"), ContainsSubstring("held by pod tenant/loader-0"));
}

TEST_CASE("What is not known is not allowed, and the reason is said") {
  Facts facts = rack();
  SECTION("no kubelet") {
    node(facts, "node-3").holdings.reset();
    node(facts, "node-3").holdings_problem = "no such socket";
    CHECK_THAT(refusal(facts, "node-3", "ens1"), ContainsSubstring("no such socket"));
  }
  SECTION("no topology") {
    node(facts, "node-3").topology.reset();
    node(facts, "node-3").topology_problem = "agent on node-3 does not answer";
    CHECK_THAT(refusal(facts, "node-3", "ens1"), ContainsSubstring("does not answer"));
  }
  SECTION("no claims though they were to be read") {
    facts.claims.reset();
    facts.claims_problem = "bundle: no such folder";
    CHECK_THAT(refusal(facts, "node-3", "ens1"), ContainsSubstring("no such folder"));
  }
  SECTION("no such node, no such device") {
    CHECK_THAT(refusal(facts, "node-9", "ens1"), ContainsSubstring("node-9"));
    CHECK_THAT(refusal(facts, "node-3", "ens9"), ContainsSubstring("no network device ens9"));
  }
  SECTION("a tenant's network device that no slice describes") {
    node(facts, "node-3")
        .holdings->holdings.push_back(
            holding("lab", "job-0", "job-0-nic", "node-3", "unpublished"));
    CHECK_THAT(refusal(facts, "node-3", "ens1"), ContainsSubstring("so it may be ens1"));
  }
  SECTION("a tenant's claim of an old kubelet that nobody describes") {
    Holding old = holding("lab", "job-0", "job-0-nic", "", "");
    old.driver.clear();
    node(facts, "node-3").holdings->holdings.push_back(old);
    CHECK_THAT(refusal(facts, "node-3", "ens1"), ContainsSubstring("whose devices nobody tells"));
  }
}

TEST_CASE("Admin access never owns, and pods that ended hold nothing") {
  Facts facts = rack("rack-busy-device");
  SECTION("admin access") { claim(facts, "trainer-0-nic").devices[0].admin_access = true; }
  SECTION("ended") { pod(facts, "trainer-0").phase = "Succeeded"; }
  CHECK(ask(facts, "node-5", "ens2").allowed);
}

TEST_CASE("An old kubelet's claim stands for the devices that the claim was given") {
  Facts facts = rack("rack-busy-device");
  for (Holding& held : node(facts, "node-5").holdings->holdings) {
    held.device.clear();
    held.driver.clear();
    held.pool.clear();
  }
  CHECK_THAT(refusal(facts, "node-5", "ens2"), ContainsSubstring("tenant/trainer-0"));
  CHECK(ask(facts, "node-5", "ens1").allowed);
}

TEST_CASE("GPUs of tenants do not close the gate of a NIC") {
  Facts facts = rack();
  Holding gpu = holding("lab", "job-0", "job-0-gpu", "node-3", "gpu-0");
  gpu.driver = "gpu.nvidia.com";
  node(facts, "node-3").holdings->holdings.push_back(gpu);
  CHECK(ask(facts, "node-3", "ens1").allowed);
}

}  // namespace plumbline::netcheck
