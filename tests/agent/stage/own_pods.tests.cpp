#include "agent/stage/own_pods.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace plumbline;
using namespace plumbline::agent;

namespace {

PlacedPod pod(const std::string& name, const std::string& node) {
  PlacedPod pod;
  pod.binding = {"Pod", "plumbline/" + name, "uid-" + name, "1", "spec.nodeName", node};
  pod.phase = "Running";
  return pod;
}

Holding held(const std::string& name, const std::string& device) {
  return {"plumbline", name, "rank", "example.com/nic", device, "", "", "", {}};
}

netcheck::Facts node_with(const std::vector<Holding>& holdings) {
  netcheck::Facts facts;
  NodeHoldings word{"node-1", "kubelet.sock", holdings, {}};
  facts.nodes = {{"node-1", std::nullopt, "", word, ""},
                 {"node-2", std::nullopt, "", std::nullopt, "no socket"}};
  return facts;
}

}  // namespace

TEST_CASE("Each own pod has what the kubelet of its node says, and nobody else's") {
  netcheck::Facts facts = node_with({held("gang-0", "ens1"), held("other", "ens2")});
  Workloads workloads;
  workloads.pods = {pod("gang-0", "node-1"), pod("gang-1", "node-2"), pod("bare-0", "node-1")};
  std::vector<netcheck::NodeFacts> inside(3);
  for (std::size_t at = 0; at < 3; ++at)
    inside[at].node = workloads.pods[at].binding.name;
  tell_placement(workloads, inside, facts);
  CHECK(facts.workloads->pods[0].devices == std::vector<std::string>{"example.com/nic/ens1"});
  CHECK(facts.workloads->pods[2].devices.empty());
  REQUIRE(facts.placed[0].holdings);
  REQUIRE(facts.placed[0].holdings->holdings.size() == 1);
  CHECK(facts.placed[0].holdings->holdings[0].device == "ens1");
  CHECK_FALSE(facts.placed[1].holdings);
  CHECK(facts.placed[1].holdings_problem == "no socket");
  REQUIRE(facts.placed[2].holdings);
  CHECK(facts.placed[2].holdings->holdings.empty());
}

TEST_CASE("What comes later is added, and what was told before stays") {
  netcheck::Facts facts = node_with({held("gang-0", "ens1")});
  Workloads workloads;
  workloads.pods = {pod("gang-0", "node-1")};
  std::vector<netcheck::NodeFacts> inside(1);
  inside[0].node = "plumbline/gang-0";
  tell_placement(workloads, inside, facts);
  netcheck::Facts later = node_with({held("single-0", "ens2")});
  workloads.pods.push_back(pod("single-0", "node-1"));
  inside.emplace_back();
  inside[1].node = "plumbline/single-0";
  tell_placement(workloads, inside, later);
  keep_new(later, facts);
  REQUIRE(facts.workloads->pods.size() == 2);
  CHECK(facts.workloads->pods[0].devices.front() == "example.com/nic/ens1");
  CHECK(facts.workloads->pods[1].devices.front() == "example.com/nic/ens2");
  REQUIRE(facts.placed.size() == 2);
  CHECK(facts.placed[0].holdings->holdings.size() == 1);
  CHECK(facts.placed[1].holdings->holdings[0].device == "ens2");
}
