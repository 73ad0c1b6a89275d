#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include "tests/netcheck/rules/inside_facts.hpp"
#include "tests/netcheck/rules/rack_facts.hpp"

namespace plumbline::netcheck {
namespace {

using Catch::Matchers::ContainsSubstring;

NodeHoldings& kubelet(Facts& facts) { return *facts.nodes[0].holdings; }

/// The stage's pod single-0 has CPUs 2 and 3 and memory of NUMA node 1 for itself, and a process
/// in it sees just that; its others live on the shared pool, 0 and 1.
Facts confined() {
  Facts facts = inside_facts();
  kubelet(facts).containers = {{"plumbline", "single-0", "rank", {2, 3}, {1}}};
  inside(facts, "single-0").cpus = {2, 3};
  inside(facts, "single-0").memory_nodes = {1};
  return facts;
}

void names(const Facts& facts, const std::string& pod, const std::string& words) {
  const Finding finding = the_only(x09_inside(facts), Verdict::violation);
  CHECK(finding.subject.name == pod);
  CHECK(finding.subject.node == "n1");
  CHECK(finding.claim);
  CHECK_FALSE(finding.next_step.empty());
  CHECK_THAT(finding.message, ContainsSubstring(words));
}

}  // namespace

TEST_CASE("X09: processes in pods of the stage that may use what the kubelet says match") {
  const Facts facts = confined();
  CHECK(all_match(x09_inside(facts)));
  CHECK(with(x09_inside(facts), Verdict::match).size() == 4);
}

TEST_CASE("X09: a process that is confined to fewer CPUs than its pod has matches") {
  Facts facts = confined();
  inside(facts, "single-0").cpus = {3};
  CHECK(all_match(x09_inside(facts)));
}

TEST_CASE("X09: a process in a pod that may use others than its own CPUs is a violation") {
  Facts facts = confined();
  inside(facts, "single-0").cpus = {0, 1, 2, 3};
  names(facts, "plumbline/single-0", "may use CPUs 0-3, but its kubelet gave it 2-3");
}

TEST_CASE("X09: a process that may use CPUs that another pod has for itself is a violation") {
  Facts facts = confined();
  inside(facts, "bare-0").cpus = {0, 1, 3};
  names(facts, "plumbline/bare-0", "container rank of plumbline/single-0 (3)");
}

TEST_CASE("X09: a process that may use memory of another NUMA node is a violation") {
  Facts facts = confined();
  inside(facts, "single-0").memory_nodes = {0, 1};
  names(facts, "plumbline/single-0", "NUMA nodes 0-1, but its kubelet gave it 1");
  facts = confined();
  kubelet(facts).containers[0].memory_numa.clear();
  kubelet(facts).state = KubeletState{};
  kubelet(facts).state->entries = {{"u-single0", "rank", {2, 3}, {0}}};
  names(facts, "plumbline/single-0", "NUMA nodes 1, but its kubelet gave it 0");
}

TEST_CASE("X09 says nothing of the inside where nobody has anything for itself, or nobody looked") {
  CHECK(x09_inside(inside_facts()).empty());
  Facts facts = confined();
  SECTION("no pods of the stage's own") { facts.workloads.reset(); }
  SECTION("a silent kubelet") { facts.nodes[0].holdings.reset(); }
  SECTION("no agent inside told anything") { facts.placed.clear(); }
  SECTION("the kernel's list was not read") {
    for (NodeFacts& one : facts.placed)
      one.topology->inside->cpus.clear();
  }
  CHECK(x09_inside(facts).empty());
}

}  // namespace plumbline::netcheck
