#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <nlohmann/json.hpp>

#include "core/files.hpp"
#include "core/gid.hpp"
#include "netcheck/claims/address_pseudonyms.hpp"
#include "netcheck/claims/allow_list.hpp"
#include "netcheck/claims/bundle.hpp"
#include "netcheck/claims/bundle_writer.hpp"
#include "netcheck/claims/documents.hpp"
#include "netcheck/claims/node_records.hpp"
#include "netcheck/claims/pseudonyms.hpp"
#include "netcheck/subnet.hpp"
#include "tests/netcheck/claims/temporary_folder.hpp"

namespace plumbline::netcheck::claims {
namespace {

using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::EndsWith;
using Catch::Matchers::StartsWith;
using Json = nlohmann::json;

const char* const pods = R"({"kind":"PodList","apiVersion":"v1","metadata":{},"items":[
  {"metadata":{"name":"alpha","namespace":"team","uid":"1-2","annotations":{"secret":"x",
     "kueue.x-k8s.io/workload":"job-w"},"managedFields":[{"manager":"m"}],
     "labels":{"example.com/rack":"r17","batch.kubernetes.io/job-completion-index":"3"}},
   "spec":{"nodeName":"gpu-node-7","containers":[{"name":"c","image":"private/image",
     "env":[{"name":"KEY","value":"hunter2"}],"args":["--password=p"],
     "resources":{"limits":{"nvidia.com/gpu":"8"}}}]},
   "status":{"phase":"Running","podIP":"10.1.2.3"}}]})";

Json parsed(const char* text) { return parse_json(text)->front(); }

}  // namespace

TEST_CASE("Only fields that are read get into a bundle") {
  const std::string kept = allowed(parsed(pods)).dump();
  for (const char* const gone :
       {"hunter2", "password", "private", "secret", "managedFields", "10.1.2.3"})
    CHECK_THAT(kept, !ContainsSubstring(gone));
  for (const char* const there :
       {"alpha", "gpu-node-7", "job-w", "r17", "nvidia.com/gpu", "Running"})
    CHECK_THAT(kept, ContainsSubstring(there));
}

TEST_CASE("The allowed fields of every fixture are read as the whole objects are") {
  for (const auto& entry : std::filesystem::directory_iterator(PLUMBLINE_FIXTURES)) {
    INFO(entry.path());
    const auto whole = open_bundle(entry.path())->snapshot(Deadline::never());
    REQUIRE(whole);
    const TemporaryFolder folder;
    int number = 0;
    for (const auto& file : std::filesystem::directory_iterator(entry.path())) {
      const auto text = read_file(file.path());
      const auto documents =
          file.path().extension() == ".yaml" ? parse_yaml(*text) : parse_json(*text);
      for (const Json& document : *documents)
        folder.with(std::to_string(number++) + ".json", allowed(document).dump());
    }
    const auto kept = open_bundle(folder.path())->snapshot(Deadline::never());
    REQUIRE(kept);
    CHECK(kept->pods.size() == whole->pods.size());
    CHECK(kept->warnings.size() == whole->warnings.size());
    for (std::size_t i = 0; i < kept->slices.size(); ++i) {
      REQUIRE(kept->slices[i].devices.size() == whole->slices[i].devices.size());
      for (std::size_t j = 0; j < kept->slices[i].devices.size(); ++j)
        CHECK(kept->slices[i].devices[j].attributes == whole->slices[i].devices[j].attributes);
    }
    for (std::size_t i = 0; i < kept->placements.size(); ++i)
      CHECK(kept->placements[i].members == whole->placements[i].members);
  }
}

TEST_CASE("A pseudonym is the same everywhere, and what says nothing of a place stays") {
  Json document = allowed(parsed(pods));
  Pseudonyms names;
  names.learn(document);
  CHECK(names.of("gpu-node-7") == "node-1");
  CHECK(names.of("3") == "3");
  Json other{{"anything", "gpu-node-7"}};
  names.replace(other);
  names.replace(document);
  CHECK(other["anything"] == "node-1");
  const std::string text = document.dump();
  for (const char* const gone : {"alpha", "team", "gpu-node-7", "r17", "1-2"})
    CHECK_THAT(text, !ContainsSubstring(gone));
  CHECK_THAT(text, ContainsSubstring("Running"));
}

TEST_CASE("Addresses keep their form, placeholders their meaning") {
  Pseudonyms names;
  Json document = parsed(R"({"devices":[{"attributes":{"dra.net/mac":{"string":"aa:bb:cc:00:11:22"},
      "dra.net/ipv4":{"string":"10.9.8.7/24"},"uuid":{"string":"GPU-1-2-3"}}}],
      "labels":{"oci.oraclecloud.com/rdma.network_block_id":"no-imds-data"}})");
  names.learn(document);
  CHECK(names.of("aa:bb:cc:00:11:22") == "02:00:00:00:00:01");
  CHECK_THAT(names.of("10.9.8.7/24"), StartsWith("10.") && EndsWith("/24"));
  CHECK(names.of("10.9.8.7/24") != "10.9.8.7/24");
  CHECK_THAT(names.of("GPU-1-2-3"), ContainsSubstring("GPU-00000000"));
  CHECK(names.of("no-imds-data") == "no-imds-data");
}

TEST_CASE("Pseudonyms of addresses share what the addresses share, bit for bit") {
  const std::vector<std::string> words{
      "10.70.1.11",   "10.70.1.12",     "10.70.1.200",  "10.70.2.11", "10.71.2.11",
      "10.70.1.13",   "192.168.7.1",    "192.168.8.1",  "172.17.0.2", "172.31.255.9",
      "203.0.113.7",  "203.0.113.9",    "198.51.100.1", "100.64.3.4", "169.254.10.20",
      "fd00:70:1::1", "fd00:70:1::2",   "fd00:70:2::1", "fe80::1:2",  "fe80::aaaa:1",
      "2001:db8::1",  "2001:db8:0:1::1"};
  AddressPseudonyms names;
  const auto shared = [](const std::string& one, const std::string& other) {
    const auto left = address_bits(one);
    const auto right = address_bits(other);
    REQUIRE(left);
    REQUIRE(right);
    if (left->six != right->six) return -1;
    int bits = 0;
    while (bits < left->length() && left->bit(bits) == right->bit(bits))
      ++bits;
    return bits;
  };
  int kept = 0;
  for (const std::string& one : words) {
    CHECK(names.of(one) == names.of(one));
    kept += names.of(one) == one ? 1 : 0;
    for (const std::string& other : words) {
      const int real = shared(one, other);
      CAPTURE(one, other, names.of(one), names.of(other));
      // Of two public networks no more is told than that they are two.
      if (real >= 8) CHECK(shared(names.of(one), names.of(other)) == real);
      if (real >= 0 && real < 8) CHECK(shared(names.of(one), names.of(other)) < 8);
    }
  }
  CHECK(kept <= 1);
  CHECK_THAT(names.of("fe80::77"), StartsWith("fe80::"));
  CHECK_THAT(names.of("169.254.10.21"), StartsWith("169.254."));
  CHECK(names.of("127.0.0.1") == "127.0.0.1");
  CHECK(names.of("::1") == "::1");
  CHECK(names.of("not an address").empty());
}

TEST_CASE("A network's pseudonym is the network of its addresses' pseudonyms") {
  AddressPseudonyms names;
  for (const auto& [network, address] :
       {std::pair<std::string, std::string>{"10.70.1.0/24", "10.70.1.11"},
        {"10.70.3.64/26", "10.70.3.77/26"},
        {"fd00:70:1::/64", "fd00:70:1::9"},
        {"203.0.113.8/31", "203.0.113.9"}}) {
    CAPTURE(network, names.of(network), names.of(address));
    const auto hidden = parse_subnet(names.of(network));
    REQUIRE(hidden);
    CHECK(text_of(*hidden) == names.of(network));
    CHECK(holds(*hidden, names.of(address)));
  }
  CHECK_FALSE(holds(*parse_subnet(names.of("10.70.1.0/24")), names.of("10.70.2.11")));
  CHECK(names.of("10.70.1.11/24").ends_with("/24"));
  CHECK(names.of("10.0.0.0/8") == "10.0.0.0/8");
}

TEST_CASE("GIDs and GUIDs are hidden, and a GID stays the one of its address") {
  Pseudonyms names;
  Json document =
      parsed(R"({"network_devices":[{"addresses":["10.9.8.7/24","fe80::20:30ff:fe01:203/64"]}],
      "rdma":{"devices":[{"node_guid":"506b:4b03:005b:ef3a","system_guid":"506b:4b03:005b:ef3a",
      "ports":[{"subnet_prefix":"fe80:0000:0000:0000","gids":[
      {"gid":"fe80:0000:0000:0000:0020:30ff:fe01:0203"},
      {"gid":"0000:0000:0000:0000:0000:ffff:0a09:0807"}]}]},
      {"node_guid":"0000:0000:0000:0000","ports":[{"subnet_prefix":"fe80:0000:0000:0007"}]}]}})");
  names.learn(document);
  names.replace(document);
  const std::string text = document.dump();
  for (const char* const gone :
       {"10.9.8.7", "0a09:0807", "20:30ff", "0020:30ff", "ef3a", "0000:0007"})
    CHECK_THAT(text, !ContainsSubstring(gone));
  const Json& addresses = document["network_devices"][0]["addresses"];
  const Json& device = document["rdma"]["devices"][0];
  const Json& gids = device["ports"][0]["gids"];
  CHECK(addresses[0].get<std::string>().ends_with("/24"));
  CHECK(addresses[1].get<std::string>().starts_with("fe80::"));
  CHECK(gids[0]["gid"] == gid_of(addresses[1].get<std::string>()));
  CHECK(gids[1]["gid"] == gid_of(addresses[0].get<std::string>()));
  CHECK(device["node_guid"] == device["system_guid"]);
  CHECK(device["ports"][0]["subnet_prefix"] == "fe80:0000:0000:0000");
  CHECK(document["rdma"]["devices"][1]["node_guid"] == "0000:0000:0000:0000");
}

TEST_CASE("A bundle is written into an empty folder only, and read back") {
  const TemporaryFolder folder;
  const auto target = folder.path() / "bundle";
  auto writer = BundleWriter::open(target, true);
  REQUIRE(writer);
  REQUIRE(writer->add_page("pods./../x", parsed(pods)));
  Topology topology;
  topology.node = "gpu-node-7";
  REQUIRE(writer->add(topology));
  REQUIRE(writer->add(NodeHoldings{"gpu-node-7", "socket", {}, {}}));
  REQUIRE(writer->finish() == 4U);
  const auto view = open_bundle(target)->snapshot(Deadline::never());
  REQUIRE(view);
  REQUIRE(view->pods.size() == 1);
  CHECK(view->pods[0].node == "node-1");
  const auto nodes = read_node_records(target);
  REQUIRE(nodes);
  REQUIRE(nodes->size() == 1);
  CHECK(nodes->front().node == "node-1");
  CHECK(nodes->front().topology.has_value());
  CHECK(nodes->front().holdings.has_value());
  CHECK_FALSE(BundleWriter::open(target, false));
}

TEST_CASE("A bundle says what was listed to its end, and what is missing of it is known") {
  const TemporaryFolder folder;
  const auto target = folder.path() / "bundle";
  auto writer = BundleWriter::open(target, true);
  REQUIRE(writer);
  const auto page = [](const std::string& name, const std::string& metadata) {
    return parsed((R"({"kind":"PodList","apiVersion":"v1","metadata":{)" + metadata +
                   R"(},"items":[{"metadata":{"namespace":"team","name":")" + name +
                   R"("},"spec":{}}]})")
                      .c_str());
  };
  REQUIRE(writer->add_page("pods", page("a", R"("continue":"x","remainingItemCount":1)")));
  const std::string none = R"({"kind":"NodeList","apiVersion":"v1","metadata":{},"items":null})";
  REQUIRE(writer->add_page("nodes", parsed(none.c_str())));
  SECTION("whole, pods of one namespace and no nodes at all") {
    REQUIRE(writer->add_page("pods", page("b", "")));
    REQUIRE(writer->finish());
    const auto view = open_bundle(target)->snapshot(Deadline::never());
    REQUIRE(view);
    CHECK(view->pods.size() == 2);
    CHECK(view->gaps.count("Pod") == 0);
    CHECK(view->gaps.count("Node") == 0);
    CHECK(view->gaps.at("ResourceSlice").why == "no ResourceSlice was read");
    CHECK(view->warnings.empty());
  }
  SECTION("a list whose end never came is not whole") {
    REQUIRE(writer->finish());
    const auto view = open_bundle(target)->snapshot(Deadline::never());
    REQUIRE(view);
    CHECK(view->gaps.count("Pod") == 1);
    CHECK(view->gaps.count("Node") == 0);
  }
  SECTION("a file of it was lost afterwards") {
    REQUIRE(writer->add_page("pods", page("b", "")));
    REQUIRE(writer->finish());
    std::filesystem::remove(target / "pods-0.json");
    const auto view = open_bundle(target)->snapshot(Deadline::never());
    REQUIRE(view);
    CHECK(view->gaps.at("Pod").why == "of 2 Pod objects that were recorded 1 could be read");
    CHECK(view->warnings.size() == 1);
  }
}

TEST_CASE("A node's record that is a link or no record is refused with its name") {
  const TemporaryFolder folder;
  std::filesystem::create_directories(folder.path() / "nodes");
  SECTION("a link") {
    std::filesystem::create_symlink("/etc/passwd", folder.path() / "nodes/a.topology.json");
  }
  SECTION("no JSON") { folder.with("nodes/a.topology.json", "{"); }
  const auto nodes = read_node_records(folder.path());
  REQUIRE_FALSE(nodes);
  CHECK_THAT(nodes.error().message, ContainsSubstring("a.topology.json"));
}

}  // namespace plumbline::netcheck::claims
