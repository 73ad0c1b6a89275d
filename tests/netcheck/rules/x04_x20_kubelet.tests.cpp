#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include "netcheck/judge.hpp"
#include "tests/netcheck/rules/claims_yaml.hpp"
#include "tests/netcheck/rules/rack_facts.hpp"

namespace plumbline::netcheck {
namespace {

using Catch::Matchers::ContainsSubstring;

/// Node n1 offers two NICs by a plugin; pod ns/p has one of them.
Facts plugin_node() {
  Facts facts = claims_of(
      "---\napiVersion: v1\nkind: Node\nmetadata: {name: n1, uid: u-n1, resourceVersion: '7'}\n"
      "status: {allocatable: {x.io/nic: '2', cpu: '8'}}\n" +
      pod_yaml("p", "n1", ""));
  NodeHoldings held;
  held.node = "n1";
  held.source = "kubelet.sock";
  held.holdings = {{"ns", "p", "main", "x.io/nic", "nic-0", "", "", "", {0}}};
  held.allocatable = Allocatable{{{"x.io/nic", "nic-0", {0}}, {"x.io/nic", "nic-1", {1}}}, {}};
  KubeletState state;
  state.plugins = {{"u-p", "main", "x.io/nic", {"nic-0"}},
                   {"u-gone", "main", "x.io/nic", {"nic-1"}}};
  held.state = state;
  facts.nodes.push_back({"n1", std::nullopt, "not asked", held, ""});
  return facts;
}

}  // namespace

TEST_CASE("X20: a Node offers what its kubelet has to give") {
  Facts facts = plugin_node();
  const Finding same = the_only(x20_allocatable(facts), Verdict::match);
  check_quotes(facts, {same});
  facts.nodes[0].holdings->allocatable->devices.pop_back();
  const Finding fewer = the_only(x20_allocatable(facts), Verdict::violation);
  check_quotes(facts, {fewer});
  CHECK_THAT(fewer.message, ContainsSubstring("offers 2 x.io/nic, and its kubelet has 1 to give"));
  facts.claims->nodes[0].allocatable.clear();
  CHECK_THAT(the_only(x20_allocatable(facts), Verdict::violation).message,
             ContainsSubstring("offers no x.io/nic"));
}

TEST_CASE("X20: a thousand devices are a thousand, whatever the API server writes for it") {
  Facts facts = plugin_node();
  facts.claims->nodes[0].allocatable["x.io/nic"] = "1k";
  auto& devices = facts.nodes[0].holdings->allocatable->devices;
  devices.resize(1000, devices.front());
  the_only(x20_allocatable(facts), Verdict::match);
}

TEST_CASE("X04: a kubelet answers what stands in its own checkpoint") {
  Facts facts = plugin_node();
  const Finding same = the_only(x04_checkpoint(facts), Verdict::match);
  check_quotes(facts, {same});
  facts.nodes[0].holdings->holdings[0].device = "nic-1";
  const Finding other = the_only(x04_checkpoint(facts), Verdict::violation);
  check_quotes(facts, {other});
  CHECK_THAT(other.message, ContainsSubstring("x.io/nic nic-0 in its own checkpoint"));
}

TEST_CASE("X04 and X20 say nothing of a kubelet's books that nobody read") {
  Facts facts = plugin_node();
  facts.nodes[0].holdings->state->plugins.reset();
  facts.nodes[0].holdings->allocatable.reset();
  CHECK(x04_checkpoint(facts).empty());
  CHECK(x20_allocatable(facts).empty());
}

namespace {

/// Pod ns/p runs on n1 with claim ns/c of one NIC, which its kubelet prepared.
Facts prepared_node() {
  Facts facts = claims_of(pod_yaml("p", "n1", "") + "---\n" + R"(
apiVersion: resource.k8s.io/v1
kind: ResourceClaim
metadata: {name: c, namespace: ns, uid: u-c, resourceVersion: '9'}
spec: {devices: {requests: [{name: nic, exactly: {deviceClassName: nic}}]}}
status:
  allocation: {devices: {results: [{request: nic, driver: dra.net, pool: n1, device: ens1}]}}
  reservedFor: [{resource: pods, name: p, uid: u-p}]
)");
  NodeHoldings held;
  held.node = "n1";
  held.source = "kubelet.sock";
  held.read_at = "2026-11-23T06:24:35Z";
  KubeletState state;
  state.claims =
      std::vector<PreparedClaim>{{"u-gone", "ns", "other", {"u-x"}, {{"dra.net", "n1", "ens2"}}},
                                 {"u-c", "ns", "c", {"u-p"}, {{"dra.net", "n1", "ens1"}}}};
  held.state = state;
  facts.nodes.push_back({"n1", std::nullopt, "not asked", held, ""});
  return facts;
}

}  // namespace

TEST_CASE("X04: a kubelet prepared what a claim was given") {
  Facts facts = prepared_node();
  const Finding same = the_only(x04_prepared(facts), Verdict::match);
  check_quotes(facts, {same});
  auto& prepared = facts.nodes[0].holdings->state->claims->back();
  prepared.devices.clear();
  the_only(x04_prepared(facts), Verdict::match);  // the driver told of no devices
  prepared.devices = {{"dra.net", "n1", "ens2"}};
  const Finding other = the_only(x04_prepared(facts), Verdict::violation);
  check_quotes(facts, {other});
  CHECK_THAT(other.message,
             ContainsSubstring("prepared dra.net/n1/ens2 for claim ns/c, which was given "
                               "dra.net/n1/ens1"));
}

TEST_CASE("X04: a claim that was made anew under its old name is not the one that was prepared") {
  Facts facts = prepared_node();
  facts.nodes[0].holdings->state->claims->back().uid = "u-old";
  CHECK_THAT(the_only(x04_prepared(facts), Verdict::violation).message,
             ContainsSubstring("the one with uid u-old, not u-c"));
  facts.nodes[0].holdings->state->claims->pop_back();
  CHECK_THAT(the_only(x04_prepared(facts), Verdict::violation).message,
             ContainsSubstring("never prepared it"));
}

TEST_CASE("X04 says nothing of a DRA checkpoint that nobody read, nor of pods that do not run") {
  Facts facts = prepared_node();
  facts.claims->pods[0].phase = "Pending";
  CHECK(x04_prepared(facts).empty());
  facts = prepared_node();
  facts.nodes[0].holdings->state->claims.reset();
  CHECK(x04_prepared(facts).empty());
}

TEST_CASE("Evidence of a node carries the time at which it was looked at") {
  const Report report = judge(prepared_node());
  bool seen = false;
  for (const Finding& finding : report.findings) {
    for (const Evidence& evidence : finding.evidence) {
      if (evidence.source != "dra_manager_state of n1") continue;
      seen = true;
      CHECK(evidence.time == "2026-11-23T06:24:35Z");
    }
  }
  CHECK(seen);
}

}  // namespace plumbline::netcheck
