#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <nlohmann/json.hpp>

#include "netcheck/claims/bundle.hpp"
#include "netcheck/claims/documents.hpp"
#include "netcheck/claims/node_records.hpp"
#include "tests/netcheck/claims/temporary_folder.hpp"

namespace plumbline::netcheck::claims {
namespace {

using Catch::Matchers::ContainsSubstring;

AllocationView fixture(const std::string& name) {
  auto view =
      open_bundle(std::string(PLUMBLINE_FIXTURES) + "/" + name)->snapshot(Deadline::never());
  if (!view) FAIL(view.error().message);
  return *view;
}

template <typename T>
const T& named(const std::vector<T>& objects, const std::string& name) {
  for (const T& object : objects) {
    if (object.meta.name == name) return object;
  }
  FAIL("no object " << name);
  return objects.front();
}

std::string text(const SliceDevice& device, const std::string& key) {
  return std::get<std::string>(device.attributes.at(key));
}

}  // namespace

TEST_CASE("A rack's bundle is read whole") {
  const AllocationView view = fixture("rack");
  CHECK(view.nodes.size() == 6);
  CHECK(view.slices.size() == 6);
  CHECK(view.claims.size() == 7);
  CHECK(view.pods.size() == 7);
  CHECK(view.warnings.empty());
  CHECK(view.source.find("bundle ") == 0);
  CHECK_FALSE(view.read_at.empty());
  CHECK(named(view.nodes, "node-3").meta.labels.at("fabric.topograph.run/tier-0") == "rack-2");
  CHECK(named(view.nodes, "node-3").allocatable.at("pods") == "110");
}

TEST_CASE("A slice keeps its devices' places, and attributes their types") {
  const AllocationView view = fixture("rack");
  const SliceClaim& slice = named(view.slices, "node-6-dra.net");
  CHECK(slice.node == "node-6");
  CHECK(slice.driver == "dra.net");
  CHECK(slice.pool == "node-6");
  REQUIRE(slice.devices.size() == 3);
  CHECK(slice.devices[2].name == "ens3");
  CHECK(slice.devices[2].index == 2);
  CHECK(text(slice.devices[2], "dra.net/mac") == "02:70:00:00:06:03");
  CHECK(std::get<std::int64_t>(slice.devices[0].attributes.at("dra.net/mtu")) == 1500);
  CHECK(std::get<bool>(slice.devices[0].attributes.at("dra.net/virtual")));
}

TEST_CASE("A claim carries its results, its network data and its pods") {
  const AllocationView view = fixture("rack");
  const DeviceClaim& claim = named(view.claims, "gang-0-nics");
  CHECK(claim.allocated);
  CHECK(claim.meta.name_space == "plumbline");
  CHECK(claim.reserved_for == std::vector<std::string>{"gang-0"});
  REQUIRE(claim.devices.size() == 2);
  CHECK(claim.devices[1].request == "nic-1");
  CHECK(claim.devices[1].device == "ens2");
  CHECK(claim.devices[1].interface_name == "ens2");
  CHECK(claim.devices[1].hardware_address == "02:70:00:00:01:02");
  CHECK(claim.devices[1].addresses == std::vector<std::string>{"10.70.2.11/24"});
  CHECK_FALSE(claim.devices[1].admin_access);
}

TEST_CASE("A pod knows its node, its claims by name and its gang") {
  const AllocationView view = fixture("rack");
  const PodClaim& pod = named(view.pods, "gang-1");
  CHECK(pod.node == "node-2");
  CHECK(pod.phase == "Running");
  CHECK(pod.host_network);
  CHECK(pod.resource_claims == std::vector<std::string>{"gang-1-nics"});
  CHECK(pod.gang == "plumbline/gang");
  CHECK_FALSE(named(view.pods, "loader-0").host_network);
  REQUIRE(view.placements.size() == 1);
  CHECK(view.placements[0].kind == "PodGroup");
  CHECK(view.placements[0].least_members == 2);
  CHECK(view.placements[0].one_domain == "fabric.topograph.run/tier-0");
  CHECK(view.placements[0].path == "spec.schedulingConstraints.topology[0].key");
  CHECK(view.placements[0].required);
}

TEST_CASE("Every served version and every shape that kubectl writes is read") {
  const AllocationView view = fixture("versions");
  SECTION("v1beta1 nests below basic, and bare names belong to the driver") {
    const SliceClaim& slice = named(view.slices, "node-1-dra.net");
    CHECK(text(slice.devices[0], "dra.net/ifName") == "ens1");
  }
  SECTION("a template's claim is found by the pod's status, a claim of a group by its pods") {
    CHECK(named(view.pods, "job-0").resource_claims ==
          std::vector<std::string>{"job-0-nics-x7k2p"});
    const DeviceClaim& claim = named(view.claims, "job-0-nics-x7k2p");
    CHECK(claim.reserved_for == std::vector<std::string>{"job-0"});
    CHECK(claim.devices[1].admin_access);
  }
  SECTION("PodGroups of v1beta1 and v1alpha3 in nested Lists") {
    CHECK(named(view.placements, "crew").one_domain.has_value());
    CHECK_FALSE(named(view.placements, "pair").one_domain.has_value());
    CHECK(named(view.placements, "pair").least_members == 2);
  }
  SECTION("YAML: quoted numbers stay text, list attributes are lists") {
    CHECK(named(view.nodes, "node-1").meta.labels.at("example.com/numbered") == "7");
    CHECK(named(view.nodes, "node-1").allocatable.at("example.com/sriov_nics") == "4");
    const SliceDevice& device = named(view.slices, "node-1-sriov").devices.front();
    CHECK(device.attributes.size() == 5);
    CHECK(text(device, "resource.kubernetes.io/pciBusID") == "0000:17:00.3");
    CHECK(text(device, "sriovnetwork.k8snetworkplumbingwg.io/interfaceName") == "ens1v3");
    CHECK(text(device, "sriovnetwork.k8snetworkplumbingwg.io/driverVersion") == "1.2.3");
  }
  SECTION("only the highest generation counts; an incomplete pool and an unknown version warn") {
    CHECK(view.slices.size() == 2);
    REQUIRE(view.warnings.size() == 2);
    CHECK_THAT(view.warnings[0], ContainsSubstring("node.yaml: ResourceSlice ancient: version "
                                                   "resource.k8s.io/v1alpha3"));
    CHECK_THAT(view.warnings[1], ContainsSubstring("generation 4 is incomplete: 1 of 2"));
  }
}

TEST_CASE("The same object read in two versions or at two times counts once") {
  const TemporaryFolder folder;
  const auto slice = [](const char* version, const char* revision, const char* body) {
    return std::string(R"({"kind":"ResourceSlice","apiVersion":"resource.k8s.io/)") + version +
           R"(","metadata":{"name":"s","uid":"u","resourceVersion":")" + revision +
           R"("},"spec":{"driver":"d","nodeName":"n","pool":{"name":"p","generation":1,)" +
           R"("resourceSliceCount":1},"devices":[)" + body + "]}}";
  };
  SECTION("the newer version of the API") {
    folder.with("a.json", slice("v1beta1", "7", R"({"name":"old"})"));
    folder.with("b.json", slice("v1", "7", R"({"name":"new"})"));
  }
  SECTION("the later reading, numbers compared as numbers") {
    folder.with("a.json", slice("v1", "10", R"({"name":"new"})"));
    folder.with("b.json", slice("v1", "9", R"({"name":"old"})"));
  }
  const auto view = open_bundle(folder.path())->snapshot(Deadline::never());
  REQUIRE(view);
  REQUIRE(view->slices.size() == 1);
  CHECK(view->slices[0].devices[0].name == "new");
  CHECK(view->warnings.empty());
}

TEST_CASE("An empty List is an answer: there is nothing of that kind") {
  const TemporaryFolder folder;
  folder.with("pods.json", R"({"kind":"List","apiVersion":"v1","items":[]})");
  const auto view = open_bundle(folder.path())->snapshot(Deadline::never());
  REQUIRE(view);
  CHECK(view->pods.empty());
}

namespace {

constexpr const char* kNode = R"({"kind":"Node","apiVersion":"v1","metadata":{"name":"n1"}})";
constexpr const char* kPod =
    R"({"kind":"Pod","apiVersion":"v1","metadata":{"name":"p1","namespace":"ns"}})";

AllocationView view_of(const std::filesystem::path& bundle) {
  auto view = open_bundle(bundle)->snapshot(Deadline::never());
  if (!view) FAIL(view.error().message);
  return std::move(*view);
}

}  // namespace

TEST_CASE("Objects are found however deep a dump keeps them, as must-gather does") {
  const TemporaryFolder folder;
  const auto root = folder.path() / "must-gather.local.1/quay-io-image-sha256-1";
  std::filesystem::create_directories(root / "cluster-scoped-resources/core/nodes");
  std::filesystem::create_directories(root / "namespaces/ns/pods/p1");
  std::filesystem::create_directories(folder.path() / "nodes/n1");
  const std::string nodes = "must-gather.local.1/quay-io-image-sha256-1/cluster-scoped-resources/";
  folder.with(nodes + "core/nodes/n1.yaml",
              "---\napiVersion: v1\nkind: Node\n"
              "metadata:\n  name: n1\n");
  folder.with("must-gather.local.1/quay-io-image-sha256-1/namespaces/ns/pods/p1/p1.yaml", kPod);
  folder.with("nodes/n1/n1_logs_kubelet.log", "noise");
  const AllocationView view = view_of(folder.path());
  CHECK(view.nodes.size() == 1);
  CHECK(view.pods.size() == 1);
  CHECK(view.warnings.empty());
  CHECK(read_node_records(folder.path()).value().empty());
}

TEST_CASE("One file is read by what it holds, whatever it is called and however it was saved") {
  const TemporaryFolder folder;
  const auto two_in = [&](const std::string& name, const std::string& text) {
    folder.with(name, text);
    const AllocationView view = view_of(folder.path() / name);
    return view.nodes.size() == 1 && view.pods.size() == 1 && view.whole;
  };
  const std::string both = std::string(kNode) + "\n" + kPod + "\n";
  CHECK(two_in("two.json", both));
  CHECK(two_in("two.txt", both));
  CHECK(two_in("array.json", std::string("[") + kNode + "," + kPod + "]"));
  CHECK(two_in("json.yaml", both));
  CHECK(two_in("bom.json", "\xEF\xBB\xBF" + both));
  CHECK(two_in("windows.yaml",
               "apiVersion: v1\r\nkind: Node\r\nmetadata:\r\n  name: n1\r\n---\r\n"
               "apiVersion: v1\r\nkind: Pod\r\nmetadata: {name: p1, namespace: ns}\r\n"));
  CHECK(two_in("dump",
               "- apiVersion: v1\n  kind: Node\n  metadata: {name: n1}\n"
               "- apiVersion: v1\n  kind: Pod\n  metadata: {name: p1}\n"));
  std::string little = "\xFF\xFE";
  std::string big = "\xFE\xFF";
  for (const char c : both) {
    little += std::string{c, '\0'};
    big += std::string{'\0', c};
  }
  CHECK(two_in("powershell.json", little));
  CHECK(two_in("big-endian.json", big));
  for (const char* const broken : {"\xFF\xFE{", "\xFF\xFE\x3D\xD8{}"}) {
    const auto refused = parse_documents(broken, Writing::unknown);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().message == "is broken UTF-16");
  }
  const auto smile =
      parse_documents(std::string("\xFF\xFE\"\0\x3D\xD8\x00\xDE\"\0", 10), Writing::json);
  REQUIRE(smile);
  CHECK(smile->front() == "\xF0\x9F\x98\x80");
}

TEST_CASE("An alias is what its anchor names, as other tools than kubectl write it") {
  const auto read = parse_yaml("a: &x {k: [1, &y two]}\nb: *x\nc: *y\n");
  if (!read) FAIL(read.error().message);
  CHECK(read->front().dump() == R"({"a":{"k":[1,"two"]},"b":{"k":[1,"two"]},"c":"two"})");
}

TEST_CASE("Who wrote a field is no claim, and costs no room") {
  const auto read = parse_json(
      R"({"metadata":{"managedFields":[{"manager":"kubectl"}],"name":"n"},"managedFields":1})");
  REQUIRE(read);
  CHECK(read->front().dump() == R"({"metadata":{"name":"n"}})");
}

TEST_CASE("A pool of which slices are missing is known not to be whole") {
  const TemporaryFolder folder;
  folder.with("a.yaml",
              "apiVersion: resource.k8s.io/v1\nkind: ResourceSlice\nmetadata: {name: s}\n"
              "spec: {driver: d, nodeName: n, pool: {name: n, generation: 2, "
              "resourceSliceCount: 2}, devices: []}\n");
  const AllocationView view = view_of(folder.path());
  REQUIRE(view.slices.size() == 1);
  CHECK_FALSE(view.slices[0].whole_pool);
  CHECK(view.whole);
}

}  // namespace plumbline::netcheck::claims
