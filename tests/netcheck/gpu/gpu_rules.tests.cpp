#include "netcheck/gpu/gpu_rules.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>

#include "tests/netcheck/gpu/gpu_facts.hpp"

using namespace plumbline;
using namespace plumbline::netcheck;

namespace {

bool all(const std::vector<Finding>& findings, Verdict verdict) {
  return !findings.empty() && std::all_of(findings.begin(), findings.end(),
                                          [&](const auto& one) { return one.verdict == verdict; });
}

Finding worst(const std::vector<Finding>& findings) {
  const auto found = std::find_if(findings.begin(), findings.end(),
                                  [](const auto& one) { return one.verdict != Verdict::match; });
  REQUIRE(found != findings.end());
  return *found;
}

/// The driver does not answer, though the bus shows its GPUs.
void silence(Facts& facts) {
  topology(facts).gpus.reset();
  topology(facts).gpus_problem = "no NVIDIA driver: not found";
}

}  // namespace

TEST_CASE("Healthy links are no finding; each fault of one is, before any byte moves") {
  Facts facts = gpu_facts();
  CHECK(gpu_links(facts).empty());
  gpu(facts, 2).pcie.width = 8;
  CHECK(only(gpu_links(facts)).message.find("has 8 of 16 PCIe lanes") != std::string::npos);
  facts = gpu_facts();
  gpu(facts, 2).slot_gigatransfers = 16.0;
  CHECK(only(gpu_links(facts)).message.find("can do PCIe generation 5, its slot no more than 4") !=
        std::string::npos);
  facts = gpu_facts();
  gpu(facts, 3).links[4].active = false;
  const Finding down = only(gpu_links(facts));
  CHECK(down.verdict == Verdict::degraded);
  CHECK(down.subject.kind == "nvlink");
  CHECK(down.subject.name == "node-1/GPU-3/link 4");
  facts = gpu_facts();
  gpu(facts, 1).health.remap_failed = true;
  CHECK(only(gpu_links(facts)).message.find("is unhealthy: a memory row") != std::string::npos);
}

TEST_CASE("An idle link's low generation is no fault, and a card without a bridge none") {
  Facts facts = gpu_facts();
  gpu(facts, 0).pcie.gigatransfers = 2.5;
  CHECK(gpu_links(facts).empty());
  for (int index = 0; index < 8; ++index) {
    for (NvLink& link : gpu(facts, index).links)
      link.active = false;
  }
  CHECK(gpu_links(facts).empty());
}

TEST_CASE("A GPU with all its NVLinks down among others that have theirs is a finding") {
  Facts facts = gpu_facts();
  for (NvLink& link : gpu(facts, 6).links)
    link.active = false;
  CHECK(only(gpu_links(facts)).message.find("has no NVLink up") != std::string::npos);
}

TEST_CASE("A GPU without a driver leaves doubt; a node without a GPU has none") {
  Facts facts = gpu_facts(2);
  silence(facts);
  const Finding finding = only(gpu_links(facts));
  CHECK(finding.verdict == Verdict::unobservable);
  CHECK(finding.message.find("no NVIDIA driver: not found") != std::string::npos);
  topology(facts).gpus_problem.clear();
  topology(facts).pci_devices.clear();
  CHECK(gpu_links(facts).empty());
  CHECK(x20_gpu_counts(facts).empty());
}

TEST_CASE("X20: a GPU on the PCI bus that does not answer the driver is lost, by its address") {
  Facts facts = gpu_facts();
  CHECK(only(x20_gpu_counts(facts)).verdict == Verdict::match);
  topology(facts).gpus->gpus.pop_back();
  const Finding lost = only(x20_gpu_counts(facts));
  CHECK(lost.verdict == Verdict::violation);
  CHECK(lost.subject.name == "node-1/0000:17:00.0");
}

TEST_CASE("X20: more GPUs published or allocatable than there are is a violation") {
  Facts facts = gpu_facts();
  add_claims(facts);
  CHECK(all(x20_gpu_counts(facts), Verdict::match));
  CHECK(x20_gpu_counts(facts).size() == 3);
  node_claim(facts).allocatable["nvidia.com/gpu"] = "9";
  CHECK(worst(x20_gpu_counts(facts)).message ==
        "Node node-1 offers 9 nvidia.com/gpu, but only 8 answer the driver.");
  node_claim(facts).meta.labels["nvidia.com/gpu.replicas"] = "4";
  CHECK(all(x20_gpu_counts(facts), Verdict::match));
  silence(facts);
  CHECK(worst(x20_gpu_counts(facts)).verdict == Verdict::unobservable);
}

TEST_CASE("X03: a slice that tells the truth of each GPU matches, one that lies does not") {
  Facts facts = gpu_facts(2);
  CHECK(x03_gpu_truth(facts).empty());
  add_claims(facts);
  CHECK(all(x03_gpu_truth(facts), Verdict::match));
  slice_device(facts, 0).attributes["gpu.nvidia.com/productName"] = std::string("NVIDIA A100");
  const Finding lie = worst(x03_gpu_truth(facts));
  CHECK(lie.verdict == Verdict::violation);
  CHECK(lie.message.find("productName = NVIDIA A100, but node-1 shows NVIDIA H100") !=
        std::string::npos);
  CHECK(lie.claim->path.find("gpu.nvidia.com/productName") != std::string::npos);
}

TEST_CASE(
    "X03: a published GPU that is not there is a violation, one without a uuid unobservable") {
  Facts facts = gpu_facts(2);
  add_claims(facts);
  slice_device(facts, 1).attributes["gpu.nvidia.com/uuid"] = std::string("GPU-gone");
  CHECK(worst(x03_gpu_truth(facts)).message.find("no such device") != std::string::npos);
  slice_device(facts, 1).attributes.erase("gpu.nvidia.com/uuid");
  CHECK(worst(x03_gpu_truth(facts)).verdict == Verdict::unobservable);
  add_claims(facts);
  silence(facts);
  CHECK(all(x03_gpu_truth(facts), Verdict::unobservable));
}

TEST_CASE("X04: GPUs that pods hold are there, and each is one pod's") {
  Facts facts = gpu_facts();
  hold(facts, "team", "trainer-0", {uuid(0), uuid(1)});
  CHECK(only(x04_gpu_given(facts)).verdict == Verdict::match);
  hold(facts, "team", "trainer-1", {uuid(1)});
  CHECK(all(x04_gpu_given(facts), Verdict::violation));
}

TEST_CASE("X04: replicas may be held twice, a GPU that is gone may not be held at all") {
  Facts facts = gpu_facts();
  hold(facts, "team", "one", {uuid(0) + "::0"});
  hold(facts, "team", "two", {uuid(0) + "::1"});
  CHECK(all(x04_gpu_given(facts), Verdict::match));
  hold(facts, "team", "three", {"GPU-gone"});
  CHECK(worst(x04_gpu_given(facts)).message.find("GPU-gone is not there") != std::string::npos);
  silence(facts);
  CHECK(all(x04_gpu_given(facts), Verdict::unobservable));
}

TEST_CASE("X04: a process on a GPU that no pod holds is told, and nobody accused") {
  Facts facts = gpu_facts(2);
  gpu(facts, 1).processes = std::vector<GpuProcess>{{4242, "compute", {}}};
  CHECK(only(x04_gpu_given(facts)).verdict == Verdict::unclaimed);
  facts.nodes[0].holdings.reset();
  CHECK(x04_gpu_given(facts).empty());
}

TEST_CASE("X06: the clique label is what NVML tells of all GPUs, or a violation") {
  Facts facts = gpu_facts(4);
  add_claims(facts);
  CHECK(x06_clique(facts).empty());
  for (int index = 0; index < 4; ++index)
    gpu(facts, index).fabric = GpuFabric{"completed", "", "cafe", 7, {}, 0};
  CHECK(only(x06_clique(facts)).verdict == Verdict::unclaimed);
  node_claim(facts).meta.labels["nvidia.com/gpu.clique"] = "cafe.7";
  CHECK(only(x06_clique(facts)).verdict == Verdict::match);
  node_claim(facts).meta.labels["nvidia.com/gpu.clique"] = "cafe.8";
  CHECK(only(x06_clique(facts)).message.find("but NVML tells cafe.7") != std::string::npos);
  gpu(facts, 3).fabric->clique = 9;
  CHECK(only(x06_clique(facts)).message.find("different cliques: cafe.7, cafe.9") !=
        std::string::npos);
  gpu(facts, 3).fabric->state = "in_progress";
  CHECK(only(x06_clique(facts)).verdict == Verdict::unobservable);
  facts.nodes[0].topology->gpus->gpus.clear();
  CHECK(only(x06_clique(facts)).message.find("no GPU of it is in a fabric") != std::string::npos);
}

TEST_CASE("X06: a label without facts is unobservable, on a node without GPUs a violation") {
  Facts facts = gpu_facts(1);
  add_claims(facts);
  node_claim(facts).meta.labels["nvidia.com/gpu.clique"] = "cafe.7";
  silence(facts);
  CHECK(only(x06_clique(facts)).verdict == Verdict::unobservable);
  topology(facts).gpus_problem.clear();
  topology(facts).pci_devices.clear();
  CHECK(only(x06_clique(facts)).verdict == Verdict::violation);
  facts.claims.reset();
  CHECK(x06_clique(facts).empty());
}

TEST_CASE(
    "X04: a pod's process on a GPU that another pod was given is a violation, by its cgroup") {
  Facts facts = gpu_facts(2);
  add_claims(facts);
  PodClaim pod;
  pod.meta = {"team", "intruder", "pod-uid", "7", {}};
  facts.claims->pods = {pod};
  hold(facts, "team", "trainer-0", {uuid(0)});
  gpu(facts, 0).processes = std::vector<GpuProcess>{{4242, "compute", {}, "pod-uid"}};
  const Finding leak = worst(x04_gpu_given(facts));
  CHECK(leak.verdict == Verdict::violation);
  CHECK(leak.subject.name == "team/intruder");
  CHECK(leak.message.find("which the kubelet gave pod team/trainer-0") != std::string::npos);
  hold(facts, "team", "intruder", {uuid(0) + "::1"});
  CHECK(x04_gpu_given(facts).size() == 2);
  facts.own_namespace = "team";
  facts.nodes[0].holdings->holdings.pop_back();
  CHECK(all(x04_gpu_given(facts), Verdict::match));
}

TEST_CASE("X04: a pod's process on a GPU that nobody was given is told, and nobody accused") {
  Facts facts = gpu_facts(2);
  add_claims(facts);
  PodClaim pod;
  pod.meta = {"team", "notebook", "pod-uid", "7", {}};
  facts.claims->pods = {pod};
  gpu(facts, 1).processes = std::vector<GpuProcess>{{4242, "compute", {}, "pod-uid"}};
  CHECK(only(x04_gpu_given(facts)).verdict == Verdict::unclaimed);
  CHECK(only(x04_gpu_given(facts)).subject.name == "team/notebook");
  gpu(facts, 1).processes->front().pod_uid = "another";
  CHECK(only(x04_gpu_given(facts)).subject.kind == "gpu");
}

TEST_CASE("X17: shared GPUs are told with who shares them") {
  Facts facts = gpu_facts(2);
  CHECK(x17_gpu_sharing(facts).empty());
  gpu(facts, 0).mig = true;
  gpu(facts, 0).instances = {{"MIG-1", "1g.10gb", Bytes{1}}};
  CHECK(only(x17_gpu_sharing(facts)).message.find("cut into 1 MIG slices") != std::string::npos);
  facts = gpu_facts(2);
  hold(facts, "team", "one", {uuid(1) + "::0"});
  hold(facts, "team", "two", {uuid(1) + "::1"});
  CHECK(only(x17_gpu_sharing(facts)).message.find("pod team/one and team/two hold of them") !=
        std::string::npos);
}

TEST_CASE("X19: a GPU that NVML calls unhealthy and that is offered has drifted") {
  Facts facts = gpu_facts(2);
  CHECK(x19_gpu_health(facts).empty());
  add_claims(facts);
  CHECK(all(x19_gpu_health(facts), Verdict::match));
  gpu(facts, 1).fabric->unhealthy = {"degraded_bandwidth"};
  const Finding finding = worst(x19_gpu_health(facts));
  CHECK(finding.verdict == Verdict::drift);
  CHECK(finding.claim->kind == "ResourceSlice");
  facts.claims->slices.clear();
  CHECK(worst(x19_gpu_health(facts)).claim->path == "status.allocatable[nvidia.com/gpu]");
  node_claim(facts).allocatable["nvidia.com/gpu"] = "1";
  CHECK(x19_gpu_health(facts).empty());
}

TEST_CASE("X19: a taint keeps pods off an unhealthy GPU; one on a healthy GPU is told") {
  Facts facts = gpu_facts(2);
  add_claims(facts);
  gpu(facts, 1).fabric->unhealthy = {"degraded_bandwidth"};
  slice_device(facts, 1).taints = {"gpu.nvidia.com/unhealthy=yes:None"};
  CHECK(worst(x19_gpu_health(facts)).verdict == Verdict::drift);
  CHECK(worst(x19_gpu_health(facts)).message.find("keeps nobody off") != std::string::npos);
  slice_device(facts, 1).taints = {"gpu.nvidia.com/unhealthy=yes:NoSchedule"};
  CHECK(all(x19_gpu_health(facts), Verdict::match));
  gpu(facts, 1).fabric->unhealthy.clear();
  const Finding fine = worst(x19_gpu_health(facts));
  CHECK(fine.verdict == Verdict::unclaimed);
  CHECK(fine.message.find("is tainted (gpu.nvidia.com/unhealthy=yes:NoSchedule)") !=
        std::string::npos);
  slice_device(facts, 1).taints.clear();
  PodClaim pod;
  pod.meta.name_space = "team";
  pod.meta.name = "trainer-0";
  pod.unhealthy = {"nvidia.com/gpu " + uuid(1)};
  facts.claims->pods = {pod};
  CHECK(worst(x19_gpu_health(facts)).message.find("by the status of pod team/trainer-0") !=
        std::string::npos);
}

TEST_CASE("X21: a GPU measured while somebody else held it is a violation") {
  Facts facts = gpu_facts(2);
  copy_all(facts, 396e9);
  CHECK(all(x21_gpu_tenants(facts), Verdict::match));
  CHECK(held_gpus(facts, facts.nodes[0]).empty());
  CHECK(gpu_names(facts, facts.nodes[0], {}) == std::vector<std::string>{uuid(0), uuid(1)});
  hold(facts, "plumbline", "stage-1", {uuid(0)});
  CHECK(all(x21_gpu_tenants(facts), Verdict::match));
  hold(facts, "team", "trainer-0", {uuid(1)});
  CHECK(worst(x21_gpu_tenants(facts)).message.find("while pod team/trainer-0 held it") !=
        std::string::npos);
  const auto held = held_gpus(facts, facts.nodes[0]);
  REQUIRE(held.size() == 1);
  CHECK(held.at(uuid(1)) == "pod team/trainer-0 holds GPU GPU-1");
  CHECK(gpu_names(facts, facts.nodes[0], held) == std::vector<std::string>{uuid(0)});
}

TEST_CASE("A slice of a held GPU is held too, and what slices call a free GPU is watched") {
  Facts facts = gpu_facts(2);
  add_claims(facts);
  gpu(facts, 0).mig = true;
  gpu(facts, 0).instances = {{"MIG-1", "1g.10gb", Bytes{1}}, {"MIG-2", "1g.10gb", Bytes{1}}};
  hold(facts, "team", "notebook", {"MIG-2"});
  const auto held = held_gpus(facts, facts.nodes[0]);
  CHECK(held.size() == 3);
  CHECK(held.at("MIG-1") == "pod team/notebook holds GPU GPU-0");
  CHECK(gpu_names(facts, facts.nodes[0], held) == std::vector<std::string>{uuid(1), "gpu-1"});
  gpu(facts, 1).processes.reset();
  CHECK(held_gpus(facts, facts.nodes[0]).at(uuid(1)).find("is not known") != std::string::npos);
}

TEST_CASE("X21: what was left alone, or whose holder is not known, is unobservable") {
  Facts facts = gpu_facts(2);
  copy_all(facts, 396e9);
  gpu(facts, 0).processes = std::vector<GpuProcess>{{4242, "compute", {}}};
  CHECK(worst(x21_gpu_tenants(facts)).verdict == Verdict::violation);
  for (Outcome& outcome : facts.outcomes)
    outcome.result = Skipped{"busy"};
  CHECK(worst(x21_gpu_tenants(facts)).message.find("was not measured, because process 4242") !=
        std::string::npos);
  facts = gpu_facts(2);
  copy_all(facts, 396e9);
  gpu(facts, 1).processes.reset();
  CHECK(worst(x21_gpu_tenants(facts)).verdict == Verdict::unobservable);
  facts = gpu_facts(2);
  copy_all(facts, 396e9);
  facts.nodes[0].holdings.reset();
  facts.nodes[0].holdings_problem = "the kubelet does not answer";
  CHECK(all(x21_gpu_tenants(facts), Verdict::unobservable));
}
