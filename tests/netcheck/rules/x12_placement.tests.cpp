#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include "tests/netcheck/rules/claims_yaml.hpp"
#include "tests/netcheck/rules/rack_facts.hpp"

namespace plumbline::netcheck {
namespace {

using Catch::Matchers::ContainsSubstring;

/// Four nodes in two racks of one block.
std::string nodes() {
  std::string yaml;
  for (const auto& [node, rack] : {std::pair("n1", "r1"), std::pair("n2", "r1"),
                                   std::pair("n3", "r2"), std::pair("n4", "r2")}) {
    yaml += node_yaml(node, std::string("example.com/block: b1, example.com/rack: ") + rack +
                                ", kubernetes.io/hostname: " + node);
  }
  return yaml;
}

std::string object(const std::string& api, const std::string& kind, const std::string& rest,
                   const std::string& notes = "") {
  return "---\napiVersion: " + api + "\nkind: " + kind +
         "\nmetadata: {namespace: ns, name: g, uid: ug, resourceVersion: '5', annotations: {" +
         notes + "}}\n" + rest + "\n";
}

/// Pods of all namespaces were read, as its own tells.
std::string of_another_namespace() {
  return "---\napiVersion: v1\nkind: Pod\nmetadata: {namespace: kube-system, name: proxy}\n";
}

const std::string volcano_note = "scheduling.k8s.io/group-name: g";

std::string volcano(const std::string& topology) {
  std::string yaml = object("scheduling.volcano.sh/v1beta1", "PodGroup",
                            "spec: {minMember: 2, networkTopology: " + topology + "}");
  const auto hyper_node = [](const std::string& name, const std::string& tier,
                             const std::string& members) {
    return "---\napiVersion: topology.volcano.sh/v1alpha1\nkind: HyperNode\nmetadata: {name: " +
           name + ", uid: u-" + name + "}\nspec: {tier: " + tier + ", members: [" + members +
           "]}\n";
  };
  yaml += hyper_node("s1", "1", "{type: Node, selector: {regexMatch: {pattern: '^n[12]$'}}}");
  yaml += hyper_node("s2", "1",
                     "{type: Node, selector: {exactMatch: {name: n3}}}, "
                     "{type: Node, selector: {labelMatch: {matchLabels: {example.com/rack: r2}}}}");
  yaml += hyper_node("top", "2",
                     "{type: HyperNode, selector: {exactMatch: {name: s1}}}, "
                     "{type: HyperNode, selector: {exactMatch: {name: s2}}}");
  return yaml;
}

}  // namespace

TEST_CASE("X12: Volcano's highest tier is held against the lowest HyperNode that holds the gang") {
  const std::string hard = "{mode: hard, highestTierAllowed: 1}";
  SECTION("held") {
    const Facts facts = claims_of(nodes() + volcano(hard) + pod_yaml("a", "n3", "", volcano_note) +
                                  pod_yaml("b", "n4", "", volcano_note));
    const Finding finding = the_only(x12_other_placement(facts), Verdict::match);
    CHECK_THAT(finding.message, ContainsSubstring("HyperNode s2 of tier 1"));
    check_quotes(facts, {finding});
    CHECK(with(x13_gang_complete(facts), Verdict::match).size() == 1);
  }
  const std::string apart =
      pod_yaml("a", "n1", "", volcano_note) + pod_yaml("b", "n4", "", volcano_note);
  SECTION("broken") {
    const Facts facts = claims_of(nodes() + volcano(hard) + apart);
    const Finding finding = the_only(x12_other_placement(facts), Verdict::violation);
    CHECK_THAT(finding.message, ContainsSubstring("only HyperNode top of tier 2"));
    check_quotes(facts, {finding});
  }
  SECTION("a wish") {
    const Facts facts = claims_of(nodes() + volcano("{mode: soft, highestTierAllowed: 1}") + apart);
    CHECK(with(x12_other_placement(facts), Verdict::preference_not_met).size() == 1);
  }
  SECTION("unbound") {
    const Facts facts = claims_of(nodes() + volcano(hard) + pod_yaml("a", "", "", volcano_note));
    CHECK(with(x12_other_placement(facts), Verdict::unobservable).size() == 1);
  }
}

TEST_CASE("X12: an exclusive domain is one domain, and nobody else's") {
  const std::string set = object("jobset.x-k8s.io/v1alpha2", "JobSet", "spec: {}",
                                 "alpha.jobset.sigs.k8s.io/exclusive-topology: example.com/rack");
  const auto member = [](const std::string& name, const std::string& node, const std::string& job) {
    return pod_yaml(name, node,
                    "jobset.sigs.k8s.io/jobset-name: g, jobset.sigs.k8s.io/replicatedjob-name: w, "
                    "jobset.sigs.k8s.io/job-index: '" +
                        job + "'");
  };
  SECTION("each job has its own") {
    const Facts facts = claims_of(nodes() + set + member("a", "n1", "0") + member("b", "n2", "0") +
                                  member("c", "n3", "1") + of_another_namespace());
    CHECK(with(x12_other_placement(facts), Verdict::match).size() == 2);
    check_quotes(facts, x12_other_placement(facts));
  }
  SECTION("two jobs share one") {
    const Facts facts = claims_of(nodes() + set + member("a", "n1", "0") + member("c", "n2", "1"));
    const auto found = with(x12_other_placement(facts), Verdict::violation);
    REQUIRE(found.size() == 2);
    CHECK_THAT(found[0].message, ContainsSubstring("ns/c on n2 is in it too"));
  }
  SECTION("one job over two") {
    const Facts facts = claims_of(nodes() + set + member("a", "n1", "0") + member("b", "n3", "0"));
    CHECK_THAT(the_only(x12_other_placement(facts), Verdict::violation).message,
               ContainsSubstring("for itself, but its pods are in 2"));
  }
}

TEST_CASE("X12: required pod affinity keeps pods together, whoever wrote it") {
  const std::string affinity =
      "{podAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: "
      "example.com/rack, labelSelector: {matchExpressions: [{key: app, operator: In, values: "
      "[w]}]}}]}}";
  const auto with_affinity = [&](const std::string& name, const std::string& node) {
    return "---\napiVersion: v1\nkind: Pod\nmetadata: {namespace: ns, name: " + name + ", uid: u-" +
           name + ", labels: {app: w}}\nspec: {nodeName: " + node + ", affinity: " + affinity +
           "}\nstatus: {phase: Running}\n";
  };
  SECTION("held") {
    const Facts facts = claims_of(nodes() + with_affinity("a", "n1") + with_affinity("b", "n2"));
    CHECK(with(x12_other_placement(facts), Verdict::match).size() == 1);
  }
  SECTION("broken") {
    const Facts facts = claims_of(nodes() + with_affinity("a", "n1") + with_affinity("b", "n3"));
    CHECK(with(x12_other_placement(facts), Verdict::violation).size() == 1);
  }
  SECTION("of a Job's template, whose pods a server before 1.27 labels otherwise") {
    const auto owned = [](const std::string& name, const std::string& node) {
      return "---\napiVersion: v1\nkind: Pod\nmetadata: {namespace: ns, name: " + name +
             ", uid: u-" + name +
             ", labels: {job-name: g}, ownerReferences: [{kind: Job, name: g, uid: ug, "
             "controller: true}]}\nspec: {nodeName: " +
             node + "}\nstatus: {phase: Running}\n";
    };
    const std::string job =
        object("batch/v1", "Job", "spec: {template: {spec: {affinity: " + affinity + "}}}");
    const Facts facts = claims_of(nodes() + job + owned("a", "n1") + owned("b", "n2"));
    CHECK_THAT(the_only(x12_other_placement(facts), Verdict::match).message,
               ContainsSubstring("r1 (ns/a on n1 and ns/b on n2)"));
  }
  SECTION("of an MPIJob's template, without pods") {
    const Facts facts = claims_of(object(
        "kubeflow.org/v2beta1", "MPIJob",
        "spec: {mpiReplicaSpecs: {Worker: {template: {spec: {affinity: " + affinity + "}}}}}"));
    CHECK_THAT(the_only(x12_other_placement(facts), Verdict::unobservable).message,
               ContainsSubstring("no living pod"));
  }
}

TEST_CASE("X12 reads KAI, coscheduling, LeaderWorkerSet, TrainJob and Grove as the same thing") {
  const std::string kai = "pod-group-name: g";
  const Facts facts =
      claims_of(nodes() +
                object("scheduling.run.ai/v2alpha2", "PodGroup",
                       "spec: {minMember: 2, topologyConstraint: {requiredTopologyLevel: "
                       "example.com/rack}}") +
                pod_yaml("a", "n1", "", kai) + pod_yaml("b", "n3", "", kai));
  CHECK(with(x12_other_placement(facts), Verdict::violation).size() == 1);
  const Facts leaders = claims_of(
      nodes() +
      object("leaderworkerset.x-k8s.io/v1", "LeaderWorkerSet", "spec: {}",
             "leaderworkerset.sigs.k8s.io/exclusive-topology: example.com/rack") +
      pod_yaml("a", "n1",
               "leaderworkerset.sigs.k8s.io/name: g, leaderworkerset.sigs.k8s.io/group-index: "
               "'0'") +
      of_another_namespace());
  CHECK(with(x12_other_placement(leaders), Verdict::match).size() == 1);
  const Facts train = claims_of(
      nodes() +
      object("trainer.kubeflow.org/v1alpha1", "TrainJob",
             "spec: {annotations: {kueue.x-k8s.io/podset-required-topology: example.com/rack}}") +
      pod_yaml("a", "n1", "jobset.sigs.k8s.io/jobset-name: g"));
  CHECK(with(x12_other_placement(train), Verdict::match).size() == 1);
  const Facts plugin =
      claims_of(object("scheduling.x-k8s.io/v1alpha1", "PodGroup", "spec: {minMember: 3}") +
                pod_yaml("a", "n1", "scheduling.x-k8s.io/pod-group: g"));
  CHECK(with(x13_gang_complete(plugin), Verdict::violation).size() == 1);
}

}  // namespace plumbline::netcheck
