#include "netcheck/rules/facts_index.hpp"

#include <catch2/catch_test_macros.hpp>
#include <functional>

#include "netcheck/rules/lookup.hpp"
#include "tests/netcheck/rules/rack_facts.hpp"

namespace plumbline::netcheck {
namespace {

std::vector<std::string> words(const Facts& facts) {
  std::vector<std::string> all;
  for (const auto& [id, rule] : claim_rules()) {
    for (const Finding& finding : rule(facts))
      all.push_back(finding.rule + " " + to_string(finding.verdict) + " " + finding.message);
  }
  return all;
}

/// Racks on which something is not as it should be, each in another way.
std::vector<Facts> troubled_racks() {
  const std::vector<std::function<void(Facts&)>> troubles{
      [](Facts&) {},
      [](Facts& facts) { claim(facts, "gang-0-nics").reserved_for.clear(); },
      [](Facts& facts) { pod(facts, "gang-0").resource_claims.clear(); },
      [](Facts& facts) { claim(facts, "gang-0-nics").allocated = false; },
      [](Facts& facts) { facts.claims->slices.pop_back(); },
      [](Facts& facts) { facts.nodes.pop_back(); },
      [](Facts& facts) { pod(facts, "loader-0").phase = "Succeeded"; },
      [](Facts& facts) { take(facts, "node-6", "ens2"); },
      [](Facts& facts) { facts.claims.reset(); }};
  std::vector<Facts> racks;
  for (const auto& trouble : troubles) {
    racks.push_back(rack());
    trouble(racks.back());
  }
  return racks;
}

}  // namespace

TEST_CASE("With an index every rule says what it says without") {
  for (const Facts& facts : troubled_racks()) {
    const auto without = words(facts);
    const FactsIndex index(facts);
    CHECK(words(facts) == without);
  }
}

TEST_CASE("Facts know of their index while it lives, and copies of them do not") {
  const Facts facts = rack();
  {
    const FactsIndex index(facts);
    CHECK(facts.index.get() == &index);
    const Facts copy = facts;
    CHECK(copy.index.get() == nullptr);
    CHECK(find_node(copy, "node-1") == &copy.nodes.front());
  }
  CHECK(facts.index.get() == nullptr);
}

TEST_CASE("What is nowhere is found nowhere by an index either") {
  const Facts facts = rack();
  const FactsIndex index(facts);
  CHECK(find_node(facts, "node-9") == nullptr);
  CHECK(find_pod(facts, "tenant", "nobody") == nullptr);
  CHECK(published_devices(facts, "node-9").empty());
  CHECK_FALSE(find_published(facts, "dra.net", "node-1", "ens9"));
  CHECK_FALSE(is_network_driver(facts, "gpu.nvidia.com"));
  CHECK(pods_on(facts, "node-9").empty());
}

}  // namespace plumbline::netcheck
