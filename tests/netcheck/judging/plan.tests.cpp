#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <set>
#include <string>

#include "netcheck/plan.hpp"
#include "tests/support/virtual_fabric.hpp"

namespace plumbline::netcheck {
namespace {

using testing::Shape;
using testing::VirtualFabric;

std::size_t pairs_in(const std::vector<Round>& rounds) {
  std::size_t count = 0;
  for (const Round& round : rounds)
    count += round.pairs.size();
  return count;
}

bool same(const Plan& one, const Plan& other) {
  const auto text = [](const Plan& plan) {
    std::string all;
    for (const Round& round : plan.goodput) {
      for (const PlannedPair& pair : round.pairs) {
        all += pair.from.node + pair.to.node + pair.from.rail + " ";
      }
      all += "\n";
    }
    return all;
  };
  return text(one) == text(other);
}

}  // namespace

TEST_CASE("Every pair of nodes is planned once on every rail, goodput and latency") {
  const Plan result = plan(VirtualFabric({}, 0.01, 1).before());
  CHECK(pairs_in(result.goodput) == 30);
  CHECK(result.latency.size() == 30);
  CHECK(result.skipped.empty());
  std::set<std::string> seen;
  for (const Round& round : result.goodput) {
    for (const PlannedPair& pair : round.pairs) {
      CHECK(pair.from.device == (pair.from.rail == "rail-a" ? "ens1" : "ens2"));
      seen.insert(pair.from.node + " " + pair.to.node + " " + pair.from.rail);
    }
  }
  CHECK(seen.size() == 30);
  for (const Round& round : result.latency)
    CHECK(round.pairs.size() == 1);
}

TEST_CASE("Pairs of one round share no node and no declared hop") {
  for (const int size : {2, 3, 4}) {
    Shape shape;
    shape.nodes_per_rack = size;
    const Plan result = plan(VirtualFabric(shape, 0.01, 1).before());
    for (const Round& round : result.goodput) {
      std::set<std::string> nodes;
      std::set<std::string> hops;
      for (const PlannedPair& pair : round.pairs) {
        CHECK(nodes.insert(pair.from.node).second);
        CHECK(nodes.insert(pair.to.node).second);
        for (const std::string& hop : pair.hops)
          CHECK(hops.insert(hop).second);
      }
    }
  }
}

TEST_CASE("The usual rack's thirty pairs fit into few rounds") {
  // Twelve pairs a rail cross two of three uplinks each, so no plan needs fewer than twelve rounds.
  const Plan result = plan(VirtualFabric({}, 0.01, 1).before());
  WARN("rounds for 30 pairs: " << result.goodput.size());
  CHECK(result.goodput.size() <= 14);
}

TEST_CASE("A plan is the same every time") {
  const Facts facts = VirtualFabric({}, 0.01, 1).before();
  CHECK(same(plan(facts), plan(facts)));
}

TEST_CASE("Hops are named in order, uplinks only between racks") {
  const Plan result = plan(VirtualFabric({}, 0.01, 1).before());
  for (const Round& round : result.goodput) {
    for (const PlannedPair& pair : round.pairs) {
      if (pair.from.rail != "rail-a") continue;
      if (pair.from.node == "node-1" && pair.to.node == "node-2") {
        CHECK(pair.hops == std::vector<std::string>{"nic node-1/rail-a", "nic node-2/rail-a"});
      }
      if (pair.from.node == "node-1" && pair.to.node == "node-3") {
        CHECK(pair.hops == std::vector<std::string>{"nic node-1/rail-a", "uplink rack-1/rail-a",
                                                    "uplink rack-2/rail-a", "nic node-3/rail-a"});
      }
    }
  }
}

TEST_CASE("A pair with a node of unknown rack runs alone") {
  VirtualFabric fabric({}, 0.01, 1);
  fabric.unlabel(4);
  for (const Round& round : plan(fabric.before()).goodput) {
    const bool unknown =
        std::any_of(round.pairs.begin(), round.pairs.end(), [](const PlannedPair& pair) {
          return pair.from.node == "node-4" || pair.to.node == "node-4";
        });
    if (unknown) CHECK(round.pairs.size() == 1);
  }
}

TEST_CASE("Pairs of a dead agent are skipped with its name, under the keys they would have had") {
  VirtualFabric fabric({}, 0.01, 1);
  fabric.dead_agent(5);
  const Plan result = plan(fabric.before());
  CHECK(pairs_in(result.goodput) == 20);
  CHECK(result.skipped.size() == 10 * 4);
  for (const Outcome& outcome : result.skipped) {
    REQUIRE(outcome.skipped() != nullptr);
    CHECK(outcome.skipped()->reason.find("node-5") != std::string::npos);
    CHECK((outcome.from.node == "node-5" || outcome.to.node == "node-5"));
    CHECK(outcome.parameters.count("size") == 1);
  }
}

TEST_CASE("A device held by a tenant is not planned, with the holder as the reason") {
  Facts facts = VirtualFabric({}, 0.01, 1).before();
  SliceClaim slice;
  slice.driver = "dra.net";
  slice.pool = slice.node = "node-5";
  slice.devices.resize(1);
  slice.devices[0].name = "ens2";
  slice.devices[0].attributes["dra.net/ifName"] = std::string("ens2");
  facts.claims->slices.push_back(slice);
  Holding holding;
  holding.pod_namespace = "tenant";
  holding.pod_name = "trainer-0";
  holding.driver = "dra.net";
  holding.pool = "node-5";
  holding.device = "ens2";
  holding.claim = "trainer-0-nic";
  facts.nodes[4].holdings->holdings.push_back(holding);
  const Plan result = plan(facts);
  CHECK(pairs_in(result.goodput) == 25);
  REQUIRE(!result.skipped.empty());
  CHECK(result.skipped.front().skipped()->reason.find("tenant/trainer-0") != std::string::npos);
}

TEST_CASE("A node that is not on a rail is skipped there; a NIC inside a pod is said to be there") {
  VirtualFabric fabric({}, 0.01, 1);
  fabric.off_rail(6, 1);
  Facts facts = fabric.before();
  CHECK(plan(facts).skipped.front().skipped()->reason ==
        "node-6 has no NIC on rail-b (10.70.2.0/24)");
  PodSandbox sandbox{"tenant", "loader-0", "uid", "cache", std::vector<NetworkDevice>(1),
                     "",       {},         ""};
  sandbox.devices->front().name = "ens2";
  sandbox.devices->front().addresses = {"10.70.2.16/24"};
  facts.nodes[5].topology->sandboxes.push_back(sandbox);
  CHECK(plan(facts).skipped.front().skipped()->reason ==
        "ens2 of node-6 (rail-b) is in the network namespace of pod tenant/loader-0");
}

TEST_CASE("Identities follow what is asked") {
  Asked asked;
  asked.sizes = {Bytes{65536}, Bytes{1048576}};
  const PlannedPair pair{{"a", "ens1", "r"}, {"b", "ens1", "r"}, {}};
  const auto all = identities(asked, pair, false);
  REQUIRE(all.size() == 5);
  CHECK(all.back().parameters.at("direction") == "both_ways");
  CHECK(all.back().parameters.at("size") == "1048576");
  CHECK(all[1].from.node == "b");
  asked.both_ways = false;
  CHECK(identities(asked, pair, false).size() == 4);
  const auto latency = identities(asked, pair, true);
  REQUIRE(latency.size() == 1);
  CHECK(latency.front().parameters == std::map<std::string, std::string>{{"size", "8"}});
}

TEST_CASE("Without latency asked, none is planned and none is skipped") {
  VirtualFabric fabric({}, 0.01, 1);
  fabric.dead_agent(5);
  Facts facts = fabric.before();
  facts.asked.latency = false;
  const Plan result = plan(facts);
  CHECK(result.latency.empty());
  for (const Outcome& outcome : result.skipped)
    CHECK(outcome.probe == "pair_goodput");
}

TEST_CASE("Suspects are the degraded and failed pairs, alone; a hung probe's pairs are none") {
  VirtualFabric slow({}, 0.01, 1);
  slow.slow_nic(3, 0, 7.5e6);
  const auto rounds = suspects(slow.stage());
  CHECK(rounds.size() == 5);
  for (const Round& round : rounds) {
    REQUIRE(round.pairs.size() == 1);
    CHECK(round.pairs.front().from.rail == "rail-a");
    CHECK(round.pairs.front().hops.size() >= 2);
  }
  VirtualFabric hung({}, 0.01, 1);
  hung.hung_probe(5);
  CHECK(suspects(hung.stage()).empty());
  VirtualFabric healthy({}, 0.01, 1);
  CHECK(suspects(healthy.stage()).empty());
}

}  // namespace plumbline::netcheck
