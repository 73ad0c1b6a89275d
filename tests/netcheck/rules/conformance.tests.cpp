#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <set>

#include "netcheck/judge.hpp"
#include "netcheck/requirements/catalogue.hpp"
#include "netcheck/requirements/conformance.hpp"
#include "tests/netcheck/rules/claims_yaml.hpp"
#include "tests/netcheck/rules/rack_facts.hpp"

namespace plumbline::netcheck {
namespace {

using Catch::Matchers::ContainsSubstring;

const RequirementResult* find(const std::vector<RequirementResult>& all, const std::string& id) {
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const auto& one) { return one.id == id; });
  return found == all.end() ? nullptr : &*found;
}

}  // namespace

TEST_CASE("Requirements are data: ids once, known levels, and what each takes") {
  std::set<std::string> ids;
  for (const Requirement& requirement : requirement_catalogue()) {
    INFO(requirement.id);
    CHECK(ids.insert(requirement.id).second);
    const std::string level = requirement.level;
    CHECK((level == "MUST" || level == "SHOULD" || level == "proposed"));
    CHECK_FALSE(std::string(requirement.takes).empty());
    CHECK_FALSE(requirement.rules[0].empty());
  }
  for (const char* const id :
       {"high_performance_networking", "high_performance_networking/multiple_interfaces",
        "high_performance_networking/characteristics_discoverable",
        "high_performance_networking/placement", "high_performance_networking/pod_to_pod_transfer",
        "gang_scheduling", "accelerator_metrics", "secure_accelerator_access", "dra_truthfulness",
        "driver_runtime_management", "KAR-5", "#16", "#21"}) {
    CHECK(ids.count(id) == 1);
  }
}

TEST_CASE("A requirement never passes on what the agents could do") {
  const Report report = judge(rack());
  const auto* const networking = find(report.requirements, "high_performance_networking");
  REQUIRE(networking != nullptr);
  CHECK(networking->level == "SHOULD");
  CHECK(networking->verdict == StageVerdict::inconclusive);
  CHECK_THAT(networking->because.back(), ContainsSubstring("no pod that the scheduler placed"));
  CHECK_THAT(networking->because.back(), ContainsSubstring("KAR-0010"));
  for (const Requirement& requirement : requirement_catalogue()) {
    const auto* const result = find(report.requirements, requirement.id);
    if (result != nullptr) CHECK(result->verdict != StageVerdict::pass);
  }
}

TEST_CASE("A requirement passes on what placed pods showed, and on all of it alone") {
  Facts facts = rack();
  facts.workloads = Workloads{};
  for (DeclaredRail& rail : facts.fabric.rails)
    rail.nic_rate = BytesPerSecond{25e6};
  const auto control = [](const char* name, ControlState state) {
    return Control{name, state, "", "seen.", {}};
  };
  facts.workloads->controls = {control("positive", ControlState::behaved)};
  Outcome outcome;
  outcome.probe = "placed_goodput";
  outcome.from = {"node-1", "ens1", "rail-a"};
  outcome.to = {"node-2", "ens1", "rail-a"};
  outcome.parameters = {{"size", "1048576"}, {"direction", "one_way"}};
  Measured measured;
  measured.value = 23.8e6;
  measured.interval = {23.7e6, 23.9e6};
  measured.conclusive = true;
  measured.proof = {{"counter", outcome.from, "tx_bytes", "moved", 0, 1, 1, true}};
  outcome.result = measured;
  facts.outcomes.push_back(outcome);
  const auto verdict_of = [&](const char* id) {
    const Report report = judge(facts);
    const auto* const told = find(report.requirements, id);
    UNSCOPED_INFO(told->because.front());
    return told->verdict;
  };
  constexpr const char* transfer = "high_performance_networking/pod_to_pod_transfer";
  constexpr const char* placement = "high_performance_networking/placement";
  CHECK(verdict_of(transfer) == StageVerdict::pass);
  CHECK(verdict_of(placement) == StageVerdict::inconclusive);
  facts.workloads->controls.push_back(control("negative", ControlState::behaved));
  CHECK(verdict_of(placement) == StageVerdict::pass);
  CHECK(verdict_of("high_performance_networking") == StageVerdict::inconclusive);
  facts.workloads->controls.back() = control("negative", ControlState::misbehaved);
  CHECK(verdict_of(placement) == StageVerdict::inconclusive);
  measured.proof.front().holds = false;
  facts.outcomes.back().result = measured;
  CHECK(verdict_of(transfer) == StageVerdict::inconclusive);
}

TEST_CASE("Gang scheduling passes on a gang that waited whole, fails on a part that was bound") {
  Facts facts = rack();
  facts.claims.reset();
  facts.workloads = Workloads{};
  const auto told = [&] {
    const Report report = judge(facts);
    const auto* const gangs = find(report.requirements, "gang_scheduling");
    REQUIRE(gangs != nullptr);
    return *gangs;
  };
  const auto pod = [](const char* workload, const char* name, const char* node) {
    PlacedPod made;
    made.workload = workload;
    made.binding = {"Pod", std::string("plumbline/") + name, "u", "7", "spec.nodeName", node};
    made.scheduler = "default-scheduler";
    return made;
  };
  CHECK(told().verdict == StageVerdict::inconclusive);
  facts.workloads->controls = {{"positive", ControlState::behaved, "", "seen.", {}}};
  CHECK(told().verdict == StageVerdict::inconclusive);
  CHECK_THAT(told().because.back(), ContainsSubstring("the oversized control was not made"));
  facts.workloads->controls.push_back({"oversized", ControlState::behaved, "", "seen.", {}});
  facts.workloads->pods = {pod("gang", "g-0", "node-1"), pod("oversized", "o-0", ""),
                           pod("oversized", "o-1", "")};
  CHECK(told().verdict == StageVerdict::pass);
  facts.workloads->controls.back().state = ControlState::misbehaved;
  CHECK(told().verdict == StageVerdict::inconclusive);
  facts.workloads->pods.back() = pod("oversized", "o-1", "node-2");
  CHECK(told().verdict == StageVerdict::fail);
  CHECK_THAT(told().because.front(), ContainsSubstring("1 of 2 pods were bound") &&
                                         ContainsSubstring("plumbline/o-1 to node-2") &&
                                         ContainsSubstring("by default-scheduler"));
  facts.workloads->controls.pop_back();
  CHECK(told().verdict == StageVerdict::inconclusive);
  facts.workloads->controls.push_back({"oversized", ControlState::misbehaved, "", "seen.", {}});
  for (int more = 2; more < 9; ++more)
    facts.workloads->pods.push_back(pod("oversized", "o-x", "node-3"));
  CHECK_THAT(told().because.front(), ContainsSubstring("and 4 more"));
}

namespace {

constexpr const char* kRackLabel = "fabric.topograph.run/tier-0";

/// A stage whose gang of two stands on these nodes, made by a Job that required one domain of the
/// label, and measured between its pods; the controls behaved.
Facts gang_in_one_domain(const std::vector<std::string>& nodes, const std::string& label) {
  Facts facts = rack();
  facts.fabric.rack_label = kRackLabel;
  for (DeclaredRail& rail : facts.fabric.rails)
    rail.nic_rate = BytesPerSecond{25e6};
  facts.workloads = Workloads{};
  for (const char* const control : {"positive", "misaligned"})
    facts.workloads->controls.push_back({control, ControlState::behaved, "", "seen.", {}});
  PlacementClaim job;
  job.meta.name = "plumbline-run-gang";
  job.meta.name_space = "plumbline";
  job.meta.uid = "uj";
  job.kind = "Job";
  job.one_domain = label;
  job.path = "spec.template.spec.affinity.podAffinity";
  for (const std::string& node : nodes) {
    PodClaim pod;
    pod.meta.name = "rank-on-" + node;
    pod.meta.name_space = "plumbline";
    pod.node = node;
    pod.phase = "Running";
    job.members.push_back("plumbline/" + pod.meta.name);
    PlacedPod placed;
    placed.workload = "gang";
    placed.phase = "Running";
    placed.binding = {"Pod", job.members.back(), "u", "7", "spec.nodeName", node};
    facts.workloads->pods.push_back(placed);
    facts.claims->pods.push_back(pod);
  }
  facts.claims->placements.push_back(job);
  Outcome outcome;
  outcome.probe = "placed_goodput";
  outcome.from = {"node-1", "ens1", "rail-a"};
  outcome.to = {"node-2", "ens1", "rail-a"};
  outcome.parameters = {{"size", "1048576"}, {"direction", "one_way"}};
  Measured measured;
  measured.value = 23.8e6;
  measured.interval = {23.7e6, 23.9e6};
  measured.conclusive = true;
  measured.proof = {{"counter", outcome.from, "tx_bytes", "moved", 0, 1, 1, true}};
  outcome.result = measured;
  facts.outcomes.push_back(outcome);
  return facts;
}

RequirementResult topology_aware(const Facts& facts) {
  const Report report = judge(facts);
  const auto* const told = find(report.requirements, "#16");
  REQUIRE(told != nullptr);
  return *told;
}

}  // namespace

TEST_CASE("Topology-aware placement passes on a gang in the one domain that it required") {
  const auto told = topology_aware(gang_in_one_domain({"node-1", "node-2"}, kRackLabel));
  INFO(told.because.front());
  CHECK(told.verdict == StageVerdict::pass);
  CHECK_THAT(told.because.front(),
             ContainsSubstring("is in one fabric.topograph.run/tier-0 as it"));
}

TEST_CASE("Topology-aware placement fails on a gang over two of the domains that it required") {
  const auto told = topology_aware(gang_in_one_domain({"node-1", "node-3"}, kRackLabel));
  CHECK(told.verdict == StageVerdict::fail);
  CHECK_THAT(told.because.front(), ContainsSubstring("X12") && ContainsSubstring("are in 2"));
}

TEST_CASE("Topology-aware placement is not known without each part of its evidence") {
  Facts facts = gang_in_one_domain({"node-1", "node-2"}, kRackLabel);
  const auto open = [&](const char* why) {
    const auto told = topology_aware(facts);
    CHECK(told.verdict == StageVerdict::inconclusive);
    CHECK_THAT(told.because.back(), ContainsSubstring(why));
  };
  SECTION("no domain was required") {
    facts.claims->placements.pop_back();
    open("required no topology domain (workloads.domain)");
  }
  SECTION("it was preferred alone") {
    facts.claims->placements.back().required = false;
    open("required no topology domain");
  }
  SECTION("by a part of its pods") {
    facts.claims->placements.back().members.pop_back();
    open("required no topology domain");
  }
  SECTION("another label, whose worth nothing measured") {
    facts.claims->placements.back().one_domain = "topology.kubernetes.io/zone";
    open("is not fabric.rack_label");
  }
  SECTION("claims that were not read") {
    facts.claims.reset();
    open("was not read");
  }
  SECTION("a control that did not behave, or was not made") {
    facts.workloads->controls.back().state = ControlState::misbehaved;
    open("the misaligned control");
    facts.workloads->controls.pop_back();
    open("the misaligned control was not made");
  }
  SECTION("numbers of pods without proof") {
    Measured measured = *facts.outcomes.back().measured();
    measured.proof.clear();
    facts.outcomes.back().result = measured;
    open("0 of 1 numbers of placed_goodput");
  }
  SECTION("no pods at all") {
    facts.workloads->pods.clear();
    open("no pod of the stage's gang was made");
  }
}

TEST_CASE("A requirement that a finding contradicts fails and quotes it") {
  const Report report = judge(rack("rack-split-gang"));
  const auto* const gangs = find(report.requirements, "gang_scheduling");
  REQUIRE(gangs != nullptr);
  CHECK(gangs->level == "MUST");
  CHECK(gangs->verdict == StageVerdict::fail);
  CHECK_THAT(gangs->because.front(), ContainsSubstring("X10"));
  CHECK(find(report.requirements, "dra_truthfulness")->verdict == StageVerdict::inconclusive);
}

TEST_CASE("A claim that asks for what is not there contradicts no requirement") {
  const Report report = judge(claims_of(
      slice_yaml("gpu.nvidia.com", "n1", "gpu-0 type=gpu numaNode=0\n") +
      slice_yaml("dra.net", "n1", "nic-0 dra.net/rdma=true dra.net/numaNode=0\n") +
      "---\napiVersion: resource.k8s.io/v1\nkind: DeviceClass\nmetadata: {name: gpu, uid: "
      "ug}\nspec: {selectors: [{cel: {expression: 'device.driver == "
      "\"gpu.nvidia.com\"'}}]}\n---\napiVersion: resource.k8s.io/v1\nkind: "
      "ResourceClaim\nmetadata: {namespace: ns, name: vain, uid: uv}\nspec: {devices: "
      "{requests: [{name: g, exactly: {deviceClassName: gpu, count: 2}}], constraints: "
      "[{matchAttribute: resource.kubernetes.io/pcieRoot}]}}\n"));
  CHECK(report.verdict == StageVerdict::fail);
  const auto* const truth = find(report.requirements, "dra_truthfulness");
  REQUIRE(truth != nullptr);
  CHECK(truth->verdict == StageVerdict::inconclusive);
}

TEST_CASE("A requirement that applies to nothing here is left out") {
  const Report report = judge(claims_of(node_yaml("n1", "a: b")));
  CHECK(find(report.requirements, "gang_scheduling") == nullptr);
  CHECK(find(report.requirements, "accelerator_metrics") == nullptr);
  const Report gpus = judge(claims_of(slice_yaml("gpu.nvidia.com", "n1", "gpu-0 type=gpu\n")));
  CHECK(find(gpus.requirements, "accelerator_metrics") != nullptr);
  CHECK(find(gpus.requirements, "high_performance_networking") == nullptr);
}

}  // namespace plumbline::netcheck
