#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <nlohmann/json.hpp>

#include "netcheck/claims/bundle.hpp"
#include "netcheck/claims/documents.hpp"
#include "tests/netcheck/claims/temporary_folder.hpp"

namespace plumbline::netcheck::claims {
namespace {

namespace fs = std::filesystem;
using Catch::Matchers::ContainsSubstring;

Result<AllocationView> read(const fs::path& folder) {
  return open_bundle(folder)->snapshot(Deadline::never());
}

std::string failure(const fs::path& folder) {
  const auto view = read(folder);
  return view ? "no error" : view.error().message;
}

std::string repeated(const std::string& text, int times) {
  std::string all;
  for (int i = 0; i < times; ++i)
    all += text;
  return all;
}

/// One object of a kind with a body, as the warning that it becomes.
std::string warning(const std::string& api, const std::string& kind, const std::string& body) {
  const TemporaryFolder folder;
  folder.with("x.json", R"({"apiVersion":")" + api + R"(","kind":")" + kind +
                            R"(","metadata":{"name":"it","namespace":"ns"},)" + body + "}");
  const auto view = read(folder.path());
  REQUIRE(view);
  const bool dropped = view->nodes.empty() && view->slices.empty() && view->claims.empty() &&
                       view->pods.empty() && view->placements.empty();
  CHECK(dropped);
  REQUIRE(view->warnings.size() == 1);
  return view->warnings.front();
}

const char* const resource = "resource.k8s.io/v1";

}  // namespace

TEST_CASE("What cannot be read is an error that names it, never an empty view") {
  const TemporaryFolder folder;
  SECTION("a missing folder") {
    const auto view = read(folder.path() / "none");
    REQUIRE_FALSE(view);
    CHECK(view.error().code == ErrorCode::not_found);
    CHECK_THAT(view.error().message, ContainsSubstring("none"));
  }
  SECTION("a folder without objects") {
    CHECK_THAT(failure(folder.with("notes.txt", "hello")), ContainsSubstring("no file in it"));
    CHECK_THAT(failure(folder.with("x.json", "{}")), ContainsSubstring("no file in it"));
  }
  SECTION("broken JSON") {
    CHECK_THAT(failure(folder.with("x.json", "{\"kind\": ")),
               ContainsSubstring("x.json: is not JSON"));
    CHECK_THAT(failure(folder.with("x.json", "")), ContainsSubstring("x.json: is not JSON"));
    CHECK_THAT(failure(folder.with("x.json", "{\"kind\":\"\xff\"}")), ContainsSubstring("x.json"));
  }
  SECTION("broken YAML") {
    CHECK_THAT(failure(folder.with("x.yaml", "a: [1, 2")),
               ContainsSubstring("x.yaml: is not YAML"));
    CHECK_THAT(failure(folder.with("x.yaml", "a: \xc3")),
               ContainsSubstring("x.yaml: is not UTF-8"));
    CHECK_THAT(failure(folder.with("x.yaml", "[1]: 2")), ContainsSubstring("not a scalar"));
  }
  SECTION("a List whose items are none") {
    CHECK_THAT(failure(folder.with("x.json", R"({"kind":"List","items":{}})")),
               ContainsSubstring("x.json: items is not a list"));
  }
  SECTION("a deadline that has passed") {
    folder.with("x.json", R"({"kind":"List","items":[]})");
    const auto view =
        open_bundle(folder.path())->snapshot(Deadline::after(std::chrono::seconds(-1)));
    REQUIRE_FALSE(view);
    CHECK(view.error().code == ErrorCode::deadline_exceeded);
  }
}

TEST_CASE("A file that cannot be used costs its own objects, is said, and nothing is whole then") {
  const TemporaryFolder folder;
  folder.with("x.json", R"({"kind":"Node","apiVersion":"v1","metadata":{"name":"n1"}})");
  std::string expected;
  SECTION("a link with an object file's name, never followed") {
    fs::create_symlink("/etc/hostname", folder.path() / "y.json");
    expected = "y.json is a link";
  }
  SECTION("a link to a folder") {
    fs::create_directory_symlink("/etc", folder.path() / "y");
    expected = "y is a link";
  }
  SECTION("one that was cut off") {
    folder.with("y.json", R"({"kind":"List","items":[{"kind":"Node","apiVersion":"v1","met)");
    expected = "y.json: is not JSON";
  }
  SECTION("a file over 512 MiB") {
    folder.with("y.json", "");
    fs::resize_file(folder.path() / "y.json", (512U << 20U) + 1);
    expected = "y.json";
  }
  const auto view = read(folder.path());
  REQUIRE(view);
  CHECK(view->nodes.size() == 1);
  CHECK_FALSE(view->whole);
  REQUIRE(view->warnings.size() == 1);
  CHECK_THAT(view->warnings.front(), ContainsSubstring(expected));
}

TEST_CASE("A broken file that holds no claims is said, and takes no conclusion away") {
  const TemporaryFolder folder;
  folder.with("x.json", R"({"kind":"Node","apiVersion":"v1","metadata":{"name":"n1"}})");
  folder.with("chart.yaml", "apiVersion: v1\nkind: Service\nmetadata: {{ .Values.x }}\n");
  const auto view = read(folder.path());
  REQUIRE(view);
  CHECK(view->warnings.size() == 1);
  CHECK(view->whole);
}

TEST_CASE("Whatever else lies in a bundle's folder is left alone") {
  const TemporaryFolder folder;
  folder.with("x.json", R"({"kind":"Node","apiVersion":"v1","metadata":{"name":"n1"}})");
  fs::create_symlink("/etc/hostname", folder.path() / "latest.log");
  fs::create_directory(folder.path() / "y.json");
  folder.with(".hidden.yaml", "a: [");
  folder.with("kubelet.log", "{");
  const auto view = read(folder.path());
  REQUIRE(view);
  CHECK(view->whole);
  CHECK(view->warnings.empty());
}

TEST_CASE("Nesting, counts and aliases are bounded before they grow") {
  const std::string deep = repeated("[", 100) + repeated("]", 100);
  CHECK_FALSE(parse_json(deep));
  CHECK_FALSE(parse_yaml(deep));
  CHECK_FALSE(parse_json(repeated("[", 200'000)));
  CHECK_FALSE(parse_yaml(repeated("[", 20'000)));
  CHECK(parse_json(repeated("[", 60) + repeated("]", 60)));
  CHECK(parse_yaml(repeated("[", 60) + repeated("]", 60)));
  std::string many = "[0";
  for (long i = 0; i < kMostValues; ++i)
    many += ",0";
  const auto counted = parse_json(many + "]");
  REQUIRE_FALSE(counted);
  CHECK_THAT(counted.error().message, ContainsSubstring("more than 10000000 values"));
  const auto endless = parse_yaml("%YAML 1.2\n, -\nkind");
  REQUIRE_FALSE(endless);
  CHECK_FALSE(parse_yaml(repeated("---\na\n", 10'001)));
  std::string laughs = "a0: &a0 [x, x]\n";
  for (int i = 1; i < 40; ++i) {
    const std::string before = "*a" + std::to_string(i - 1);
    laughs += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + before + ", " + before +
              "]\n";
  }
  const auto bomb = parse_yaml(laughs);
  REQUIRE_FALSE(bomb);
  CHECK_THAT(bomb.error().message, ContainsSubstring("is an alias beyond the limit"));
  CHECK_FALSE(parse_yaml("a: &a [*a]\n"));
  CHECK_FALSE(parse_yaml("a: *nowhere\n"));
}

TEST_CASE("Lists in lists end somewhere") {
  const TemporaryFolder folder;
  const std::string lists = repeated(R"({"kind":"List","items":[)", 12) + repeated("]}", 12);
  CHECK_THAT(failure(folder.with("x.json", lists)), ContainsSubstring("lists nest too deep"));
}

TEST_CASE("A malformed object becomes a warning with file, object and field") {
  const auto [api, kind, body, field] = GENERATE(table<const char*, const char*, const char*,
                                                       const char*>(
      {{resource, "ResourceSlice", R"("spec":[])", "spec: is of type array, not an object"},
       {resource, "ResourceSlice", R"("spec":{"driver":"d"})", "spec.pool.name: is missing"},
       {resource, "ResourceSlice", R"("spec":{"driver":"d","pool":{"name":"p"},"devices":{}})",
        "spec.devices: is of type object, not a list"},
       {resource, "ResourceSlice", R"("spec":{"driver":"d","pool":{"name":"p"},"devices":[{}]})",
        "spec.devices[0].name: is missing"},
       {resource, "ResourceSlice",
        R"("spec":{"driver":"d","pool":{"name":"p"},)"
        R"("devices":[{"name":"a","attributes":{"mtu":{"int":"9"}}}]})",
        "spec.devices[0].attributes.mtu.int: is of type string, not a whole number"},
       {resource, "ResourceSlice",
        R"("spec":{"driver":"d","pool":{"name":"p","generation":9999999999999999999}})",
        "spec.pool.generation: "},
       {resource, "ResourceSlice", R"("spec":{"driver":"d","pool":{"name":"p","generation":1.5}})",
        "spec.pool.generation: "},
       {resource, "ResourceClaim",
        R"("status":{"allocation":{"devices":{"results":[{"device":"x"}]}}})",
        "status.allocation.devices.results[0].driver: is missing"},
       {resource, "ResourceClaim", R"("status":{"allocation":{"devices":{"results":[7]}}})",
        "status.allocation.devices.results[0]: is of type number, not an object"},
       {resource, "ResourceClaim",
        R"("status":{"allocation":{"devices":{"results":)"
        R"([{"driver":"d","device":"x","adminAccess":"yes"}]}}})",
        "adminAccess: is of type string, not true or false"},
       {resource, "ResourceClaim",
        R"("status":{"allocation":{"devices":{"results":[{"driver":"d","device":"x"}]}},)"
        R"("devices":[{"driver":"d","device":"x","networkData":{"ips":[1]}}]})",
        "status.devices[0].networkData.ips: holds a number among texts"},
       {"v1", "Pod", R"("spec":{"hostNetwork":1})", "spec.hostNetwork: is of type number"},
       {"v1", "Pod", R"("spec":{"resourceClaims":"x"})", "spec.resourceClaims: is of type string"},
       {"v1", "Node", R"("status":{"allocatable":{"cpu":[]}})",
        "status.allocatable.cpu: is of type array"},
       {"scheduling.k8s.io/v1alpha2", "PodGroup",
        R"("spec":{"schedulingPolicy":{"gang":{"minCount":"2"}}})",
        "spec.schedulingPolicy.gang.minCount: is of type string"},
       {"scheduling.k8s.io/v1alpha2", "PodGroup",
        R"("spec":{"schedulingConstraints":{"topology":[{}]}})",
        "spec.schedulingConstraints.topology[0].key: is missing"}}));
  const std::string said = warning(api, kind, body);
  CHECK_THAT(said, ContainsSubstring(std::string("x.json: ") + kind + " ns/it: "));
  CHECK_THAT(said, ContainsSubstring(field));
}

TEST_CASE("Lists longer than a hundred thousand make an object a warning") {
  const std::string devices = R"({"name":"a"})" + repeated(R"(,{"name":"a"})", 100000);
  CHECK_THAT(warning(resource, "ResourceSlice",
                     R"("spec":{"driver":"d","pool":{"name":"p"},"devices":[)" + devices + "]}"),
             ContainsSubstring("spec.devices: has 100001 elements, more than 100000"));
}

TEST_CASE("Unknown kinds, groups and fields are passed over without a word") {
  const TemporaryFolder folder;
  folder.with("x.json", R"({"kind":"List","apiVersion":"v1","items":[
        {"kind":"PodGroup","apiVersion":"example.com/v1alpha1","metadata":{"name":"a"}},
        {"kind":"Widget","apiVersion":"example.com/v1","spec":7},
        {"kind":"Pod","apiVersion":"v1","metadata":{"name":"p"},
         "spec":{"futureField":{"x":[]}}}]})");
  const auto view = read(folder.path());
  REQUIRE(view);
  CHECK(view->warnings.empty());
  CHECK(view->pods.size() == 1);
  CHECK(view->placements.empty());
}

TEST_CASE("Two objects of one name but two uids are said, and the later one counts") {
  const TemporaryFolder folder;
  folder.with("a.json", R"({"kind":"Pod","apiVersion":"v1","metadata":{"name":"p","namespace":"n",
        "uid":"one","resourceVersion":"5"},"spec":{"nodeName":"old"}})");
  folder.with("b.json", R"({"kind":"Pod","apiVersion":"v1","metadata":{"name":"p","namespace":"n",
        "uid":"two","resourceVersion":"12"},"spec":{"nodeName":"new"}})");
  const auto view = read(folder.path());
  REQUIRE(view);
  REQUIRE(view->pods.size() == 1);
  CHECK(view->pods[0].node == "new");
  REQUIRE(view->warnings.size() == 1);
  CHECK_THAT(view->warnings[0], ContainsSubstring("different uids one and two"));
}

}  // namespace plumbline::netcheck::claims
