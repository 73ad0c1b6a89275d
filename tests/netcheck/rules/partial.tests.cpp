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

}  // namespace plumbline::netcheck
