#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include "tests/netcheck/rules/rack_facts.hpp"

namespace plumbline::netcheck {
namespace {

using Catch::Matchers::ContainsSubstring;

/// Moves a device of node-6 into loader-0 as the foreign-device fault does.
Facts with_foreign_device() {
  Facts facts = rack();
  sandbox(facts, "loader-0").devices->push_back(take(facts, "node-6", "ens2"));
  return facts;
}

}  // namespace

TEST_CASE("X04 matches pods that have what they were given, and says what it does not judge") {
  const Facts facts = rack();
  const auto findings = x04_given_held(facts);
  CHECK(all_match(findings));
  CHECK_THAT(findings.front().message, ContainsSubstring("shares the node's network namespace"));
  CHECK(findings.front().tier == "A");
  CHECK(findings.back().subject.name == "tenant/loader-0");
  CHECK(findings.back().tier == "C");
}

TEST_CASE("X04: a pod that holds a NIC it was not given is named with NIC and claim") {
  const Facts facts = with_foreign_device();
  const auto findings = x04_given_held(facts);
  const Finding finding = the_only(findings, Verdict::violation);
  CHECK(finding.subject == Subject{"pod", "tenant/loader-0", "node-6", "rail-b"});
  CHECK_THAT(finding.message, ContainsSubstring("Pod tenant/loader-0 on node-6 holds ens2"));
  CHECK_THAT(finding.message,
             ContainsSubstring("dra.net/node-6/ens3 by claim tenant/loader-0-nic"));
  CHECK_THAT(finding.message,
             ContainsSubstring("pod plumbline/stage-6 by claim plumbline/stage-6-nics"));
  REQUIRE(finding.claim);
  CHECK(finding.claim->name == "tenant/loader-0-nic");
  CHECK(finding.evidence.size() == 2);
  CHECK(with(findings, Verdict::match).size() == 5);
  check_quotes(facts, findings);
}

TEST_CASE("X04: a network namespace of a pod that no claim knows is held to the same") {
  Facts facts = with_foreign_device();
  std::erase_if(facts.claims->pods, [](const PodClaim& p) { return p.meta.name == "loader-0"; });
  const auto findings = with(x04_given_held(facts), Verdict::violation);
  REQUIRE(findings.size() == 2);
  for (const Finding& finding : findings) {
    CHECK(finding.subject.name == "tenant/loader-0");
    CHECK_THAT(finding.message, ContainsSubstring("no claim gives it any network device"));
  }
  check_quotes(facts, findings);
}

TEST_CASE("X04: a namespace of an earlier pod of the same name is not this pod's") {
  Facts facts = rack();
  sandbox(facts, "loader-0").pod_uid = "an-earlier-one";
  const auto findings = x04_given_held(facts);
  CHECK(with(findings, Verdict::violation).size() == 1);
  CHECK(with(findings, Verdict::unobservable).size() == 1);
}

TEST_CASE("X04: a device plugin's or an admin's device in a pod is given") {
  Facts facts = with_foreign_device();
  SECTION("by a plugin, told by PCI address") {
    sandbox(facts, "loader-0").devices->back().pci_address = "0000:17:00.3";
    Holding plugin;
    plugin.pod_namespace = "tenant";
    plugin.pod_name = "loader-0";
    plugin.resource = "example.com/sriov";
    plugin.device = "0000:17:00.3";
    node(facts, "node-6").holdings->holdings.push_back(plugin);
  }
  SECTION("by a claim with admin access") {
    AllocatedDevice admin;
    admin.driver = "dra.net";
    admin.pool = "node-6";
    admin.device = "ens2";
    admin.admin_access = true;
    claim(facts, "loader-0-nic").devices.push_back(admin);
    node(facts, "node-6")
        .holdings->holdings.push_back(
            holding("tenant", "loader-0", "loader-0-nic", "node-6", "ens2"));
  }
  CHECK(with(x04_given_held(facts), Verdict::violation).empty());
}

TEST_CASE("X04: a given NIC that the pod does not have is a violation that says where it is") {
  Facts facts = rack();
  NetworkDevice ens3 = sandbox(facts, "loader-0").devices->front();
  sandbox(facts, "loader-0").devices->clear();
  SECTION("on the node itself") {
    node(facts, "node-6").topology->network_devices.push_back(ens3);
    const Finding finding = the_only(x04_given_held(facts), Verdict::violation);
    CHECK(finding.subject.name == "tenant/loader-0");
    CHECK_THAT(finding.message, ContainsSubstring("still in the node's own network namespace"));
    CHECK(finding.claim->path == "status.allocation.devices.results[0]");
    check_quotes(facts, {finding});
  }
  SECTION("nowhere") {
    CHECK_THAT(the_only(x04_given_held(facts), Verdict::violation).message,
               ContainsSubstring("nowhere on the node"));
  }
  SECTION("under the name that the driver wrote, though its MAC is another now") {
    ens3.mac = "0a:58:0a:f4:00:05";
    sandbox(facts, "loader-0").devices->push_back(ens3);
    CHECK(all_match(x04_given_held(facts)));
  }
}

TEST_CASE("X04: a hostNetwork pod's device that is nowhere is missing") {
  Facts facts = rack();
  take(facts, "node-3", "ens1");
  const Finding finding = the_only(x04_given_held(facts), Verdict::violation);
  CHECK(finding.subject.name == "plumbline/stage-3");
  CHECK(finding.subject.rail == "rail-a");
}

TEST_CASE("X04: kubelet and claims that disagree are a violation with both words") {
  Facts facts = rack();
  auto& holdings = node(facts, "node-4").holdings->holdings;
  SECTION("the kubelet knows less") {
    holdings.pop_back();
    const Finding finding = the_only(x04_given_held(facts), Verdict::violation);
    CHECK(finding.subject.name == "plumbline/stage-4");
    CHECK_THAT(finding.message,
               ContainsSubstring("holds dra.net/node-4/ens1 by the kubelet's word, but "
                                 "its claims give it dra.net/node-4/ens1 and "
                                 "dra.net/node-4/ens2"));
  }
  SECTION("the kubelet knows nothing") {
    holdings.clear();
    CHECK_THAT(the_only(x04_given_held(facts), Verdict::violation).message,
               ContainsSubstring("holds nothing by the kubelet's word"));
  }
  SECTION("an old kubelet that names claims alone says nothing against it") {
    for (Holding& held : holdings)
      held.device.clear();
    CHECK(all_match(x04_given_held(facts)));
  }
}

TEST_CASE("X04 is unobservable when the pod, the kubelet or the node cannot be seen") {
  Facts facts = rack();
  std::string word;
  SECTION("no topology") {
    node(facts, "node-5").topology.reset();
    node(facts, "node-5").topology_problem = word = "agent on node-5 does not answer";
  }
  SECTION("no CNI result") {
    node(facts, "node-6").topology->sandboxes.clear();
    word = "no CNI result";
  }
  SECTION("no right to enter") {
    sandbox(facts, "loader-0").devices.reset();
    sandbox(facts, "loader-0").problem = word = "setns: Operation not permitted";
  }
  SECTION("no kubelet") {
    node(facts, "node-5").holdings.reset();
    node(facts, "node-5").holdings_problem = word = "no such socket";
  }
  SECTION("a pool that was published anew") {
    std::erase_if(facts.claims->slices, [](const SliceClaim& s) { return s.node == "node-5"; });
    word = "no slice describes it";
  }
  const auto findings = x04_given_held(facts);
  CHECK_THAT(the_only(findings, Verdict::unobservable).message, ContainsSubstring(word));
  CHECK(with(findings, Verdict::match).size() == 6);
}

TEST_CASE("X04 passes over pods that have ended or not begun, and devices that are no NICs") {
  Facts facts = rack();
  SECTION("ended") {
    pod(facts, "stage-3").phase = "Succeeded";
    take(facts, "node-3", "ens1");
  }
  SECTION("not begun") {
    pod(facts, "stage-3").phase = "Pending";
    node(facts, "node-3").holdings->holdings.clear();
  }
  SECTION("GPUs") {
    for (AllocatedDevice& given : claim(facts, "stage-3-nics").devices)
      given.driver = "gpu.nvidia.com";
    node(facts, "node-3").holdings->holdings.clear();
  }
  const auto findings = x04_given_held(facts);
  CHECK(all_match(findings));
  CHECK(findings.size() == 6);
}

}  // namespace plumbline::netcheck
