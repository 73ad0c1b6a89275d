#include <catch2/catch_test_macros.hpp>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "core/files.hpp"
#include "core/gid.hpp"
#include "netcheck/claims/archive.hpp"
#include "netcheck/claims/bundle.hpp"
#include "netcheck/claims/bundle_writer.hpp"
#include "netcheck/claims/documents.hpp"
#include "netcheck/claims/node_records.hpp"
#include "netcheck/judge.hpp"
#include "netcheck/rdma/rails_told.hpp"
#include "tests/netcheck/claims/temporary_folder.hpp"
#include "tests/netcheck/rules/rack_facts.hpp"

namespace plumbline::netcheck {
namespace {

/// The same facts after `plumbline collect`: what nodes told, written to a bundle and read again.
Facts collected(const Facts& facts, const std::string& name) {
  const claims::TemporaryFolder folder;
  auto writer = claims::BundleWriter::open(folder.path() / name, false);
  if (!writer) FAIL(writer.error().message);
  for (const NodeFacts& node : facts.nodes) {
    if (node.topology) REQUIRE(writer->add(*node.topology));
    if (node.holdings) REQUIRE(writer->add(*node.holdings));
  }
  REQUIRE(writer->finish());
  const auto bundle = claims::BundleFolder::open(folder.path() / name);
  if (!bundle) FAIL(bundle.error().message);
  auto records = claims::read_node_records(bundle->path());
  if (!records) FAIL(records.error().message);
  Facts read = facts;
  REQUIRE(records->size() == facts.nodes.size());
  for (claims::NodeRecord& record : *records) {
    NodeFacts& there = node(read, record.node);
    there.topology = std::move(record.topology);
    there.holdings = std::move(record.holdings);
  }
  return read;
}

/// All that a reader sees of the findings, in their order.
std::vector<std::string> told(const Facts& facts) {
  std::vector<std::string> lines;
  for (const Finding& finding : judge(facts).findings) {
    std::string line = finding.rule + " " + to_string(finding.verdict) + " " +
                       finding.subject.name + ": " + finding.message;
    for (const Evidence& evidence : finding.evidence)
      line += "\n" + evidence.source + ": " + evidence.value + " " + evidence.time;
    lines.push_back(std::move(line));
  }
  return lines;
}

void check_same(const Facts& facts) {
  const auto live = told(facts);
  CHECK(live.size() > 10);
  CHECK(told(collected(facts, "bundle")) == live);
  CHECK(told(collected(facts, "bundle.tar.gz")) == live);
}

/// A bundle of claims and nodes' words, read as `plumbline check` reads it; rails as the nodes show
/// them.
Facts checked(const Facts& facts, bool redact) {
  const claims::TemporaryFolder folder;
  auto writer = claims::BundleWriter::open(folder.path() / "bundle", redact);
  if (!writer) FAIL(writer.error().message);
  for (const char* const name :
       {"nodes", "pods", "podgroups", "resourceclaims", "resourceslices"}) {
    const auto text = read_file(std::filesystem::path(PLUMBLINE_FIXTURES) / "rack" /
                                (std::string(name) + ".json"));
    if (!text) FAIL(text.error().message);
    REQUIRE(writer->add_page(name, claims::parse_json(*text)->front()));
  }
  for (const NodeFacts& node : facts.nodes) {
    REQUIRE(writer->add(*node.topology));
    REQUIRE(writer->add(*node.holdings));
  }
  REQUIRE(writer->finish());
  auto view = claims::open_bundle(folder.path() / "bundle")->snapshot(Deadline::never());
  auto records = claims::read_node_records(folder.path() / "bundle");
  if (!view || !records) FAIL("the bundle cannot be read");
  Facts read;
  read.fabric.rack_label = "fabric.topograph.run/tier-0";
  read.claims = std::move(*view);
  for (claims::NodeRecord& record : *records)
    read.nodes.push_back(
        {record.node, std::move(record.topology), "", std::move(record.holdings), ""});
  tell_rails(read, {});
  return read;
}

/// How often each rule gives each verdict, by the kind of its subject.
std::map<std::string, int> counted(const Facts& facts) {
  std::map<std::string, int> counts;
  for (const Finding& finding : judge(facts).findings)
    ++counts[finding.rule + " " + to_string(finding.verdict) + " " + finding.subject.kind];
  return counts;
}

}  // namespace

TEST_CASE("A redacted bundle is judged as the plain one, on a rack with several rails") {
  Facts facts = rack();
  for (int i = 1; i <= 6; ++i) {
    const std::string name = "node-" + std::to_string(i);
    for (const char* const rail : {"ens1", "ens2"}) {
      const std::string address = device(facts, name, rail).addresses.front();
      RdmaDevice rdma;
      rdma.name = std::string("mlx5_") + rail;
      rdma.ports = {{}};
      rdma.ports[0].number = 1;
      rdma.ports[0].gids = {{0, gid_of(address), "RoCE v2", rail, true, ""}};
      rdma.ports[0].used_gid = 0;
      rdma.netdevs = {rail};
      node(facts, name).topology->rdma_devices.push_back(rdma);
    }
  }
  SECTION("when all is well") {}
  SECTION("with a NIC in the other rail's network") {
    std::swap(device(facts, "node-3", "ens1").addresses, device(facts, "node-3", "ens2").addresses);
  }
  SECTION("with a GID of no address") {
    node(facts, "node-2").topology->rdma_devices[0].ports[0].gids[0].gid = gid_of("10.70.1.99");
  }
  const Facts plain = checked(facts, false);
  const Facts redacted = checked(facts, true);
  const auto subnets = [](const Facts& of) {
    std::set<std::string> all;
    for (const DeclaredRail& rail : of.fabric.rails)
      all.insert(rail.subnet);
    return all;
  };
  CHECK(subnets(plain) == std::set<std::string>{"10.70.0.0/24", "10.70.1.0/24", "10.70.2.0/24"});
  CHECK(subnets(redacted).size() == 3);
  CHECK(subnets(redacted).count("10.70.1.0/24") == 0);
  const auto said = counted(plain);
  CHECK(said.size() > 5);
  CHECK(counted(redacted) == said);
}

TEST_CASE("What nodes told is judged from a bundle as it is judged live") {
  Facts facts = rack();
  SECTION("when all is well") {}
  SECTION("with a lost NIC") { take(facts, "node-2", "ens1"); }
  SECTION("with another address and a shorter MTU than published") {
    device(facts, "node-1", "ens2").mac = "02:00:00:00:00:99";
    device(facts, "node-3", "ens1").mtu = 1500;
  }
  SECTION("with exclusive CPUs that the kernel gives away, by sysfs, cgroup and state file") {
    NodeHoldings& held = *node(facts, "node-6").holdings;
    const PodClaim& loader = pod(facts, "loader-0");
    pod(facts, "loader-0").containers = {{"id-1", "main"}};
    held.containers = {{"tenant", "loader-0", "main", {2, 3}, {0}}};
    held.cpusets = {{{loader.meta.uid, "id-1", {0, 1, 2, 3}, {0, 1}}}};
    KubeletState state;
    state.cpu_policy = "static";
    state.entries = {{loader.meta.uid, "main", {2}, {0}}};
    held.state = state;
    held.read_at = "2026-11-23T12:00:00Z";
  }
  SECTION("with a GPU that the driver does not tell of") {
    Gpu gpu;
    gpu.uuid = "GPU-1";
    gpu.pci_address = "0000:1b:00.0";
    GpuNode gpus;
    gpus.source = "NVML";
    gpus.gpus = {gpu};
    node(facts, "node-1").topology->gpus = gpus;
    node_object(facts, "node-1").allocatable["nvidia.com/gpu"] = "2";
  }
  SECTION("of nodes that told a part, or nothing") {
    node(facts, "node-4").topology->problems = {"sysfs: not readable"};
    node(facts, "node-4").topology->network_devices.clear();
    node(facts, "node-5").holdings->unread = {"cgroups: no such folder"};
  }
  check_same(facts);
}

}  // namespace plumbline::netcheck
