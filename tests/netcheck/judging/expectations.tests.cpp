#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>
#include <limits>
#include <string>

#include "netcheck/expectations/expectation.hpp"
#include "netcheck/expectations/rates.hpp"
#include "netcheck/expectations/thresholds.hpp"
#include "netcheck/judging/numbers.hpp"
#include "netcheck/subnet.hpp"
#include "tests/support/virtual_fabric.hpp"

namespace plumbline::netcheck {
namespace {

Outcome goodput(const std::string& from, const std::string& to, const char* direction = "one_way") {
  Outcome outcome;
  outcome.probe = "pair_goodput";
  outcome.from = {from, "ens1", "rail-a"};
  outcome.to = {to, "ens1", "rail-a"};
  outcome.parameters = {{"size", "1048576"}, {"direction", direction}};
  return outcome;
}

Facts usual() { return testing::VirtualFabric({}, 0.01, 1).before(); }

Expected expect(const Facts& facts, const Outcome& outcome) {
  return expect_pair(facts, labelled_racks(facts), outcome);
}

Measured between(double low, double high) {
  Measured measured;
  measured.value = (low + high) / 2;
  measured.interval = {low, high};
  return measured;
}

}  // namespace

TEST_CASE("A rail is known by its subnet, in IPv4 and IPv6, and never by a device's name") {
  Fabric fabric;
  fabric.rails.push_back({"rail-a", "10.70.1.0/24", {}, {}, {}});
  fabric.rails.push_back({"rail-b", "fd00:70:2::/64", {}, {}, {}});
  fabric.rails.push_back({"broken", "10.70.3.0", {}, {}, {}});
  CHECK(rail_of(fabric, std::vector<std::string>{"10.70.1.11/24"}) == "rail-a");
  CHECK(rail_of(fabric, std::vector<std::string>{"192.168.0.1/16", "fd00:70:2::b/64"}) == "rail-b");
  CHECK_FALSE(rail_of(
      fabric, std::vector<std::string>{"10.70.2.11/24", "fd00:70:3::b/64", "10.70.3.1/24"}));
  CHECK_FALSE(rail_of(fabric, std::vector<std::string>{}));
  CHECK_FALSE(rail_of(fabric, std::vector<std::string>{"ens1", "", "10.70.1/24", "/24"}));
}

TEST_CASE("A subnet that is none is refused") {
  for (const char* text : {"", "/", "10.70.1.0", "10.70.1.0/", "10.70.1.0/33", "10.70.1.0/-1",
                           "10.70.1.0/2x", "fd00::/129", "ten/8"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_subnet(text));
  }
  CHECK(holds(*parse_subnet("0.0.0.0/0"), "203.0.113.7"));
  CHECK_FALSE(holds(*parse_subnet("0.0.0.0/0"), "fd00::1"));
  CHECK(holds(*parse_subnet("10.70.1.128/25"), "10.70.1.200/24"));
  CHECK_FALSE(holds(*parse_subnet("10.70.1.128/25"), "10.70.1.100/24"));
}

TEST_CASE("The payload share of a frame follows from MTU and headers") {
  CHECK(payload_share(1500, false, false).share == Catch::Approx(1448.0 / 1514.0));
  CHECK(payload_share(1500, false, true).share == Catch::Approx(1448.0 / 1538.0));
  CHECK(payload_share(9000, true, true).share == Catch::Approx(8928.0 / 9038.0));
  CHECK(payload_share(0, false, false).share > 0);
  CHECK(rdma_share(4096, false, false, false).share == Catch::Approx(4096.0 / 4154.0));
  CHECK(rdma_share(1024, true, true, false).share == Catch::Approx(1024.0 / 1126.0));
  CHECK(rdma_share(4096, false, true, true).share == Catch::Approx(4096.0 / 4122.0));
  CHECK(rdma_share(0, false, true, false).share > 0);
}

TEST_CASE("In a rack a NIC limits the path, between racks the uplink does") {
  const Facts facts = usual();
  const Expected near = expect(facts, goodput("node-3", "node-4"));
  REQUIRE(near.expectation);
  CHECK(near.expectation->rate.value == Catch::Approx(25e6 * 1448 / 1514));
  const Expected far = expect(facts, goodput("node-1", "node-4"));
  REQUIRE(far.expectation);
  CHECK(far.expectation->rate.value == Catch::Approx(12.5e6 * 1448 / 1514));
  CHECK(far.expectation->threshold == Catch::Approx(0.9));
  CHECK(far.expectation->derivation.find(
            "uplink rack-1/rail-a 100 Mb/s (declared in stage.yaml)") != std::string::npos);
  CHECK(far.expectation->derivation.find("1448 B payload in each 1514 B frame") !=
        std::string::npos);
  CHECK(far.ceiling.value == Catch::Approx(12.5e6));
}

TEST_CASE("Both ways at once are expected to give twice as much") {
  const Facts facts = usual();
  const Expected both = expect(facts, goodput("node-1", "node-4", "both_ways"));
  REQUIRE(both.expectation);
  CHECK(both.expectation->rate.value == Catch::Approx(2 * 12.5e6 * 1448 / 1514));
  CHECK(both.expectation->threshold == Catch::Approx(0.85));
}

TEST_CASE("A rack's own uplink rate is an exception to the rail's") {
  Facts facts = usual();
  facts.fabric.rails[0].uplinks["rack-2"] = bits_per_second(50e6);
  const Expected slow = expect(facts, goodput("node-1", "node-4"));
  REQUIRE(slow.expectation);
  CHECK(slow.ceiling.value == Catch::Approx(6.25e6));
  CHECK(expect(facts, goodput("node-1", "node-5")).ceiling.value == Catch::Approx(12.5e6));
}

TEST_CASE("What is neither read nor declared has no expectation and says so") {
  Facts facts = usual();
  facts.fabric.rails[0].uplink_rate.reset();
  const Expected none = expect(facts, goodput("node-1", "node-4"));
  CHECK_FALSE(none.expectation);
  CHECK(none.reason == "the rate of uplink rack-1/rail-a is neither read nor declared");
  CHECK(expect(facts, goodput("node-3", "node-4")).expectation);
  facts.fabric.rails[0].nic_rate.reset();
  CHECK_FALSE(expect(facts, goodput("node-3", "node-4")).expectation);
  const JudgedNumber judged = judge_number(between(1e6, 2e6), none);
  CHECK(judged.verdict == NumberVerdict::no_expectation);
  CHECK(judged.why == none.reason);
}

TEST_CASE("A node of unknown rack has no expectation on its paths") {
  Facts facts = usual();
  facts.claims->nodes[3].meta.labels.clear();
  const Expected none = expect(facts, goodput("node-1", "node-4"));
  CHECK_FALSE(none.expectation);
  CHECK(none.reason == "the rack of node-4 is not known");
}

TEST_CASE("A physical NIC's own speed counts when it is lower than what is declared") {
  Facts facts = usual();
  NetworkDevice& device = facts.nodes[2].topology->network_devices[0];
  device.is_virtual = false;
  device.link_rate = bits_per_second(80e6);
  const Expected read = expect(facts, goodput("node-3", "node-4"));
  REQUIRE(read.expectation);
  CHECK(read.expectation->source == "sysfs speed of node-3/ens1");
  CHECK(read.expectation->rate.value == Catch::Approx(10e6 * 1448 / 1538));
  device.is_virtual = true;  // a veth's 10 Gb/s or any other speed says nothing
  CHECK(expect(facts, goodput("node-3", "node-4")).ceiling.value == Catch::Approx(25e6));
  device.is_virtual = false;
  facts.fabric.rails[0].nic_rate.reset();
  facts.nodes[3].topology->network_devices[0].is_virtual = false;
  facts.nodes[3].topology->network_devices[0].link_rate = bits_per_second(200e6);
  CHECK(expect(facts, goodput("node-3", "node-4")).ceiling.value == Catch::Approx(10e6));
}

TEST_CASE("An interval decides: ok above the limit, degraded below it, else inconclusive") {
  const Facts facts = usual();
  const Expected expected = expect(facts, goodput("node-1", "node-4"));
  const double least = 0.9 * expected.expectation->rate.value;
  const auto verdict = [&](double low, double high) {
    return judge_number(between(low, high), expected).verdict;
  };
  CHECK(verdict(least, least * 1.02) == NumberVerdict::ok);
  CHECK(verdict(least * 0.99, least * 1.02) == NumberVerdict::inconclusive);
  CHECK(verdict(least * 0.97, least * 0.99) == NumberVerdict::degraded);
  CHECK(verdict(0, std::numeric_limits<double>::infinity()) == NumberVerdict::inconclusive);
}

TEST_CASE("More than the slowest hop can carry is an error of the measurement, never ok") {
  const Facts facts = usual();
  const Expected expected = expect(facts, goodput("node-1", "node-4"));
  const JudgedNumber judged = judge_number(between(23e6, 24e6), expected);
  CHECK(judged.verdict == NumberVerdict::inconclusive);
  CHECK(judged.impossible);
  CHECK(judged.why.find("more than the slowest hop's rate") != std::string::npos);
  CHECK(judge_number(between(12.4e6, 12.6e6), expected).verdict == NumberVerdict::ok);
}

TEST_CASE("Every row of the table of least shares names its source") {
  for (const char* probe : {"pair_goodput", "all_reduce"}) {
    const Threshold* row = threshold_for(probe, "one_way");
    REQUIRE(row != nullptr);
    CHECK(row->least > 0);
    CHECK(row->least < 1);
    CHECK(std::string(row->source).size() > 20);
    CHECK(std::string(row->date).size() == 10);
  }
  CHECK(threshold_for("pair_latency", "") == nullptr);
}

TEST_CASE("Only the largest message size is held against the path") {
  Facts facts = usual();
  Outcome small = goodput("node-3", "node-4");
  small.parameters["size"] = "65536";
  small.result = between(1e6, 1.1e6);
  Outcome large = goodput("node-3", "node-4");
  large.result = between(23e6, 23.5e6);
  facts.outcomes = {small, large};
  const Judged judged = judge_numbers(facts);
  REQUIRE(judged.outcomes.size() == 2);
  CHECK(judged.outcomes[0].number.verdict == NumberVerdict::no_expectation);
  CHECK(judged.outcomes[1].number.verdict == NumberVerdict::ok);
}

TEST_CASE("The last outcome of a key counts") {
  Facts facts = usual();
  Outcome first = goodput("node-3", "node-4");
  first.result = between(1e6, 1.1e6);
  Outcome again = goodput("node-3", "node-4");
  again.result = between(23e6, 23.5e6);
  facts.outcomes = {first, again};
  const Judged judged = judge_numbers(facts);
  REQUIRE(judged.outcomes.size() == 1);
  CHECK(judged.outcomes[0].number.verdict == NumberVerdict::ok);
}

}  // namespace plumbline::netcheck
