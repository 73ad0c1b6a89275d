#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include "tests/netcheck/rules/rack_facts.hpp"

namespace plumbline::netcheck {
namespace {

using Catch::Matchers::ContainsSubstring;

AllocatedDevice& given(Facts& facts) { return claim(facts, "loader-0-nic").devices.front(); }

}  // namespace

TEST_CASE("X15 matches interfaces that are as the driver wrote, in pods and on nodes") {
  const Facts facts = rack();
  CHECK(all_match(x15_attachment(facts)));
}

TEST_CASE("X15 finds an interface by MAC when no name is written") {
  Facts facts = rack();
  given(facts).interface_name.reset();
  CHECK(all_match(x15_attachment(facts)));
}

TEST_CASE("X15: a wrong name, MAC or address is a violation with the field and both values") {
  Facts facts = rack();
  std::string word;
  std::string path;
  SECTION("name") {
    given(facts).interface_name = "net1";
    word = "no such interface is there";
    path = "interfaceName";
  }
  SECTION("MAC") {
    given(facts).hardware_address = "02:00:00:00:00:99";
    word = "hardwareAddress 02:00:00:00:00:99, but it has 02:70:00:00:06:03";
    path = "hardwareAddress";
  }
  SECTION("address") {
    sandbox(facts, "loader-0").devices->front().addresses = {"10.70.33.99/24"};
    word = "address 10.70.33.16/24, which it has not";
    path = "ips";
  }
  const auto findings = x15_attachment(facts);
  const Finding finding = the_only(findings, Verdict::violation);
  CHECK(finding.subject.name == "tenant/loader-0");
  CHECK(finding.subject.node == "node-6");
  CHECK_THAT(finding.message, ContainsSubstring(word));
  CHECK(finding.claim->path == "status.devices[0].networkData." + path);
  check_quotes(facts, findings);
}

TEST_CASE("X15 blames the pod that has the device, not the one that lost it") {
  Facts facts = rack();
  sandbox(facts, "loader-0").devices->push_back(take(facts, "node-6", "ens2"));
  const Finding finding = the_only(x15_attachment(facts), Verdict::violation);
  CHECK(finding.subject.name == "tenant/loader-0");
  CHECK_THAT(finding.message,
             ContainsSubstring("pod plumbline/stage-6 on node-6 has ens2, but it is in pod "
                               "tenant/loader-0"));
}

TEST_CASE("X15 is unobservable where the pod's namespace cannot be seen") {
  Facts facts = rack();
  SECTION("no topology") { node(facts, "node-6").topology.reset(); }
  SECTION("no CNI result") { node(facts, "node-6").topology->sandboxes.clear(); }
  SECTION("not entered") { sandbox(facts, "loader-0").devices.reset(); }
  CHECK(with(x15_attachment(facts), Verdict::violation).empty());
  CHECK_FALSE(with(x15_attachment(facts), Verdict::unobservable).empty());
}

TEST_CASE("X15 has nothing to check where the driver wrote no network data") {
  Facts facts = rack();
  for (DeviceClaim& claim : facts.claims->claims) {
    for (AllocatedDevice& device : claim.devices) {
      device.interface_name.reset();
      device.hardware_address.reset();
      device.addresses.clear();
    }
  }
  CHECK(x15_attachment(facts).empty());
}

}  // namespace plumbline::netcheck
