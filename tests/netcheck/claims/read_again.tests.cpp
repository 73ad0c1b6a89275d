#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include "netcheck/claims/bundle.hpp"
#include "netcheck/claims/read_again.hpp"

namespace plumbline::netcheck::claims {
namespace {

using Catch::Matchers::ContainsSubstring;

AllocationView rack() {
  auto view = open_bundle(std::string(PLUMBLINE_FIXTURES) + "/rack")->snapshot(Deadline::never());
  if (!view) FAIL(view.error().message);
  return *view;
}

ClaimRef mac_of_node_3(const AllocationView& view) {
  ClaimRef claim{
      "ResourceSlice",    "node-3-dra.net", "", "", "spec.devices[0].attributes[dra.net/mac]",
      "02:70:00:00:03:01"};
  for (const SliceClaim& slice : view.slices) {
    if (slice.meta.name == claim.name) claim.uid = slice.meta.uid;
  }
  return claim;
}

}  // namespace

TEST_CASE("Every quoted path is read back") {
  const AllocationView view = rack();
  const auto [kind, name, path, value] =
      GENERATE(table<const char*, const char*, const char*, const char*>(
          {{"ResourceSlice", "node-3-dra.net", "spec.nodeName", "node-3"},
           {"ResourceSlice", "node-3-dra.net", "spec.devices[1].name", "ens2"},
           {"ResourceSlice", "node-3-dra.net", "spec.devices[1].attributes[dra.net/mtu]", "1500"},
           {"ResourceSlice", "node-3-dra.net", "spec.devices[1].attributes[dra.net/rdma]", "false"},
           {"ResourceClaim", "tenant/loader-0-nic", "status.allocation.devices.results[0]",
            "dra.net/node-6/ens3"},
           {"ResourceClaim", "plumbline/gang-0-nics", "status.allocation.devices.results",
            "dra.net/node-1/ens1, dra.net/node-1/ens2"},
           {"ResourceClaim", "tenant/loader-0-nic", "status.devices[0].networkData.interfaceName",
            "ens3"},
           {"ResourceClaim", "tenant/loader-0-nic", "status.devices[0].networkData.ips",
            "10.70.33.16/24"},
           {"Node", "node-1", "metadata.labels[kubernetes.io/hostname]", "node-1"},
           {"Node", "node-1", "status.allocatable[pods]", "110"},
           {"Pod", "plumbline/gang-1", "spec.nodeName", "node-2"},
           {"PodGroup", "plumbline/gang", "spec.schedulingPolicy.gang.minCount", "2"},
           {"PodGroup", "plumbline/gang", "spec.schedulingConstraints.topology[0].key",
            "fabric.topograph.run/tier-0"}}));
  CHECK(value_of({kind, name, "", "", path, ""}, view) == value);
}

TEST_CASE("Paths that lead nowhere have no value") {
  const AllocationView view = rack();
  for (const char* path : {"", "spec.devices[", "spec.devices[]", "spec.devices[9].name",
                           "spec.devices[0]", "spec.devices[x].name", "spec.devices[0].attributes[",
                           "spec.devices[-1].name", "spec.devices[0].attributes[dra.net/none]"}) {
    CHECK_FALSE(value_of({"ResourceSlice", "node-3-dra.net", "", "", path, ""}, view));
  }
  CHECK_FALSE(value_of({"Secret", "a/b", "", "", "data", ""}, view));
  CHECK_FALSE(value_of({"Node", "node-99", "", "", "metadata.labels[a]", ""}, view));
  CHECK_FALSE(
      value_of({"ResourceClaim", "tenant/loader-0-nic", "", "", "status.devices[4].x", ""}, view));
}

TEST_CASE("A claim that is the same is unchanged, whatever its resourceVersion") {
  AllocationView view = rack();
  const ClaimRef claim = mac_of_node_3(view);
  CHECK_FALSE(changed(claim, view));
  for (SliceClaim& slice : view.slices)
    slice.meta.resource_version = "99999";
  CHECK_FALSE(changed(claim, view));
}

TEST_CASE("A label that was not there and is not there now is unchanged") {
  AllocationView view = rack();
  ClaimRef claim{"Node", "node-1", view.nodes.front().meta.uid, "", "metadata.labels[none]", ""};
  CHECK_FALSE(changed(claim, view));
  view.nodes.front().meta.labels["none"] = "rack-9";
  CHECK(changed(claim, view).has_value());
}

TEST_CASE("Another value, another object and no object are changes, each with its words") {
  AllocationView view = rack();
  const ClaimRef claim = mac_of_node_3(view);
  SliceClaim* slice = nullptr;
  for (SliceClaim& candidate : view.slices) {
    if (candidate.meta.name == claim.name) slice = &candidate;
  }
  REQUIRE(slice != nullptr);
  SECTION("value") {
    slice->devices[0].attributes["dra.net/mac"] = std::string("02:00:00:00:00:01");
    CHECK_THAT(changed(claim, view).value_or(""),
               ContainsSubstring("was 02:70:00:00:03:01 and is 02:00:00:00:00:01"));
  }
  SECTION("field") {
    slice->devices.clear();
    CHECK_THAT(changed(claim, view).value_or(""), ContainsSubstring("any more"));
  }
  SECTION("uid") {
    slice->meta.uid = "another";
    CHECK_THAT(changed(claim, view).value_or(""), ContainsSubstring("another object"));
  }
  SECTION("object") {
    view.slices.clear();
    CHECK_THAT(changed(claim, view).value_or(""), ContainsSubstring("is gone"));
  }
}

}  // namespace plumbline::netcheck::claims
