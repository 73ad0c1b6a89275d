#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include "tests/netcheck/rules/rack_facts.hpp"

namespace plumbline::netcheck {
namespace {

using Catch::Matchers::ContainsSubstring;

Facts with_resource(const std::string& name, const std::string& amount, int functions) {
  Facts facts = rack();
  node_object(facts, "node-2").allocatable[name] = amount;
  for (int i = 0; i < functions; ++i) {
    PciDevice function;
    function.address = "0000:17:00." + std::to_string(i);
    function.kind = "network";
    node(facts, "node-2").topology->pci_devices.push_back(function);
  }
  return facts;
}

}  // namespace

TEST_CASE("X20 counts devices in pods as there") {
  Facts facts = rack();
  CHECK(all_match(x20_counts(facts)));
  sandbox(facts, "loader-0").devices->push_back(take(facts, "node-6", "ens2"));
  CHECK(all_match(x20_counts(facts)));
}

TEST_CASE("X20: a published NIC that is lost is a violation of the slice that X03 names") {
  Facts facts = rack();
  take(facts, "node-2", "ens2");
  const Finding finding = the_only(x20_counts(facts), Verdict::violation);
  CHECK(finding.subject == the_only(x03_slice_truth(facts), Verdict::violation).subject);
  CHECK_THAT(finding.message,
             ContainsSubstring("publishes 2 network devices (ens1 and ens2), but ens2 is "
                               "not on node-2"));
  check_quotes(facts, {finding});
}

TEST_CASE("X20 is unobservable where devices could not be counted") {
  Facts facts = rack();
  SECTION("no topology") { node(facts, "node-6").topology.reset(); }
  SECTION("a closed pod") { sandbox(facts, "loader-0").devices.reset(); }
  SECTION("no list") {
    node(facts, "node-6").topology->network_devices.clear();
    node(facts, "node-6").topology->sandboxes.clear();
    node(facts, "node-6").topology->problems = {"netlink: permission denied"};
  }
  const auto findings = x20_counts(facts);
  CHECK(the_only(findings, Verdict::unobservable).subject.node == "node-6");
  CHECK(with(findings, Verdict::match).size() == 5);
}

TEST_CASE("X20: a node whose NICs nobody publishes is unclaimed, if others publish theirs") {
  Facts facts = rack();
  std::erase_if(facts.claims->slices, [](const SliceClaim& s) { return s.node == "node-4"; });
  const Finding finding = the_only(x20_counts(facts), Verdict::unclaimed);
  CHECK(finding.subject.name == "node-4");
  facts.claims->slices.clear();
  CHECK(x20_counts(facts).empty());
}

TEST_CASE("X20 holds allocatable network resources against the functions that are there") {
  SECTION("enough") {
    const Facts facts = with_resource("vpc.amazonaws.com/efa", "4", 4);
    CHECK(all_match(x20_counts(facts)));
    check_quotes(facts, x20_counts(facts));
  }
  SECTION("one lost") {
    const Facts facts = with_resource("vpc.amazonaws.com/efa", "4", 3);
    const Finding finding = the_only(x20_counts(facts), Verdict::violation);
    CHECK(finding.subject.node == "node-2");
    CHECK_THAT(finding.message,
               ContainsSubstring("offers 4 vpc.amazonaws.com/efa, but has only 3"));
    check_quotes(facts, {finding});
  }
  SECTION("not all could be read") {
    Facts facts = with_resource("example.com/sriov_nics", "4", 3);
    node(facts, "node-2").topology->problems = {"PCI: permission denied"};
    CHECK(with(x20_counts(facts), Verdict::unobservable).size() == 1);
  }
  SECTION("a shared device is offered many times, other resources are no NICs") {
    CHECK(x20_counts(with_resource("rdma/hca_shared_devices_a", "63", 1)).size() == 6);
    CHECK(x20_counts(with_resource("nvidia.com/gpu", "8", 1)).size() == 6);
    CHECK(x20_counts(with_resource("rdma/hca", "many", 1)).size() == 6);
  }
}

TEST_CASE("X20: RDMA resources of a plugin that shares devices are no count of functions") {
  const Facts facts = with_resource("rdma/roce", "1k", 2);
  CHECK_THAT(with(x20_counts(facts), Verdict::unobservable).at(0).message,
             ContainsSubstring("as a plugin that shares them would have it"));
}

}  // namespace plumbline::netcheck
