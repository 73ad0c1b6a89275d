#include <catch2/catch_test_macros.hpp>
#include <filesystem>

#include "netcheck/claims/archive.hpp"
#include "netcheck/claims/bundle_writer.hpp"
#include "netcheck/claims/node_records.hpp"
#include "netcheck/judge.hpp"
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

}  // namespace

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
