#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include "netcheck/requirements/conformance.hpp"
#include "netcheck/requirements/placed_evidence.hpp"
#include "netcheck/rules/rules.hpp"
#include "tests/netcheck/rules/claims_yaml.hpp"
#include "tests/netcheck/rules/inside_facts.hpp"

namespace plumbline::netcheck {
namespace {

using Catch::Matchers::ContainsSubstring;

RequirementResult judged(const Facts& facts, const std::string& id) {
  Report report;  // of this rule alone: the node's own devices are other rules' affair
  report.findings = x04_inside(facts);
  for (const RequirementResult& one : conformance_of(facts, report)) {
    if (one.id == id) return one;
  }
  FAIL("no requirement " << id);
  return {};
}

std::string reasons(const RequirementResult& result) {
  std::string text;
  for (const std::string& line : result.because)
    text += line + "\n";
  return text;
}

void is(const Facts& facts, const std::string& id, StageVerdict verdict, const std::string& word) {
  const RequirementResult result = judged(facts, id);
  INFO(reasons(result));
  CHECK(result.verdict == verdict);
  CHECK_THAT(reasons(result), ContainsSubstring(word));
}

constexpr const char* kSecure = "secure_accelerator_access";
constexpr const char* kDriver = "driver_runtime_management";
constexpr const char* kNetworking = "high_performance_networking";
constexpr const char* kInterfaces = "high_performance_networking/multiple_interfaces";
constexpr const char* kPublished = "high_performance_networking/characteristics_discoverable";

/// The NICs of n1 as slices of DRA, given to gang-0 by a claim, in a network of its own.
Facts with_claims() {
  Facts facts = inside_facts();
  const Facts read = claims_of(
      slice_yaml("dra.net", "n1",
                 "nic-0 ifName=ens1 type=device bandwidth=400G rdma=true pciAddress=0000:01:00.0 "
                 "numaNode=1\n"
                 "nic-1 ifName=ens2 type=device bandwidth=400G rdma=true pciAddress=0000:02:00.0 "
                 "numaNode=2\n"));
  facts.claims = read.claims;
  auto& held = told(facts, "gang-0").holdings->holdings;
  for (std::size_t number = 0; number < held.size(); ++number) {
    held[number].resource.clear();
    held[number].driver = "dra.net";
    held[number].pool = "n1";
    held[number].device = "nic-" + std::to_string(number);
  }
  inside(facts, "gang-0").environment.clear();
  inside(facts, "gang-0").nodes = {device_node("rdma", "/dev/infiniband/uverbs0", "mlx5_0"),
                                   device_node("rdma", "/dev/infiniband/uverbs1", "mlx5_1")};
  Topology& there = *facts.nodes[0].topology;
  for (const char* const name : {"mlx5_0", "mlx5_1"}) {
    RdmaDevice device;
    device.name = name;
    device.pci_address = name == std::string("mlx5_0") ? "0000:01:00.0" : "0000:02:00.0";
    there.rdma_devices.push_back(device);
  }
  there.network_devices.clear();
  return facts;
}

}  // namespace

TEST_CASE("Secure access passes when a pod without a device finds none and others only their own") {
  is(inside_facts(), kSecure, StageVerdict::pass,
     "bare-0 on n1, which asked for no device, found none");
}

TEST_CASE("Secure access fails by the node file that a pod finds and was not given") {
  Facts facts = inside_facts();
  inside(facts, "bare-0").nodes = {device_node("gpu", "/dev/nvidia2", "2")};
  is(facts, kSecure, StageVerdict::fail, "/dev/nvidia2");
  facts = inside_facts();
  inside(facts, "single-0").nodes.push_back(device_node("gpu", "/dev/nvidia1", "1"));
  is(facts, kSecure, StageVerdict::fail, "single-1");
}

TEST_CASE(
    "Secure access is not known without a bare pod, without a rest to keep, or by stand-ins") {
  Facts facts = inside_facts();
  facts.placed.pop_back();
  facts.workloads->pods.pop_back();
  is(facts, kSecure, StageVerdict::inconclusive, "no pod that asks for no device");
  facts = inside_facts();
  inside(facts, "single-0").nodes[0].stand_in = true;
  is(facts, kSecure, StageVerdict::inconclusive, "stand-ins");
  facts = inside_facts();
  told(facts, "single-0").topology->gpus.reset();
  is(facts, kSecure, StageVerdict::inconclusive, "which peers it reaches");
  facts = inside_facts();
  told(facts, "single-0").topology->inside.reset();
  is(facts, kSecure, StageVerdict::inconclusive, "did not look");
  facts = inside_facts();
  facts.workloads->controls.clear();
  is(facts, kSecure, StageVerdict::inconclusive, "the positive control was not made");
}

TEST_CASE("Secure access is not known where there is nothing to open") {
  Facts facts = inside_facts();
  facts.placed.erase(facts.placed.begin(), facts.placed.begin() + 2);
  facts.nodes[0].topology->gpus->fake = true;
  inside(facts, "gang-0").nodes.clear();
  is(facts, kSecure, StageVerdict::inconclusive, "stage it where accelerators are");
  facts = inside_facts();
  // One pod that has all there is shows nothing of a rest.
  facts.placed.erase(facts.placed.begin() + 1, facts.placed.begin() + 3);
  facts.nodes[0].topology->gpus->gpus.resize(1);
  is(facts, kSecure, StageVerdict::inconclusive, "not all was looked into");
}

TEST_CASE(
    "The driver's version inside is that of the slice, else of the label, or contradicts it") {
  Facts facts = inside_facts();
  is(facts, kDriver, StageVerdict::inconclusive, "neither a slice nor a label");
  facts.claims =
      claims_of(node_yaml("n1", "nvidia.com/cuda.driver-version.full: 550.54.15")).claims;
  is(facts, kDriver, StageVerdict::pass, "In 2 pods");
  facts.claims = claims_of(node_yaml("n1", "nvidia.com/cuda.driver-version.full: 535.1.2")).claims;
  is(facts, kDriver, StageVerdict::fail, "535.1.2");
  facts.claims = claims_of(slice_yaml("gpu.nvidia.com", "n1",
                                      "gpu-0 type=gpu uuid=GPU-0 driverVersion=550.54.15\n") +
                           node_yaml("n1", "nvidia.com/cuda.driver-version.full: 535.1.2"))
                     .claims;
  CHECK(evidence_inside(facts, SeenInside::driver).whole);
  told(facts, "single-1").topology->gpus->fake = true;
  CHECK_THAT(evidence_inside(facts, SeenInside::driver).text, ContainsSubstring("fake"));
}

TEST_CASE("Interfaces of their own show that pods attach to several; the node's network does not") {
  Facts facts = with_claims();
  CHECK(evidence_inside(facts, SeenInside::interfaces).whole);
  is(facts, kInterfaces, StageVerdict::pass, "1 pod found the interfaces");
  told(facts, "gang-0").topology->network_devices.pop_back();
  is(facts, kInterfaces, StageVerdict::fail, "lacks network interface ens2");
  const Facts shared = inside_facts();
  CHECK_THAT(evidence_inside(shared, SeenInside::interfaces).text,
             ContainsSubstring("network namespace"));
  Facts none = inside_facts();
  none.placed.erase(none.placed.begin() + 2);
  CHECK_THAT(evidence_inside(none, SeenInside::interfaces).text, ContainsSubstring("no pod"));
}

TEST_CASE("Characteristics are discoverable when slices publish all of them as pods see them") {
  Facts facts = with_claims();
  is(facts, kPublished, StageVerdict::pass, "2 given devices are published");
  Facts lacks = facts;
  lacks.claims->slices[0].devices[1].attributes.erase("dra.net/bandwidth");
  is(lacks, kPublished, StageVerdict::inconclusive,
     "no slice publishes bandwidth of dra.net/n1/nic-1");
  Facts lies = facts;
  lies.claims->slices[0].devices[0].attributes["dra.net/numaNode"] = std::int64_t{0};
  is(lies, kPublished, StageVerdict::fail, "numaNode = 0");
  Facts plugin = inside_facts();
  CHECK_THAT(evidence_inside(plugin, SeenInside::characteristics).text,
             ContainsSubstring("without DRA"));
}

TEST_CASE("High performance networking passes when its four outcomes do, and fails when one does") {
  Facts facts = with_claims();
  facts.workloads->controls.push_back({"negative", ControlState::behaved, "", "waited.", {}});
  is(facts, kNetworking, StageVerdict::inconclusive, "not shown: pod_to_pod_transfer");
  Outcome outcome;
  outcome.probe = "placed_goodput";
  outcome.from = {"n1", "ens1", ""};
  outcome.to = {"n2", "ens1", ""};
  outcome.parameters = {{"size", "1048576"}, {"direction", "one_way"}};
  Measured measured;
  measured.value = 23.8e6;
  measured.interval = {23.7e6, 23.9e6};
  measured.conclusive = true;
  measured.proof = {{"counter", outcome.from, "tx_bytes", "moved", 0, 1, 1, true}};
  outcome.result = measured;
  Report report;
  report.outcomes = {outcome};
  const auto verdict = [&] {
    for (const RequirementResult& one : conformance_of(facts, report)) {
      if (one.id == kNetworking) return one.verdict;
    }
    return StageVerdict::inconclusive;
  };
  CHECK(verdict() == StageVerdict::pass);
  facts.claims->slices[0].devices[0].attributes["dra.net/numaNode"] = std::int64_t{0};
  CHECK(verdict() == StageVerdict::fail);
  facts.workloads->controls.pop_back();
  facts.claims->slices[0].devices[0].attributes["dra.net/numaNode"] = std::int64_t{1};
  CHECK(verdict() == StageVerdict::inconclusive);
}

TEST_CASE("DRA is truthful when pods find what claims gave them") {
  Facts facts = with_claims();
  CHECK(evidence_inside(facts, SeenInside::claimed).whole);
  inside(facts, "gang-0").nodes.pop_back();
  CHECK_FALSE(evidence_inside(facts, SeenInside::claimed).whole);
  is(facts, "dra_truthfulness", StageVerdict::inconclusive, "does not find");
  CHECK_THAT(evidence_inside(inside_facts(), SeenInside::claimed).text,
             ContainsSubstring("by a claim"));
  Facts none = inside_facts();
  none.placed.clear();
  CHECK_THAT(evidence_inside(none, SeenInside::claimed).text, ContainsSubstring("looked into"));
}

}  // namespace plumbline::netcheck
