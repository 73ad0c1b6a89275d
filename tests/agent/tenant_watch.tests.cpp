#include "agent/service/tenant_watch.hpp"

#include <atomic>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include "tests/agent/support/programs.hpp"

using namespace plumbline;
using namespace plumbline::agent;
using Catch::Matchers::ContainsSubstring;

namespace {

NodeHoldings held_by(const std::string& pod_namespace, const std::string& device) {
  NodeHoldings holdings;
  holdings.node = "node-5";
  Holding holding;
  holding.pod_namespace = pod_namespace;
  holding.pod_name = "trainer-0";
  holding.device = device;
  holding.claim = "trainer-0-nic";
  holdings.holdings.push_back(holding);
  return holdings;
}

const Watched kWatched{"node-5", {"ens2", "nic-1"}, "plumbline"};

}  // namespace

TEST_CASE("A tenant is a pod of another namespace that holds the device by any of its names") {
  const auto tenant = tenant_on(held_by("tenant", "nic-1"), kWatched);
  REQUIRE(tenant);
  CHECK(tenant->message == "nic-1 on node-5 is held by pod tenant/trainer-0 (claim trainer-0-nic)");
  CHECK_FALSE(tenant_on(held_by("plumbline", "ens2"), kWatched));
  CHECK_FALSE(tenant_on(held_by("tenant", "ens3"), kWatched));
  CHECK_FALSE(tenant_on(NodeHoldings{}, kWatched));
}

TEST_CASE("A device with a tenant, or with an unknown holder, is not measured") {
  const auto held =
      TenantWatch::start([](Deadline) { return held_by("tenant", "ens2"); }, kWatched);
  REQUIRE_FALSE(held);
  CHECK(held.error().code == ErrorCode::conflict);
  const auto unknown = TenantWatch::start(
      [](Deadline) -> Result<NodeHoldings> { return fail(ErrorCode::unavailable, "no socket"); },
      kWatched);
  REQUIRE_FALSE(unknown);
  CHECK_THAT(unknown.error().message, ContainsSubstring("cannot be told: no socket"));
}

TEST_CASE("A tenant that comes while a device is measured raises the alarm within a second") {
  const auto come = std::make_shared<std::atomic<bool>>(false);
  const auto watch = TenantWatch::start(
      [come](Deadline) { return *come ? held_by("tenant", "ens2") : NodeHoldings{}; }, kWatched);
  REQUIRE(watch);
  CHECK_FALSE((*watch)->alarm());
  *come = true;
  CHECK(
      testing::eventually([&] { return (*watch)->alarm().has_value(); }, std::chrono::seconds(1)));
  CHECK((*watch)->alarm()->code == ErrorCode::cancelled);
}

TEST_CASE("One answer that the kubelet does not give is no alarm") {
  const auto asked = std::make_shared<std::atomic<int>>(0);
  const auto watch = TenantWatch::start(
      [asked](Deadline) -> Result<NodeHoldings> {
        if (++*asked == 2) return fail(ErrorCode::deadline_exceeded, "late");
        return NodeHoldings{};
      },
      kWatched);
  REQUIRE(watch);
  REQUIRE(testing::eventually([&] { return *asked >= 4; }));
  CHECK_FALSE((*watch)->alarm());
}
