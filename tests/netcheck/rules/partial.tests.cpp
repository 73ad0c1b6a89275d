#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <nlohmann/json.hpp>

#include "netcheck/claims/bundle.hpp"
#include "netcheck/claims/documents.hpp"
#include "netcheck/rules/rules.hpp"
#include "tests/netcheck/claims/temporary_folder.hpp"
#include "tests/netcheck/rules/claims_yaml.hpp"
#include "tests/netcheck/rules/rack_facts.hpp"

namespace plumbline::netcheck {
namespace {

using Catch::Matchers::ContainsSubstring;
using Json = nlohmann::json;

/// A recording as a folder of files, each made of YAML documents.
class Recording {
 public:
  /// One file with a list, as kubectl writes it, or as the API does with its own metadata.
  Recording& list(const std::string& documents, const Json& metadata = {{"resourceVersion", ""}}) {
    Json items = Json::array();
    for (const Json& document : parsed(documents))
      items.push_back(document);
    return write(
        {{"kind", "List"}, {"apiVersion", "v1"}, {"metadata", metadata}, {"items", items}});
  }
  /// A file for each document, as of `kubectl get KIND NAME`.
  Recording& alone(const std::string& documents) {
    for (const Json& document : parsed(documents))
      write(document);
    return *this;
  }
  Facts facts() const {
    Facts facts;
    auto view = claims::open_bundle(folder_.path())->snapshot(Deadline::never());
    if (!view) FAIL(view.error().message);
    facts.claims = std::move(*view);
    return facts;
  }

 private:
  static std::vector<Json> parsed(const std::string& documents) {
    auto read = claims::parse_yaml(documents);
    if (!read) FAIL(read.error().message);
    return *read;
  }
  Recording& write(const Json& document) {
    folder_.with("file-" + std::to_string(++files_) + ".json", document.dump());
    return *this;
  }

  claims::TemporaryFolder folder_;
  int files_ = 0;
};

/// The same pod in another namespace.
std::string elsewhere(std::string pod) {
  pod.replace(pod.find("namespace: ns"), 13, "namespace: kube-system");
  return pod;
}

std::string gang(const std::string& least, const std::string& key = "") {
  return "---\napiVersion: scheduling.k8s.io/v1alpha3\nkind: PodGroup\nmetadata: {namespace: ns, "
         "name: g, uid: u-g}\nspec: {schedulingPolicy: {gang: {minCount: " +
         least + "}}" +
         (key.empty() ? "" : ", schedulingConstraints: {topology: [{key: " + key + "}]}") + "}\n";
}

std::string member(const std::string& name, const std::string& node) {
  return "---\napiVersion: v1\nkind: Pod\nmetadata: {namespace: ns, name: " + name + ", uid: u-" +
         name + "}\nspec: {" + (node.empty() ? "" : "nodeName: " + node + ", ") +
         "schedulingGroup: {podGroupName: g}}\nstatus: {phase: " +
         (node.empty() ? "Pending" : "Running") + "}\n";
}

const std::string other_pod = elsewhere(pod_yaml("proxy", "n1", ""));

}  // namespace

TEST_CASE("X13: members that a recording lacks are not taken for missing ones") {
  Recording recording;
  recording.list(gang("3"));
  std::string why;
  SECTION("a list that was cut off") {
    recording.list(member("a", "n1") + member("b", "n2") + other_pod,
                   {{"continue", "abc"}, {"remainingItemCount", 7}});
    why = "a list of Pod objects was cut off (metadata.continue): there are 10, of which 3";
  }
  SECTION("a list that was cut off and does not say how much is left") {
    recording.list(member("a", "n1") + member("b", "n2") + other_pod, {{"continue", "abc"}});
    why = "there are more than the 3 read";
  }
  SECTION("pods recorded one by one") {
    recording.alone(member("a", "n1") + member("b", "n2"));
    why = "Pod objects were recorded one by one, not as a list";
  }
  SECTION("pods of another namespace only") {
    recording.list(other_pod);
    why = "Pod objects of namespace kube-system only were read";
  }
  SECTION("a pod that could not be understood") {
    recording.list(member("a", "n1") + member("b", "n2") + other_pod +
                   "---\napiVersion: v1\nkind: Pod\nmetadata: {namespace: ns, name: c}\n"
                   "spec: {nodeName: [n3]}\n");
    why = "1 Pod objects could not be used";
  }
  const Finding finding = the_only(x13_gang_complete(recording.facts()), Verdict::unobservable);
  CHECK_THAT(finding.message, ContainsSubstring(why));
  CHECK_THAT(finding.next_step, ContainsSubstring("kubectl get pods -A -o json"));
}

TEST_CASE("X13: what a recording does show of a gang is judged, in part or whole") {
  Recording recording;
  recording.list(gang("2"));
  SECTION("complete by what a cut list has") {
    recording.list(member("a", "n1") + member("b", "n2"), {{"continue", "abc"}});
    CHECK(with(x13_gang_complete(recording.facts()), Verdict::match).size() == 1);
  }
  SECTION("one waits, by a whole list of its namespace") {
    recording.list(member("a", "n1") + member("b", ""));
    CHECK(with(x13_gang_complete(recording.facts()), Verdict::violation).size() == 1);
  }
  SECTION("one is gone, by all pages of a list") {
    recording.list(member("a", "n1"), {{"continue", "abc"}, {"remainingItemCount", 1}});
    recording.list(other_pod);
    CHECK(with(x13_gang_complete(recording.facts()), Verdict::violation).size() == 1);
  }
}

namespace {

const std::string rack_key = "example.com/rack";

std::string racks() {
  return node_yaml("n1", "example.com/rack: r1") + node_yaml("n2", "example.com/rack: r1") +
         node_yaml("n3", "example.com/rack: r2");
}

}  // namespace

TEST_CASE("X10: members that were not read may be in another domain than those that were") {
  Recording recording;
  recording.list(gang("2", rack_key)).list(racks());
  SECTION("together, as far as the recording goes") {
    recording.list(member("a", "n1") + member("b", "n2"), {{"continue", "abc"}});
    const Finding finding = the_only(x10_gang_placement(recording.facts()), Verdict::unobservable);
    CHECK_THAT(finding.message,
               ContainsSubstring("by what was read it is in one example.com/rack"));
    CHECK_THAT(finding.message, ContainsSubstring("metadata.continue"));
    CHECK_THAT(finding.next_step, ContainsSubstring("kubectl get pods -A"));
  }
  SECTION("apart, which no page more can mend") {
    recording.list(member("a", "n1") + member("b", "n3"), {{"continue", "abc"}});
    CHECK(with(x10_gang_placement(recording.facts()), Verdict::violation).size() == 1);
  }
  SECTION("together, by a list of their namespace") {
    recording.list(member("a", "n1") + member("b", "n2"));
    CHECK(with(x10_gang_placement(recording.facts()), Verdict::match).size() == 1);
  }
}

TEST_CASE("X10: slices and assignments are not broken by pods that were not read") {
  const auto placed = [](const std::string& request, const std::string& status, bool whole,
                         const std::string& labels) {
    std::string pods;
    for (const std::string rank : {"0", "1", "2"}) {
      pods += pod_yaml("p" + rank, "n1",
                       "kueue.x-k8s.io/podset: main" +
                           (labels.empty() ? "" : ", " + labels + ": '" + rank + "'"),
                       "kueue.x-k8s.io/workload: w");
    }
    Recording recording;
    recording.list(racks());
    recording.list(
        "---\napiVersion: kueue.x-k8s.io/v1beta2\nkind: Workload\n"
        "metadata: {namespace: ns, name: w, uid: uw}\n"
        "spec: {podSets: [{name: main, count: 4, topologyRequest: {" +
        request + "}}]}\nstatus: {" + status + "}\n");
    recording.list(pods, whole ? Json::object() : Json{{"continue", "abc"}});
    return x10_gang_placement(recording.facts());
  };
  const std::string slices = "podSetSliceRequiredTopology: example.com/rack, podSetSliceSize: 2";
  const std::string rank = "batch.kubernetes.io/job-completion-index";
  CHECK(with(placed(slices, "admission: {}", false, ""), Verdict::unobservable).size() == 1);
  CHECK(with(placed(slices, "admission: {}", true, ""), Verdict::violation).size() == 1);
  CHECK(with(placed(slices, "admission: {}", false, rank), Verdict::unobservable).size() == 1);
  CHECK(with(placed(slices, "admission: {}", true, rank), Verdict::match).size() == 1);
  const auto assigned = [](const std::string& count) {
    return "admission: {podSetAssignments: [{name: main, topologyAssignment: {levels: "
           "[example.com/rack], domains: [{values: [r1], count: " +
           count + "}]}}]}";
  };
  CHECK(with(placed("", assigned("4"), false, rank), Verdict::unobservable).size() == 1);
  CHECK(with(placed("", assigned("4"), true, rank), Verdict::match).size() == 1);
  CHECK(with(placed("", assigned("3"), false, rank), Verdict::match).size() == 1);
  CHECK(with(placed("", assigned("2"), false, rank), Verdict::violation).size() == 1);
}

TEST_CASE("X12: nobody else in a domain is known by all pods and all nodes only") {
  const std::string set =
      "---\napiVersion: jobset.x-k8s.io/v1alpha2\nkind: JobSet\nmetadata: {namespace: ns, name: g, "
      "uid: ug, annotations: {alpha.jobset.sigs.k8s.io/exclusive-topology: example.com/rack}}\n"
      "spec: {replicatedJobs: [{name: w, replicas: 1, template: {spec: {parallelism: 1}}}]}\n";
  const auto of_set = [](const std::string& name, const std::string& node, const std::string& job) {
    return pod_yaml(
        name, node,
        "jobset.sigs.k8s.io/jobset-name: g, jobset.sigs.k8s.io/job-index: '" + job + "'");
  };
  Recording recording;
  recording.list(set);
  SECTION("pods of one namespace") {
    recording.list(racks()).list(of_set("a", "n1", "0"));
    const Finding finding = the_only(x12_other_placement(recording.facts()), Verdict::unobservable);
    CHECK_THAT(finding.message, ContainsSubstring("of namespace ns only were read"));
    CHECK_THAT(finding.next_step, ContainsSubstring("pods -A"));
  }
  SECTION("one node") {
    recording.alone(node_yaml("n1", "example.com/rack: r1"))
        .list(of_set("a", "n1", "0") + other_pod);
    const Finding finding = the_only(x12_other_placement(recording.facts()), Verdict::unobservable);
    CHECK_THAT(finding.message, ContainsSubstring("Node objects were recorded one by one"));
    CHECK_THAT(finding.next_step, ContainsSubstring("kubectl get nodes -o json"));
  }
  SECTION("all of both") {
    recording.list(racks()).list(of_set("a", "n1", "0") + other_pod);
    CHECK(with(x12_other_placement(recording.facts()), Verdict::match).size() == 1);
  }
  SECTION("somebody else, whatever more there is") {
    recording.list(racks()).list(of_set("a", "n1", "0") + of_set("b", "n2", "1"),
                                 {{"continue", "abc"}});
    CHECK_FALSE(with(x12_other_placement(recording.facts()), Verdict::violation).empty());
  }
}

TEST_CASE("X12: a smaller HyperNode that was not read may hold the gang") {
  const auto hyper_node = [](const std::string& name, const std::string& members) {
    return "---\napiVersion: topology.volcano.sh/v1alpha1\nkind: HyperNode\nmetadata: {name: " +
           name + ", uid: u-" + name +
           "}\nspec: {tier: 1, members: [{type: Node, selector: " + members + "}]}\n";
  };
  const std::string note = "scheduling.k8s.io/group-name: g";
  Recording recording;
  recording.list(
      "---\napiVersion: scheduling.volcano.sh/v1beta1\nkind: PodGroup\n"
      "metadata: {namespace: ns, name: g, uid: ug}\n"
      "spec: {minMember: 2, networkTopology: {mode: hard, highestTierAllowed: 1}}\n");
  recording.list(pod_yaml("a", "n1", "", note) + pod_yaml("b", "n2", "", note));
  const std::string one = hyper_node("s1", "{exactMatch: {name: n1}}");
  const std::string two = hyper_node("s2", "{regexMatch: {pattern: '^n[12]$'}}");
  SECTION("a HyperNode by itself") {
    recording.list(racks()).alone(one);
    CHECK_THAT(the_only(x12_other_placement(recording.facts()), Verdict::unobservable).next_step,
               ContainsSubstring("kubectl get hypernodes -o json"));
  }
  SECTION("nodes that a pattern may mean, not read") {
    recording.list(one + two);
    CHECK_THAT(the_only(x12_other_placement(recording.facts()), Verdict::unobservable).message,
               ContainsSubstring("Node n2 was not read"));
  }
  SECTION("all HyperNodes, and none holds both") {
    recording.list(racks()).list(one);
    CHECK(with(x12_other_placement(recording.facts()), Verdict::violation).size() == 1);
  }
  SECTION("all HyperNodes and nodes, and one holds both") {
    recording.list(racks()).list(one + two);
    CHECK(with(x12_other_placement(recording.facts()), Verdict::match).size() == 1);
  }
}

TEST_CASE("X04: what a pod holds by a claim that was not read is not foreign to it") {
  Facts facts = rack();
  SECTION("its own claim, which its Pod names") {
    std::erase_if(facts.claims->claims,
                  [](const DeviceClaim& claim) { return claim.meta.name == "loader-0-nic"; });
    facts.claims->gaps["ResourceClaim"] = {
        "ResourceClaim objects of namespace plumbline only were read", {"plumbline"}};
    const Finding finding = the_only(x04_given_held(facts), Verdict::unobservable);
    CHECK(finding.subject.name == "tenant/loader-0");
    CHECK_THAT(finding.message, ContainsSubstring("claim tenant/loader-0-nic of it was not read"));
    CHECK_THAT(finding.next_step, ContainsSubstring("kubectl get resourceclaims -A"));
    facts.claims->gaps.clear();
    CHECK_FALSE(with(x04_given_held(facts), Verdict::violation).empty());
  }
  SECTION("a claim that only the kubelet names") {
    node(facts, "node-6")
        .holdings->holdings.push_back(holding("tenant", "loader-0", "another", "node-6", "ens2"));
    facts.claims->gaps["ResourceClaim"] = {"a list of them was cut off", {}};
    CHECK_THAT(the_only(x04_given_held(facts), Verdict::unobservable).message,
               ContainsSubstring("claim tenant/another of it was not read"));
    facts.claims->gaps.clear();
    CHECK(with(x04_given_held(facts), Verdict::violation).size() == 1);
  }
  SECTION("a device that none of its claims gives, all of which were read") {
    sandbox(facts, "loader-0").devices->push_back(take(facts, "node-6", "ens2"));
    facts.claims->gaps["ResourceClaim"] = {"a list of them was cut off", {}};
    const auto found = with(x04_given_held(facts), Verdict::violation);
    REQUIRE_FALSE(found.empty());
    CHECK(found.front().subject.name == "tenant/loader-0");
  }
}

TEST_CASE("X04: a pod that was not read is judged by the claims that are reserved for it") {
  Facts facts = rack();
  std::erase_if(facts.claims->pods,
                [](const PodClaim& pod) { return pod.meta.name == "loader-0"; });
  facts.claims->gaps["Pod"] = {"Pod objects of namespace plumbline only were read", {"plumbline"}};
  SECTION("it has what they give") { CHECK(all_match(x04_given_held(facts))); }
  SECTION("it has more") {
    sandbox(facts, "loader-0").devices->push_back(take(facts, "node-6", "ens2"));
    const Finding finding = the_only(x04_given_held(facts), Verdict::unobservable);
    CHECK_THAT(finding.message, ContainsSubstring("its Pod was not read"));
    CHECK_THAT(finding.next_step, ContainsSubstring("kubectl get pods -A"));
  }
}

TEST_CASE("X01: of a node whose slices may be on another page, no layout is told") {
  const std::string root = "resource.kubernetes.io/pcieRoot=";
  const std::string slices = slice_yaml("gpu.nvidia.com", "n1", "gpu-0 " + root + "pci0000:10") +
                             slice_yaml("dra.net", "n1", "nic-0 " + root + "pci0000:20");
  CHECK(with(x01_pcie_root(Recording().list(slices).facts()), Verdict::unclaimed).size() == 1);
  CHECK(with(x01_pcie_root(Recording().alone(slices).facts()), Verdict::unclaimed).size() == 1);
  const Facts cut = Recording().list(slices, {{"continue", "abc"}}).facts();
  CHECK(x01_pcie_root(cut).empty());
  CHECK_THAT(claims_understood(cut).at(0).message,
             ContainsSubstring("a list of ResourceSlice objects was cut off"));
}

TEST_CASE("X20: a node of which no slice was read may have one on another page") {
  Facts facts = rack();
  std::erase_if(facts.claims->slices,
                [](const SliceClaim& slice) { return slice.node == "node-2"; });
  CHECK(with(x20_counts(facts), Verdict::unclaimed).size() == 1);
  facts.claims->gaps["ResourceSlice"] = {"a list of ResourceSlice objects was cut off", {}};
  const Finding finding = the_only(x20_counts(facts), Verdict::unobservable);
  CHECK(finding.subject.name == "node-2");
  CHECK_THAT(finding.next_step, ContainsSubstring("kubectl get resourceslices -o json"));
}

}  // namespace plumbline::netcheck
