#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include "tests/netcheck/rules/claims_yaml.hpp"
#include "tests/netcheck/rules/rack_facts.hpp"

namespace plumbline::netcheck {
namespace {

using Catch::Matchers::ContainsSubstring;

std::string nodes() {
  std::string yaml;
  for (const auto& [node, rack] : {std::pair("n1", "r1"), std::pair("n2", "r1"),
                                   std::pair("n3", "r2"), std::pair("n4", "r2")}) {
    yaml += node_yaml(node, std::string("x.io/block: b1, x.io/rack: ") + rack +
                                ", kubernetes.io/hostname: " + node);
  }
  return yaml;
}

std::string workload(const std::string& request, const std::string& status,
                     const std::string& version = "v1beta2") {
  return "---\napiVersion: kueue.x-k8s.io/" + version +
         "\nkind: Workload\nmetadata: {namespace: ns, name: w, uid: uw, resourceVersion: '5'}\n"
         "spec: {podSets: [{name: main, count: 4, topologyRequest: {" +
         request + "}}]}\nstatus: {" + status + "}\n";
}

std::string assigned(const std::string& assignment) {
  return "admission: {podSetAssignments: [{name: main, topologyAssignment: " + assignment + "}]}";
}

/// n1, n1, n2, n3 by the compressed form: names share their prefix, counts are each's own.
const std::string compressed = assigned(
    "{levels: [kubernetes.io/hostname], slices: [{domainCount: 3, valuesPerLevel: [{individual: "
    "{prefix: n, roots: ['1', '2', '3']}}], podCounts: {individual: [2, 1, 1]}}]}");
const std::string plain = assigned(
    "{levels: [kubernetes.io/hostname], domains: [{values: [n1], count: 2}, {values: [n2], count: "
    "1}, {values: [n3], count: 1}]}");
const std::string universal = assigned(
    "{levels: [x.io/block, x.io/rack], slices: [{domainCount: 2, valuesPerLevel: [{universal: b1}, "
    "{individual: {prefix: r, roots: ['1', '2']}}], podCounts: {universal: 2}}]}");

std::string pods(const std::vector<std::string>& places) {
  std::string yaml;
  for (std::size_t i = 0; i < places.size(); ++i) {
    const std::string rank = std::to_string(i);
    yaml += pod_yaml(
        "p" + rank, places[i],
        "kueue.x-k8s.io/podset: main, batch.kubernetes.io/job-completion-index: '" + rank + "'",
        "kueue.x-k8s.io/workload: w");
  }
  return yaml;
}

}  // namespace

TEST_CASE("X10 holds Kueue's assignment against where the pods are, in both versions") {
  for (const auto& [status, version] :
       {std::pair(compressed, "v1beta2"), std::pair(plain, "v1beta1")}) {
    INFO(version);
    const Facts facts =
        claims_of(nodes() + workload("", status, version) + pods({"n1", "n1", "n2", "n3"}));
    const Finding finding = the_only(x10_gang_placement(facts), Verdict::match);
    CHECK(finding.claim->value == "kubernetes.io/hostname");
    CHECK_THAT(finding.message, ContainsSubstring("the 3 domains"));
    check_quotes(facts, {finding});
  }
}

TEST_CASE("X10 reads values that all domains share, over several levels") {
  const Facts facts = claims_of(nodes() + workload("", universal) + pods({"n1", "n2", "n3", "n4"}));
  CHECK(with(x10_gang_placement(facts), Verdict::match).size() == 1);
}

TEST_CASE("X10: too many pods in a domain, or one elsewhere, breaks the assignment") {
  const Facts many = claims_of(nodes() + workload("", compressed) + pods({"n1", "n1", "n1", "n3"}));
  CHECK_THAT(the_only(x10_gang_placement(many), Verdict::violation).message,
             ContainsSubstring("3 pods in n1, where it was assigned 2"));
  const Facts other =
      claims_of(nodes() + workload("", compressed) + pods({"n1", "n1", "n2", "n4"}));
  CHECK_THAT(the_only(x10_gang_placement(other), Verdict::violation).message,
             ContainsSubstring("n4, which it was not assigned"));
}

TEST_CASE("X10: what moved because a node was lost has drifted") {
  const Facts facts =
      claims_of(nodes() + workload("", compressed + ", unhealthyNodes: [{name: n3}]") +
                pods({"n1", "n1", "n2", "n4"}));
  const Finding finding = the_only(x10_gang_placement(facts), Verdict::drift);
  CHECK_THAT(finding.message, ContainsSubstring("calls n3 unhealthy"));
}

TEST_CASE("X10: right numbers in the wrong order of ranks are a violation") {
  const Facts facts =
      claims_of(nodes() + workload("", compressed) + pods({"n1", "n2", "n1", "n3"}));
  CHECK_THAT(the_only(x10_gang_placement(facts), Verdict::violation).message,
             ContainsSubstring("rank 1 in n2"));
}

TEST_CASE("X10 cannot judge an empty assignment, nor one that is not made yet") {
  const Facts empty =
      claims_of(nodes() + workload("", assigned("{levels: [kubernetes.io/hostname], slices: []}")) +
                pods({"n1"}));
  CHECK_THAT(the_only(x10_gang_placement(empty), Verdict::unobservable).message,
             ContainsSubstring("assignment is empty"));
  const Facts waiting = claims_of(nodes() + workload("required: x.io/rack", "conditions: []"));
  CHECK_THAT(the_only(x10_gang_placement(waiting), Verdict::unobservable).message,
             ContainsSubstring("not admitted yet"));
  CHECK(x13_gang_complete(waiting).empty());
}

TEST_CASE("X10: slices of ranks each stay in one domain") {
  const std::string request = "podSetSliceRequiredTopology: x.io/rack, podSetSliceSize: 2";
  const std::string admitted = "admission: {}";
  const auto placed = [&](const std::vector<std::string>& places) {
    return x10_gang_placement(claims_of(nodes() + workload(request, admitted) + pods(places)));
  };
  CHECK(with(placed({"n1", "n2", "n3", "n4"}), Verdict::match).size() == 1);
  CHECK_THAT(the_only(placed({"n1", "n3", "n3", "n1"}), Verdict::violation).message,
             ContainsSubstring("slice 0 is in r1 and r2"));
}

TEST_CASE("X10: a gang that asked for nothing and is apart is told, and no more") {
  const std::string group =
      "---\napiVersion: scheduling.k8s.io/v1alpha2\nkind: PodGroup\nmetadata: {namespace: ns, "
      "name: "
      "g, uid: ug}\nspec: {schedulingPolicy: {gang: {minCount: 2}}}\n";
  const auto member = [](const std::string& name, const std::string& node) {
    return "---\napiVersion: v1\nkind: Pod\nmetadata: {namespace: ns, name: " + name + ", uid: u-" +
           name + "}\nspec: {nodeName: " + node +
           ", schedulingGroup: {podGroupName: g}}\nstatus: {phase: Pending}\n";
  };
  const Facts apart = claims_of(nodes() + group + member("a", "n1") + member("b", "n3"));
  const Finding finding = the_only(x10_gang_placement(apart), Verdict::unclaimed);
  CHECK_THAT(finding.message, ContainsSubstring("2 values of x.io/rack"));
  check_quotes(apart, {finding});
  CHECK(x10_gang_placement(claims_of(nodes() + group + member("a", "n1") + member("b", "n2")))
            .empty());
}

TEST_CASE("X11 tells placeholders, missing levels and cliques that are contradicted") {
  const std::string topology =
      "---\napiVersion: kueue.x-k8s.io/v1beta2\nkind: Topology\nmetadata: {name: t, uid: "
      "ut}\nspec: "
      "{levels: [{nodeLabel: x.io/block}, {nodeLabel: x.io/rack}]}\n"
      "---\napiVersion: kueue.x-k8s.io/v1beta2\nkind: ResourceFlavor\nmetadata: {name: f, uid: "
      "uf}\n"
      "spec: {topologyName: t, nodeLabels: {pool: gpu}}\n";
  SECTION("nothing wrong") { CHECK(x11_labels(claims_of(nodes() + topology)).empty()); }
  SECTION("a placeholder that many nodes share") {
    const Facts facts =
        claims_of(node_yaml("n1", "oci.oraclecloud.com/rdma.network_block_id: no-imds-data") +
                  node_yaml("n2", "oci.oraclecloud.com/rdma.network_block_id: no-imds-data"));
    const Finding finding = the_only(x11_labels(facts), Verdict::violation);
    CHECK_THAT(finding.message, ContainsSubstring("n1 and n2"));
    check_quotes(facts, {finding});
  }
  SECTION("a node of the flavor without a level's label") {
    const Facts facts = claims_of(topology + node_yaml("n1", "pool: gpu, x.io/block: b1"));
    const Finding finding = the_only(x11_labels(facts), Verdict::violation);
    CHECK_THAT(finding.message, ContainsSubstring("n1 lacks label x.io/rack"));
    check_quotes(facts, {finding});
  }
  SECTION("another clique by the ComputeDomain") {
    const Facts facts = claims_of(node_yaml("n1", "nvidia.com/gpu.clique: 1111.1") +
                                  "---\napiVersion: resource.nvidia.com/v1beta1\nkind: "
                                  "ComputeDomain\nmetadata: {namespace: ns, "
                                  "name: d, uid: ud}\nspec: {numNodes: 1}\nstatus: {status: Ready, "
                                  "nodes: [{name: n1, cliqueID: "
                                  "'1111.2'}]}\n");
    CHECK(with(x11_labels(facts), Verdict::violation).size() == 1);
  }
}

TEST_CASE("X10: a part of a gang is told as a part, in words that are true of it") {
  const Facts part =
      claims_of(nodes() + workload("unconstrained: true", plain) + pods({"n1", "n1", "n2"}));
  CHECK_THAT(the_only(x10_gang_placement(part), Verdict::match).message,
             ContainsSubstring("has 3 of 4 assigned pods, none of them outside the 3 domains"));
  const std::string one =
      assigned("{levels: [kubernetes.io/hostname], domains: [{values: [n1], count: 2}]}");
  const Facts whole =
      claims_of(nodes() + workload("unconstrained: true", one) + pods({"n1", "n1"}));
  CHECK_THAT(the_only(x10_gang_placement(whole), Verdict::match).message,
             ContainsSubstring("is in the domain that it was assigned, with the numbers of pods"));
}

}  // namespace plumbline::netcheck
