#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include "tests/netcheck/rules/claims_yaml.hpp"
#include "tests/netcheck/rules/rack_facts.hpp"

namespace plumbline::netcheck {
namespace {

using Catch::Matchers::ContainsSubstring;

/// A pair's goodput in MB/s, known to 2 %.
Outcome pair(const std::string& from, const std::string& to, double rate) {
  Outcome outcome;
  outcome.probe = "pair_goodput";
  outcome.from = {from, "ens1", "rail-a"};
  outcome.to = {to, "ens1", "rail-a"};
  outcome.parameters = {{"size", "1048576"}, {"direction", "one_way"}};
  Measured measured;
  measured.value = rate * 1e6;
  measured.interval = {rate * 0.99e6, rate * 1.01e6};
  outcome.result = measured;
  return outcome;
}

/// Four nodes in racks r0 (n0, n1) and r1 (n2, n3): 40 MB/s within a rack, 10 between. Gang ns/g is
/// on `nodes`.
Facts racked(const std::vector<std::string>& nodes, const std::string& topology = "") {
  std::string yaml =
      "---\napiVersion: scheduling.k8s.io/v1beta1\nkind: PodGroup\nmetadata: {namespace: ns, name: "
      "g, "
      "uid: ug, resourceVersion: '5'}\nspec: {schedulingPolicy: {gang: {minCount: 2}}" +
      topology + "}\n";
  for (int i = 0; i < 4; ++i)
    yaml += node_yaml("n" + std::to_string(i), "rack: r" + std::to_string(i / 2));
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    yaml += "---\napiVersion: v1\nkind: Pod\nmetadata: {namespace: ns, name: p" +
            std::to_string(i) + ", uid: up" + std::to_string(i) +
            "}\nspec: {nodeName: " + nodes[i] +
            ", schedulingGroup: {podGroupName: g}}\nstatus: {phase: Running}\n";
  }
  yaml += "---\napiVersion: v1\nkind: Pod\nmetadata: {namespace: kube-system, name: proxy}\n";
  Facts facts = claims_of(yaml);
  for (int i = 0; i < 4; ++i) {
    facts.nodes.push_back({"n" + std::to_string(i), std::nullopt, "not asked", std::nullopt, ""});
    for (int k = 0; k < i; ++k) {
      facts.outcomes.push_back(
          pair("n" + std::to_string(k), "n" + std::to_string(i), i / 2 == k / 2 ? 40 : 10));
    }
  }
  return facts;
}

constexpr const char* kAsked = ", schedulingConstraints: {topology: [{key: rack}]}";

}  // namespace

TEST_CASE("The penalty of a gang over two racks is a factor with its interval") {
  const Facts facts = racked({"n0", "n2"});
  const Finding finding = the_only(placement_penalty(facts), Verdict::unclaimed);
  CHECK_THAT(finding.message, ContainsSubstring("about 4.00 times (3.92 to 4.08)"));
  CHECK_THAT(finding.message, ContainsSubstring("n0 and n1"));
  CHECK_THAT(finding.measurement, ContainsSubstring("pair_goodput"));
  check_quotes(facts, {finding});
}

TEST_CASE("The penalty is also told against what the gang asked for") {
  const Facts facts = racked({"n0", "n2"}, kAsked);
  const Finding finding = the_only(placement_penalty(facts), Verdict::preference_not_met);
  CHECK_THAT(finding.message, ContainsSubstring("within one rack, as it asked"));
  check_quotes(facts, {finding});
}

TEST_CASE("The penalty is not known while pods that hold the free nodes may not have been read") {
  Facts facts = racked({"n0", "n2"});
  facts.claims->gaps["Pod"] = {"Pod objects of namespace ns only were read", {"ns"}};
  const Finding finding = the_only(placement_penalty(facts), Verdict::unobservable);
  CHECK_THAT(finding.message, ContainsSubstring("which are free is not known"));
  CHECK_THAT(finding.next_step, ContainsSubstring("kubectl get pods -A"));
  Facts best = racked({"n2", "n3"});
  best.claims->gaps = facts.claims->gaps;
  CHECK(with(placement_penalty(best), Verdict::match).size() == 1);
}

TEST_CASE("A gang that has the best there is pays no penalty") {
  const Finding finding = the_only(placement_penalty(racked({"n2", "n3"}, kAsked)), Verdict::match);
  CHECK_THAT(finding.message, ContainsSubstring("no longer"));
}

TEST_CASE("The best free nodes are free of other pods that hold devices") {
  Facts facts = racked({"n0", "n2"});
  for (const char* const node : {"n1", "n3"}) {
    PodClaim tenant;
    tenant.meta.name_space = "other";
    tenant.meta.name = node;
    tenant.node = node;
    tenant.phase = "Running";
    tenant.resource_claims = {"gpu"};
    facts.claims->pods.push_back(tenant);
  }
  CHECK(all_match(placement_penalty(facts)));
}

TEST_CASE("Who holds a device is known by its claim too, whatever the pod says") {
  Facts facts = racked({"n0", "n2"});
  for (const char* const node : {"n1", "n3"}) {
    PodClaim tenant;
    tenant.meta.name = std::string("tenant-on-") + node;
    tenant.meta.name_space = "other";
    tenant.node = node;
    tenant.phase = "Running";
    facts.claims->pods.push_back(tenant);
    DeviceClaim claim;
    claim.meta.name = tenant.meta.name + "-nic";
    claim.meta.name_space = "other";
    claim.reserved_for = {tenant.meta.name};
    facts.claims->claims.push_back(claim);
  }
  CHECK(with(placement_penalty(facts), Verdict::match).size() == 1);
}

TEST_CASE("Nodes that only the stage's own pods hold count as free") {
  Facts facts = racked({"n0", "n2"});
  facts.workloads.emplace();
  for (const char* const node : {"n1", "n3"}) {
    PodClaim own;
    own.meta.name_space = "plumbline";
    own.meta.name = own.meta.uid = node;
    own.node = node;
    own.phase = "Running";
    own.extended = {{"example.com/nic", 2}};
    facts.claims->pods.push_back(own);
    PlacedPod placed;
    placed.binding.uid = node;
    facts.workloads->pods.push_back(placed);
  }
  const Finding finding = the_only(placement_penalty(facts), Verdict::unclaimed);
  CHECK_THAT(finding.message, ContainsSubstring("n0 and n1"));
}

TEST_CASE("Nothing is said of a gang whose own paths were not measured") {
  Facts facts = racked({"n0", "n2"});
  std::erase_if(facts.outcomes, [](const Outcome& outcome) {
    return outcome.from.node == "n0" && outcome.to.node == "n2";
  });
  CHECK(placement_penalty(facts).empty());
  CHECK(placement_penalty(racked({"n1"})).empty());
  facts.outcomes.clear();
  CHECK(placement_penalty(facts).empty());
}

}  // namespace plumbline::netcheck
