#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include "tests/netcheck/rules/claims_yaml.hpp"
#include "tests/netcheck/rules/rack_facts.hpp"

namespace plumbline::netcheck {
namespace {

using Catch::Matchers::ContainsSubstring;

std::string pod_with(const std::string& name, const std::string& container) {
  return "---\napiVersion: v1\nkind: Pod\nmetadata: {namespace: ns, name: " + name + ", uid: u-" +
         name +
         ", resourceVersion: '4'}\nspec: {nodeName: n1}\nstatus: {phase: Running, "
         "containerStatuses: [{name: main, containerID: 'containerd://" +
         container + "'}]}\n";
}

/// Pod ns/a has CPUs 2 and 3 for itself by its kubelet's word; ns/b lives on the shared pool. The
/// kernel says the same. A sandbox's cgroup may use everything.
Facts obedient() {
  Facts facts = claims_of(pod_with("a", "id-a") + pod_with("b", "id-b"));
  NodeHoldings held;
  held.node = "n1";
  held.source = "kubelet.sock";
  held.containers = {{"ns", "a", "main", {2, 3}, {}}};
  held.cpusets = {{{"u-a", "id-a", {2, 3}, {0}},
                   {"u-b", "id-b", {0, 1}, {0, 1}},
                   {"u-a", "sandbox", {0, 1, 2, 3}, {0, 1}}}};
  KubeletState state;
  state.cpu_policy = "static";
  state.entries = {{"u-a", "main", {2, 3}, {0}}};
  held.state = state;
  facts.nodes.push_back({"n1", std::nullopt, "not asked", held, ""});
  return facts;
}

NodeHoldings& held(Facts& facts) { return *facts.nodes[0].holdings; }

Finding judged(const Facts& facts, Verdict verdict) {
  const Finding finding = the_only(x09_exclusive_cpus(facts), verdict);
  check_quotes(facts, {finding});
  return finding;
}

}  // namespace

TEST_CASE("X09 matches CPUs and memory that the kernel gives as the kubelet says") {
  const Finding finding = judged(obedient(), Verdict::match);
  CHECK_THAT(finding.message, ContainsSubstring("CPUs 2-3"));
  CHECK(finding.evidence.size() == 4);
}

TEST_CASE("X09: a cpuset that is not what the kubelet gave is a violation") {
  Facts facts = obedient();
  (*held(facts).cpusets)[0].cpus = {0, 1, 2, 3};
  const Finding finding = judged(facts, Verdict::violation);
  CHECK_THAT(finding.message, ContainsSubstring("lets it use 0-3"));
  CHECK(finding.subject.name == "ns/a");
}

TEST_CASE("X09: exclusive CPUs that somebody else may use too are a violation") {
  Facts facts = obedient();
  (*held(facts).cpusets)[1].cpus = {0, 1, 3};
  CHECK_THAT(judged(facts, Verdict::violation).message,
             ContainsSubstring("container main of ns/b (3)"));
}

TEST_CASE("X09: a kubelet whose answer and state file differ is told by both") {
  Facts facts = obedient();
  held(facts).state->entries[0].cpus = {1, 2};
  CHECK_THAT(judged(facts, Verdict::violation).message, ContainsSubstring("says two things"));
}

TEST_CASE("X09: memory of a NUMA node that was not given is a violation") {
  Facts facts = obedient();
  (*held(facts).cpusets)[0].memory_nodes = {0, 1};
  CHECK_THAT(judged(facts, Verdict::violation).message, ContainsSubstring("nodes 0-1"));
}

TEST_CASE("X09: what nobody could see is unobservable, and says what would show it") {
  Facts facts = obedient();
  held(facts).cpusets.reset();
  held(facts).unread = {"cgroups: no cgroup named kubepods below /sys/fs/cgroup"};
  const Finding whole = judged(facts, Verdict::unobservable);
  CHECK_THAT(whole.message, ContainsSubstring("no cgroup named kubepods"));
  CHECK_THAT(whole.next_step, ContainsSubstring("--cgroup-root"));
  facts = obedient();
  held(facts).cpusets->erase(held(facts).cpusets->begin());
  judged(facts, Verdict::unobservable);
}

TEST_CASE("X09 says nothing of nodes on which nobody has CPUs for itself") {
  Facts facts = obedient();
  held(facts).containers.clear();
  held(facts).state.reset();
  CHECK(x09_exclusive_cpus(facts).empty());
  held(facts).containers = {{"ns", "gone", "main", {2, 3}, {}}};
  CHECK(x09_exclusive_cpus(facts).empty());
}

}  // namespace plumbline::netcheck
