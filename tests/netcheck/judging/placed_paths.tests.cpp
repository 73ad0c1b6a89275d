#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <map>
#include <set>

#include "netcheck/controls/placed_paths.hpp"
#include "netcheck/lookup.hpp"
#include "tests/support/virtual_fabric.hpp"

namespace plumbline::netcheck {
namespace {

using testing::VirtualFabric;

std::string pod_name(int node) { return "gang-" + std::to_string(node); }

/// What the agent in the pod on this node tells: the node's own devices under other names.
NodeFacts inside(const Facts& facts, int node) {
  const auto own = std::find_if(facts.nodes.begin(), facts.nodes.end(), [&](const auto& one) {
    return one.node == VirtualFabric::node_name(node);
  });
  NodeFacts told = *own;
  told.node = "plumbline/" + pod_name(node);
  told.topology->node = told.node;
  for (NetworkDevice& device : told.topology->network_devices)
    device.name = "net" + device.name.substr(3);
  return told;
}

/// A stage whose gang has a pod on every node, which holds the NICs of both rails.
Facts with_gang(const VirtualFabric& fabric) {
  Facts facts = fabric.before();
  facts.workloads = Workloads{};
  for (int node = 1; node <= fabric.nodes(); ++node) {
    PlacedPod pod;
    pod.workload = "gang";
    pod.rank = node - 1;
    pod.phase = "Running";
    pod.binding = {"Pod",           "plumbline/" + pod_name(node), "u", "7",
                   "spec.nodeName", VirtualFabric::node_name(node)};
    facts.workloads->pods.push_back(pod);
    NodeFacts& told = facts.nodes[static_cast<std::size_t>(node - 1)];
    for (const char* const device : {"ens1", "ens2"}) {
      Holding holding;
      holding.pod_namespace = "plumbline";
      holding.pod_name = pod_name(node);
      holding.container = "rank";
      holding.resource = "example.com/nic";
      holding.device = device;
      told.holdings->holdings.push_back(holding);
    }
    facts.placed.push_back(inside(facts, node));
  }
  return facts;
}

using NodeOnRail = std::pair<std::string, std::string>;

std::set<NodeOnRail> covered(const PlacedPlan& plan) {
  std::set<NodeOnRail> ends;
  for (const auto& round : plan.rounds) {
    for (const PlacedPair& made : round) {
      ends.insert({made.pair.from.node, made.pair.from.rail});
      ends.insert({made.pair.to.node, made.pair.to.rail});
    }
  }
  return ends;
}

/// The reason of the only outcome that was skipped on this node and rail.
std::string reason_on(const PlacedPlan& plan, const std::string& node, const std::string& rail) {
  for (const Outcome& outcome : plan.skipped) {
    const auto* const skipped = std::get_if<Skipped>(&outcome.result);
    if (outcome.from.node == node && outcome.from.rail == rail && skipped != nullptr)
      return outcome.probe == kPlacedGoodput ? skipped->reason : "of another probe";
  }
  return "not skipped";
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE(
    "Every node of a gang measures on every rail, by few pairs, and each rail within a rack") {
  const VirtualFabric fabric({}, 0.01, 7);
  const Facts facts = with_gang(fabric);
  const Plan whole = plan(facts);
  const PlacedPlan placed = plan_placed(facts, whole);
  CHECK(placed.skipped.empty());
  CHECK(covered(placed).size() == 12);
  std::size_t pairs = 0;
  std::set<std::string> aligned;
  for (const auto& round : placed.rounds) {
    std::set<std::string> busy;
    for (const PlacedPair& made : round) {
      ++pairs;
      CHECK(busy.insert(made.pair.from.node).second);
      CHECK(busy.insert(made.pair.to.node).second);
      CHECK(made.from->binding.value == made.pair.from.node);
      CHECK(made.to->binding.value == made.pair.to.node);
      const bool first = made.pair.from.rail == "rail-a";
      CHECK(made.pair.from.device == (first ? "net1" : "net2"));
      CHECK(made.pair.to.device == made.pair.from.device);
      if (labelled_rack(facts, made.pair.from.node) == labelled_rack(facts, made.pair.to.node))
        aligned.insert(made.pair.from.rail);
    }
  }
  std::size_t planned = 0;
  for (const Round& round : whole.goodput)
    planned += round.pairs.size();
  CHECK(pairs < planned);
  CHECK(aligned == std::set<std::string>{"rail-a", "rail-b"});
}

TEST_CASE("Without a gang, or one that holds no network device, placed pods measure nothing") {
  const VirtualFabric fabric({}, 0.01, 7);
  Facts facts = with_gang(fabric);
  const Plan whole = plan(facts);
  for (NodeFacts& node : facts.nodes)
    node.holdings->holdings.clear();
  CHECK(plan_placed(facts, whole).rounds.empty());
  CHECK(plan_placed(facts, whole).skipped.empty());
  facts = with_gang(fabric);
  facts.workloads.reset();
  CHECK(plan_placed(facts, whole).rounds.empty());
  facts = with_gang(fabric);
  CHECK(plan_placed(facts, Plan{}).rounds.empty());
}

TEST_CASE("Nodes outside of a gang that is smaller than the stage lack nothing") {
  const VirtualFabric fabric({}, 0.01, 7);
  Facts facts = with_gang(fabric);
  const Plan whole = plan(facts);
  facts.workloads->pods.resize(2);
  facts.placed.resize(2);
  const PlacedPlan placed = plan_placed(facts, whole);
  CHECK(placed.skipped.empty());
  CHECK(covered(placed) == std::set<NodeOnRail>{{"node-1", "rail-a"},
                                                {"node-1", "rail-b"},
                                                {"node-2", "rail-a"},
                                                {"node-2", "rail-b"}});
}

TEST_CASE("What a pod cannot measure is skipped on its node and rail, with the reason") {
  const VirtualFabric fabric({}, 0.01, 7);
  Facts facts = with_gang(fabric);
  const Plan whole = plan(facts);
  facts.workloads->pods[0].phase = "Pending";
  facts.nodes[1].holdings->holdings.pop_back();  // of rail-b
  facts.placed[2].topology.reset();
  facts.placed[2].topology_problem = "no answer";
  facts.placed[3].topology->network_devices.pop_back();  // of rail-b
  const PlacedPlan placed = plan_placed(facts, whole);
  CHECK(has(reason_on(placed, "node-1", "rail-a"), "no pod of the gang runs on node-1"));
  CHECK(has(reason_on(placed, "node-2", "rail-b"),
            "pod plumbline/gang-2 does not hold ens2 of node-2"));
  CHECK(has(reason_on(placed, "node-3", "rail-a"), "told nothing: no answer"));
  CHECK(has(reason_on(placed, "node-4", "rail-b"), "sees no device with an address on rail-b"));
  CHECK(reason_on(placed, "node-2", "rail-a") == "not skipped");
  CHECK(reason_on(placed, "node-5", "rail-a") == "not skipped");
  CHECK(covered(placed) == std::set<NodeOnRail>{{"node-2", "rail-a"},
                                                {"node-4", "rail-a"},
                                                {"node-5", "rail-a"},
                                                {"node-6", "rail-a"},
                                                {"node-5", "rail-b"},
                                                {"node-6", "rail-b"}});
}

TEST_CASE("The pods of a group measure a collective together, or the first that cannot is named") {
  Facts facts = with_gang(VirtualFabric({}, 0.01, 7));
  std::string why;
  const auto ends = placed_ends(facts, {"node-1", "node-3"}, "rail-b", why);
  CHECK(why.empty());
  REQUIRE(ends.size() == 2);
  CHECK(ends[1].pod == gang_pod_on(facts, "node-3"));
  CHECK_FALSE(ends[1].device.empty());
  facts.placed[2].topology->network_devices.pop_back();  // of node-3, on rail-b
  CHECK(placed_ends(facts, {"node-1", "node-3"}, "rail-b", why).empty());
  CHECK(has(why, "sees no device with an address on rail-b"));
  CHECK(placed_ends(facts, {"node-1", "node-3"}, "rail-a", why).size() == 2);
  CHECK(placed_ends(facts, {"node-1", "no-such-node"}, "rail-a", why).empty());
  CHECK(has(why, "no-such-node has no device on rail-a"));
  for (NodeFacts& node : facts.nodes)
    node.holdings->holdings.clear();
  CHECK(placed_ends(facts, {"node-1", "node-3"}, "rail-a", why).empty());
  CHECK(why.empty());  // nothing of it is theirs: nothing to say
}

TEST_CASE("What noise may have made of a number between pods is measured again, alone") {
  const VirtualFabric fabric({}, 0.01, 7);
  Facts facts = with_gang(fabric);
  const Plan whole = plan(facts);
  CHECK(placed_again(facts, whole).rounds.empty());  // nothing was measured
  const auto rounds = plan_placed(facts, whole).rounds;
  const std::vector<std::pair<double, double>> shares{{0.98, 1.02}, {0.3, 1.5}, {0.2, 0.25}};
  std::vector<std::string> doubted;
  for (const auto& round : rounds) {
    for (const PlacedPair& pair : round) {
      const bool near =
          labelled_rack(facts, pair.pair.from.node) == labelled_rack(facts, pair.pair.to.node);
      const double rate = 0.95 * (near ? 25e6 : 12.5e6);
      const auto [low, high] = shares[facts.outcomes.size() % shares.size()];
      Outcome outcome = placed_identity(facts.asked, pair);
      Measured measured;
      measured.value = rate * (low + high) / 2;
      measured.interval = {rate * low, rate * high};
      outcome.result = measured;
      if (low < 0.5) doubted.push_back(outcome.key());
      facts.outcomes.push_back(std::move(outcome));
    }
  }
  REQUIRE(doubted.size() >= 2);
  std::vector<std::string> again;
  for (const auto& round : placed_again(facts, whole).rounds) {
    REQUIRE(round.size() == 1);
    again.push_back(placed_identity(facts.asked, round.front()).key());
  }
  CHECK(again == doubted);
}

TEST_CASE("Two pods are a pair where both hold a device of the rail, else it is said why not") {
  const VirtualFabric fabric({}, 0.01, 7);
  Facts facts = with_gang(fabric);
  const auto& pods = facts.workloads->pods;
  std::string why;
  const auto pair = pair_of(facts, pods[0], pods[2], "rail-b", why);
  REQUIRE(pair);
  CHECK(pair->pair.from.device == "net2");
  CHECK(pair->pair.to.node == "node-3");
  const Outcome identity = placed_identity(facts.asked, *pair);
  CHECK(identity.parameters.at("from_pod") == "plumbline/gang-1");
  CHECK(identity.parameters.at("direction") == "one_way");
  CHECK_FALSE(pair_of(facts, pods[0], pods[2], "rail-z", why));
  CHECK(has(why, "has no device on rail-z"));
  facts.nodes[2].holdings->holdings.clear();
  CHECK_FALSE(pair_of(facts, pods[0], pods[2], "rail-b", why));
  CHECK(has(why, "does not hold ens2 of node-3"));
}

}  // namespace plumbline::netcheck
