#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

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

}  // namespace plumbline::netcheck
