#include <catch2/catch_test_macros.hpp>

#include "netcheck/gpu/gpu_rules.hpp"
#include "tests/netcheck/gpu/gpu_facts.hpp"

using namespace plumbline;
using namespace plumbline::netcheck;

namespace {

/// The driver does not answer, though the bus shows its GPUs.
void silence(Facts& facts) {
  topology(facts).gpus.reset();
  topology(facts).gpus_problem = "no NVIDIA driver: not found";
}

/// A claim of pod team/pair for GPUs of one NVSwitch partition, and the GPUs that it was given.
DeviceClaim partition_claim(const std::vector<int>& gpus) {
  DeviceClaim claim;
  claim.meta.name_space = "team";
  claim.meta.name = "pair";
  claim.meta.uid = "claim-uid";
  claim.node = "node-1";
  claim.allocated = true;
  claim.constraints = {{{}, "gpu.nvidia.com/partition2", false}};
  for (const int index : gpus) {
    AllocatedDevice given;
    given.request = "gpus";
    given.driver = "gpu.nvidia.com";
    given.pool = "node-1";
    given.device = "gpu-" + std::to_string(index);
    claim.devices.push_back(given);
  }
  return claim;
}

}  // namespace

TEST_CASE("X05: a pod's GPUs that NVLink joins match; parted ones were a wish not met") {
  Facts facts = gpu_facts();
  hold(facts, "team", "trainer-0", {uuid(0), uuid(1), uuid(2)});
  CHECK(only(x05_nvlink_domain(facts)).verdict == Verdict::match);
  for (NvLink& link : gpu(facts, 2).links)
    link.active = false;
  const Finding parted = only(x05_nvlink_domain(facts));
  CHECK(parted.verdict == Verdict::preference_not_met);
  CHECK(parted.message.find("no NVLink joins GPU-0 and GPU-2") != std::string::npos);
  for (int index = 0; index < 8; ++index)
    gpu(facts, index).links.clear();
  CHECK(only(x05_nvlink_domain(facts)).verdict == Verdict::unclaimed);
}

TEST_CASE("X05: a joined pair far below pairs with as many links is degraded, and named") {
  Facts facts = gpu_facts();
  hold(facts, "team", "trainer-0", {uuid(0), uuid(1), uuid(2)});
  copy_all(facts, 396e9);
  copy_of(facts, uuid(1), uuid(2)) = copied(uuid(1), uuid(2), 250e9);
  const Finding slow = only(x05_nvlink_domain(facts));
  CHECK(slow.verdict == Verdict::degraded);
  CHECK(slow.subject.name == "node-1/GPU-1 -> GPU-2");
  copy_of(facts, uuid(1), uuid(2)) = copied(uuid(1), uuid(2), 380e9);
  CHECK(only(x05_nvlink_domain(facts)).verdict == Verdict::match);
}

TEST_CASE("X05: MIG slices and GPUs that nobody tells of are explained, one GPU is no domain") {
  Facts facts = gpu_facts();
  hold(facts, "team", "sliced", {"MIG-1", uuid(0)});
  CHECK(only(x05_nvlink_domain(facts)).message.find("MIG slices") != std::string::npos);
  facts = gpu_facts();
  hold(facts, "team", "odd", {uuid(0), "GPU-gone"});
  CHECK(only(x05_nvlink_domain(facts)).verdict == Verdict::unobservable);
  facts = gpu_facts();
  hold(facts, "team", "single", {uuid(0)});
  CHECK(x05_nvlink_domain(facts).empty());
  hold(facts, "team", "blind", {uuid(1), uuid(2)});
  silence(facts);
  CHECK(only(x05_nvlink_domain(facts)).verdict == Verdict::unobservable);
}

TEST_CASE("X05: GPUs that a claim asked to be of one partition must be joined") {
  Facts facts = gpu_facts();
  add_claims(facts);
  facts.claims->claims = {partition_claim({0, 1})};
  const Finding joined = only(x05_nvlink_domain(facts));
  CHECK(joined.verdict == Verdict::match);
  CHECK(joined.claim->path == "spec.devices.constraints[0].matchAttribute");
  CHECK(joined.claim->value == "gpu.nvidia.com/partition2");
  for (NvLink& link : gpu(facts, 1).links)
    link.active = false;
  const Finding parted = only(x05_nvlink_domain(facts));
  CHECK(parted.verdict == Verdict::violation);
  CHECK(parted.subject.name == "team/pair");
  CHECK(parted.message.find("no NVLink joins GPU-0 and GPU-1") != std::string::npos);
  silence(facts);
  CHECK(only(x05_nvlink_domain(facts)).verdict == Verdict::unobservable);
}

TEST_CASE("X05: a claimed pair far below its peers is degraded, one with a slice is a violation") {
  Facts facts = gpu_facts();
  add_claims(facts);
  facts.claims->claims = {partition_claim({1, 2})};
  copy_all(facts, 396e9);
  copy_of(facts, uuid(1), uuid(2)) = copied(uuid(1), uuid(2), 250e9);
  CHECK(only(x05_nvlink_domain(facts)).verdict == Verdict::degraded);
  slice_device(facts, 2).attributes["gpu.nvidia.com/uuid"] = std::string("MIG-2");
  CHECK(only(x05_nvlink_domain(facts)).verdict == Verdict::violation);
  slice_device(facts, 2).attributes.erase("gpu.nvidia.com/uuid");
  CHECK(only(x05_nvlink_domain(facts)).message.find("does not tell gpu-2") != std::string::npos);
}

TEST_CASE(
    "X05: a constraint over something else, over one GPU or of a waiting claim says nothing") {
  Facts facts = gpu_facts();
  add_claims(facts);
  DeviceClaim claim = partition_claim({0, 1});
  claim.constraints[0].attribute = "resource.kubernetes.io/pcieRoot";
  facts.claims->claims = {claim};
  CHECK(x05_nvlink_domain(facts).empty());
  claim = partition_claim({0, 1});
  claim.constraints[0].distinct = true;
  facts.claims->claims = {claim};
  CHECK(x05_nvlink_domain(facts).empty());
  facts.claims->claims = {partition_claim({0})};
  CHECK(x05_nvlink_domain(facts).empty());
  claim = partition_claim({0, 1});
  claim.allocated = false;
  facts.claims->claims = {claim};
  CHECK(x05_nvlink_domain(facts).empty());
}
