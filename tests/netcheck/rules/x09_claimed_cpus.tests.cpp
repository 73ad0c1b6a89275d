#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include "tests/netcheck/rules/claims_yaml.hpp"
#include "tests/netcheck/rules/rack_facts.hpp"

namespace plumbline::netcheck {
namespace {

using Catch::Matchers::ContainsSubstring;

std::string pod_of(const std::string& name) {
  return "---\napiVersion: v1\nkind: Pod\nmetadata: {namespace: ns, name: " + name + ", uid: u-" +
         name +
         ", resourceVersion: '4'}\nspec: {nodeName: n1}\nstatus: {phase: Running, "
         "containerStatuses: [{name: main, containerID: 'containerd://id-" +
         name + "'}]}\n";
}

std::string claim_of(const std::string& name, const std::string& results) {
  return "---\napiVersion: resource.k8s.io/v1\nkind: ResourceClaim\nmetadata: {namespace: ns, "
         "name: " +
         name + ", uid: u-" + name +
         ", resourceVersion: '9'}\nspec: {devices: {requests: [{name: cpus, exactly: "
         "{deviceClassName: dra.cpu, count: 2}}]}}\nstatus:\n"
         "  reservedFor: [{resource: pods, name: a, uid: u-a}]\n"
         "  allocation:\n    nodeSelector: {nodeSelectorTerms: [{matchFields: [{key: "
         "metadata.name, "
         "operator: In, values: [n1]}]}]}\n    devices:\n      results:\n" +
         results;
}

/// Each CPU a device: the claim of ns/a has 2 and 3.
std::string single_cpus() {
  return slice_yaml("dra.cpu", "n1",
                    "cpudev000 dra.cpu/cpuID=2 dra.cpu/numaNodeID=0\n"
                    "cpudev001 dra.cpu/cpuID=3 dra.cpu/numaNodeID=0\n") +
         claim_of("two",
                  "      - {request: cpus, driver: dra.cpu, pool: n1, device: cpudev000}\n"
                  "      - {request: cpus, driver: dra.cpu, pool: n1, device: cpudev001}\n");
}

/// A NUMA node is a device; the claim of ns/a has so many CPUs of it.
std::string grouped_cpus(const std::string& amount) {
  return claim_of("some",
                  "      - {request: cpus, driver: dra.cpu, pool: n1, device: cpudevnuma000, "
                  "shareID: s1, consumedCapacity: {dra.cpu/cpu: '" +
                      amount + "'}}\n");
}

Facts facts_of(const std::string& claims, const std::vector<int>& a, const std::vector<int>& b) {
  Facts facts = claims_of(pod_of("a") + pod_of("b") + claims);
  NodeHoldings held;
  held.node = "n1";
  held.source = "kubelet.sock";
  held.cpusets = {
      {{"u-a", "id-a", a, {0}}, {"u-b", "id-b", b, {0}}, {"u-a", "sandbox", {0, 1, 2, 3}, {0}}}};
  facts.nodes.push_back({"n1", std::nullopt, "not asked", held, ""});
  return facts;
}

Finding judged(const Facts& facts, Verdict verdict) {
  const Finding finding = the_only(x09_claimed_cpus(facts), verdict);
  check_quotes(facts, {finding});
  CHECK(finding.subject.name == "ns/a");
  return finding;
}

}  // namespace

TEST_CASE("X09 matches a pod that the kernel confines to the CPUs of its claim") {
  const Finding finding = judged(facts_of(single_cpus(), {2, 3}, {0, 1}), Verdict::match);
  CHECK_THAT(finding.message, ContainsSubstring("CPUs 2-3"));
  CHECK(finding.claim->kind == "ResourceClaim");
}

TEST_CASE("X09: CPUs by claim that the kernel does not keep to are a violation") {
  SECTION("the pod may use the whole node") {
    const Facts facts = facts_of(single_cpus(), {0, 1, 2, 3}, {0, 1});
    CHECK_THAT(judged(facts, Verdict::violation).message, ContainsSubstring("main 0-3"));
  }
  SECTION("it has others") {
    const Facts facts = facts_of(single_cpus(), {0, 1}, {2, 3});
    CHECK_THAT(judged(facts, Verdict::violation).message, ContainsSubstring("confines none"));
  }
  SECTION("somebody else may use them too") {
    const Facts facts = facts_of(single_cpus(), {2, 3}, {0, 1, 3});
    CHECK_THAT(judged(facts, Verdict::violation).message,
               ContainsSubstring("container main of ns/b (3)"));
  }
  SECTION("so many of a group, and it has more") {
    const Facts facts = facts_of(grouped_cpus("2"), {0, 1, 2, 3}, {4});
    CHECK_THAT(judged(facts, Verdict::violation).message, ContainsSubstring("2 CPUs"));
  }
}

TEST_CASE("X09: so many CPUs of a group are any so many that nobody else may use") {
  judged(facts_of(grouped_cpus("2"), {1, 7}, {0}), Verdict::match);
  const Facts shared = facts_of(grouped_cpus("2"), {1, 7}, {0, 7});
  CHECK_THAT(judged(shared, Verdict::violation).message, ContainsSubstring("of ns/b (7)"));
}

TEST_CASE("X09: a container that uses two claims of its pod has the CPUs of both") {
  const std::string other =
      claim_of("one",
               "      - {request: cpus, driver: dra.cpu, pool: n1, device: cpudevnuma001, "
               "consumedCapacity: {dra.cpu/cpu: '1'}}\n");
  const auto findings = x09_claimed_cpus(facts_of(grouped_cpus("2") + other, {1, 2, 7}, {0}));
  REQUIRE(findings.size() == 2);
  CHECK(findings[0].verdict == Verdict::match);
  CHECK(findings[1].verdict == Verdict::match);
}

TEST_CASE("X09: what nobody saw of claimed CPUs is said with what would show it") {
  Facts facts = facts_of(single_cpus(), {2, 3}, {0, 1});
  SECTION("no cgroup of the node") {
    facts.nodes[0].holdings->cpusets.reset();
    CHECK_THAT(judged(facts, Verdict::unobservable).next_step, ContainsSubstring("--cgroup-root"));
  }
  SECTION("no cgroup of the pod") {
    facts.nodes[0].holdings->cpusets->erase(facts.nodes[0].holdings->cpusets->begin());
    judged(facts, Verdict::unobservable);
  }
  SECTION("no slice") {
    facts.claims->slices.clear();
    CHECK_THAT(judged(facts, Verdict::unobservable).message, ContainsSubstring("no slice says"));
  }
  SECTION("an amount that is no number of CPUs") {
    facts = facts_of(grouped_cpus("1500m"), {2, 3}, {0, 1});
    CHECK_THAT(judged(facts, Verdict::unobservable).message, ContainsSubstring("1500m"));
  }
  SECTION("a pod that has ended is nobody's affair") {
    facts.claims->pods[0].phase = "Succeeded";
    CHECK(x09_claimed_cpus(facts).empty());
  }
}

}  // namespace plumbline::netcheck
