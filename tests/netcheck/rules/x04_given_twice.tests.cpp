#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include "tests/netcheck/rules/rack_facts.hpp"

namespace plumbline::netcheck {
namespace {

using Catch::Matchers::ContainsSubstring;

/// The first device of gang-1's claim is gang-0's first device.
Facts with_a_device_twice() {
  Facts facts = rack();
  claim(facts, "gang-1-nics").devices[0] = claim(facts, "gang-0-nics").devices[0];
  return facts;
}

}  // namespace

TEST_CASE("X04: a device that was given to two claims at once is named with both") {
  CHECK(x04_given_twice(rack()).empty());
  const Facts facts = with_a_device_twice();
  const auto findings = x04_given_twice(facts);
  const Finding finding = the_only(findings, Verdict::violation);
  CHECK_THAT(finding.message, ContainsSubstring("dra.net/node-1/ens1"));
  CHECK_THAT(finding.message, ContainsSubstring("gang-0-nics"));
  CHECK_THAT(finding.message, ContainsSubstring("gang-1-nics"));
  check_quotes(facts, findings);
}

TEST_CASE("X04: a device that can be shared, or is given in shares or for administration, may be") {
  Facts facts = with_a_device_twice();
  AllocatedDevice& again = claim(facts, "gang-1-nics").devices[0];
  SECTION("it says so") { published(facts, "node-1", "ens1").shared = true; }
  SECTION("a share") { again.share_id = "3"; }
  SECTION("capacity") { again.consumed_capacity["bandwidth"] = "10G"; }
  SECTION("administration") { again.admin_access = true; }
  SECTION("nothing was given") { claim(facts, "gang-1-nics").allocated = false; }
  SECTION("one claim, recorded twice") {
    claim(facts, "gang-1-nics").meta.name = claim(facts, "gang-0-nics").meta.name;
  }
  CHECK(x04_given_twice(facts).empty());
}

}  // namespace plumbline::netcheck
