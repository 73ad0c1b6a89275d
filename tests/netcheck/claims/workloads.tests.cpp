#include <catch2/catch_test_macros.hpp>
#include <fstream>
#include <nlohmann/json.hpp>

#include "netcheck/claims/node_marks.hpp"
#include "netcheck/claims/workloads/agents.hpp"
#include "netcheck/claims/workloads/gang.hpp"
#include "netcheck/claims/workloads/lease.hpp"
#include "netcheck/claims/workloads/pod_facts.hpp"
#include "netcheck/claims/workloads/render.hpp"

using namespace plumbline;
using namespace plumbline::netcheck::claims;
using Json = nlohmann::json;

namespace {

RunSpec run_of(WorkloadKind kind) {
  RunSpec run;
  run.run = "abc23";
  run.name_space = "plumbline";
  run.kind = kind;
  run.resources = {{"nvidia.com/gpu", "8"}, {"cpu", "2"}};
  run.labels = {{"kueue.x-k8s.io/queue-name", "tests"}};
  run.tolerations = {"nvidia.com/gpu"};
  run.deadline_s = 900;
  return run;
}

WorkloadSpec gang() {
  WorkloadSpec workload;
  workload.name = "gang";
  workload.members = 3;
  workload.nodes = {"node-1", "node-2", "node-3"};
  return workload;
}

/// The pod specs of a workload's ranks.
Json pods_of(const RunSpec& run) {
  const auto objects = workload_objects(run, gang());
  const Json& first = objects.front();
  switch (run.kind) {
    case WorkloadKind::job:
      return first["spec"]["template"];
    case WorkloadKind::job_set:
      return first["spec"]["replicatedJobs"][0]["template"]["spec"]["template"];
    case WorkloadKind::mpi_job:
      return first["spec"]["mpiReplicaSpecs"]["Worker"]["template"];
    case WorkloadKind::train_job:
      return first["spec"]["template"]["spec"]["replicatedJobs"][0]["template"]["spec"]["template"];
  }
  return {};
}

PodFacts pod_with(const Json& more) {
  Json pod{{"metadata",
            {{"name", "gang-0"},
             {"namespace", "plumbline"},
             {"uid", "u1"},
             {"resourceVersion", "7"},
             {"labels", {{kRunLabel, "abc23"}, {kWorkloadLabel, "gang"}}},
             {"annotations", {{"batch.kubernetes.io/job-completion-index", "2"}}}}},
           {"spec", {{"nodeName", "node-1"}, {"schedulerName", "default-scheduler"}}},
           {"status", {{"phase", "Running"}, {"podIP", "10.0.0.7"}}}};
  pod.merge_patch(more);
  std::string problem;
  return read_pod_facts(pod, problem);
}

}  // namespace

TEST_CASE("Every kind of workload makes the same unprivileged pods") {
  for (const auto kind :
       {WorkloadKind::job, WorkloadKind::job_set, WorkloadKind::mpi_job, WorkloadKind::train_job}) {
    CAPTURE(to_string(kind));
    const Json pod = pods_of(run_of(kind));
    const Json& spec = pod["spec"];
    CHECK(pod["metadata"]["labels"][kRunLabel] == "abc23");
    CHECK(pod["metadata"]["labels"][kWorkloadLabel] == "gang");
    CHECK(pod["metadata"]["labels"]["kueue.x-k8s.io/queue-name"] == "tests");
    CHECK(spec["restartPolicy"] == "Never");
    CHECK(spec["automountServiceAccountToken"] == false);
    CHECK(spec["priorityClassName"] == "plumbline-measures");
    CHECK(spec["securityContext"]["runAsNonRoot"] == true);
    CHECK(spec["securityContext"]["seccompProfile"]["type"] == "RuntimeDefault");
    CHECK_FALSE(spec.contains("hostNetwork"));
    const Json& container = spec["containers"][0];
    CHECK(container["securityContext"]["capabilities"] == Json{{"drop", {"ALL"}}});
    CHECK(container["securityContext"]["allowPrivilegeEscalation"] == false);
    CHECK(container["securityContext"]["readOnlyRootFilesystem"] == true);
    CHECK(container["resources"]["limits"]["nvidia.com/gpu"] == "8");
    CHECK(container["resources"]["requests"]["cpu"] == "2");
    CHECK(container["args"][1] == "--placed");
    CHECK(spec["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
              ["nodeSelectorTerms"]
                  .size() == 3);
    CHECK(spec["tolerations"][0]["key"] == "nvidia.com/gpu");
  }
}

TEST_CASE("A workload's objects carry the run's name and are made where they belong") {
  CHECK(parse_workload_kind("TrainJob") == WorkloadKind::train_job);
  const auto objects = workload_objects(run_of(WorkloadKind::train_job), gang());
  REQUIRE(objects.size() == 2);
  CHECK(collection_of(objects[0]) ==
        "/apis/trainer.kubeflow.org/v1alpha1/namespaces/plumbline/trainingruntimes");
  CHECK(collection_of(objects[1]) ==
        "/apis/trainer.kubeflow.org/v1alpha1/namespaces/plumbline/trainjobs");
  CHECK(objects[1]["spec"]["runtimeRef"]["name"] == "plumbline-abc23-gang");
  const Json& made = objects[0]["spec"]["template"];  // the JobSet's, and of its Job
  CHECK(made["metadata"]["labels"][kRunLabel] == "abc23");
  CHECK(made["spec"]["replicatedJobs"][0]["template"]["metadata"]["labels"][kRunLabel] == "abc23");
  const auto job = workload_objects(run_of(WorkloadKind::job), gang()).front();
  CHECK(collection_of(job) == "/apis/batch/v1/namespaces/plumbline/jobs");
  CHECK(job["metadata"]["name"] == "plumbline-abc23-gang");
  CHECK(job["spec"]["completionMode"] == "Indexed");
  CHECK(job["spec"]["completions"] == 3);
  CHECK(job["spec"]["backoffLimit"] == 0);
  CHECK(job["spec"]["activeDeadlineSeconds"] == 900);
  const auto mpi = workload_objects(run_of(WorkloadKind::mpi_job), gang()).front();
  const Json& launcher = mpi["spec"]["mpiReplicaSpecs"]["Launcher"]["template"];
  CHECK(launcher["metadata"]["labels"][kWorkloadLabel] == "gang-launcher");
  CHECK_FALSE(launcher["spec"]["containers"][0]["resources"]["limits"].contains("nvidia.com/gpu"));
}

TEST_CASE("Members stand to each other as a workload says") {
  RunSpec run = run_of(WorkloadKind::job);
  run.labels.clear();
  WorkloadSpec workload = gang();
  const auto affinity = [&] {
    return workload_objects(run, workload).front()["spec"]["template"]["spec"]["affinity"];
  };
  constexpr const char* when = "requiredDuringSchedulingIgnoredDuringExecution";
  CHECK(affinity()["podAntiAffinity"][when][0]["topologyKey"] == "kubernetes.io/hostname");
  CHECK_FALSE(affinity().contains("podAffinity"));
  workload.domain_label = "rack";
  workload.spread = Spread::one_domain;
  CHECK(affinity()["podAffinity"][when][0]["topologyKey"] == "rack");
  workload.spread = Spread::many_domains;
  CHECK(affinity()["podAntiAffinity"][when][0]["topologyKey"] == "rack");
  workload.nodes.clear();
  CHECK_FALSE(affinity().contains("nodeAffinity"));
  workload.resources = {{"nvidia.com/gpu", "1000000"}};
  const Json container =
      workload_objects(run, workload).front()["spec"]["template"]["spec"]["containers"][0];
  CHECK(container["resources"]["limits"]["nvidia.com/gpu"] == "1000000");
}

TEST_CASE("A pod asks for all devices of its run, for one of each, or for none at all") {
  RunSpec run = run_of(WorkloadKind::job);
  run.resources = {{"rdma/hca", "2"}, {"cpu", "3"}};
  run.claims = {{"nics", "dra.net", 2}};
  WorkloadSpec workload;
  workload.name = "bare";
  const auto spec = [&] {
    return workload_objects(run, workload).front()["spec"]["template"]["spec"];
  };
  const auto limits = [&] { return spec()["containers"][0]["resources"]["limits"]; };
  CHECK(limits()["rdma/hca"] == "2");
  workload.devices = Devices::one_each;
  CHECK(limits()["rdma/hca"] == "1");
  CHECK(limits()["cpu"] == "3");
  CHECK(spec()["resourceClaims"].size() == 1);
  workload.devices = Devices::none;
  CHECK_FALSE(limits().contains("rdma/hca"));
  CHECK(limits()["cpu"] == "3");
  CHECK_FALSE(spec().contains("resourceClaims"));
  CHECK_FALSE(spec()["containers"][0]["resources"].contains("claims"));
  workload.spread = Spread::anywhere;
  CHECK_FALSE(spec()["affinity"].contains("podAntiAffinity"));
}

TEST_CASE("Claim templates have the shape of the version that is served") {
  RunSpec run = run_of(WorkloadKind::job);
  run.claims = {{"nics", "dra.net", 2}};
  run.dra_version = "v1beta1";
  Json request = claim_templates(run).front()["spec"]["spec"]["devices"]["requests"][0];
  CHECK(request["deviceClassName"] == "dra.net");
  CHECK(request["count"] == 2);
  run.dra_version = "v1";
  const Json made = claim_templates(run).front();
  CHECK(made["apiVersion"] == "resource.k8s.io/v1");
  CHECK(made["metadata"]["name"] == "plumbline-abc23-nics");
  CHECK(made["spec"]["spec"]["devices"]["requests"][0]["exactly"]["deviceClassName"] == "dra.net");
  const Json spec = workload_objects(run, gang()).front()["spec"]["template"]["spec"];
  CHECK(spec["resourceClaims"][0]["resourceClaimTemplateName"] == "plumbline-abc23-nics");
  CHECK(spec["containers"][0]["resources"]["claims"][0]["name"] == "nics");
}

TEST_CASE("A gang is told to the scheduler that is to know it, and its launcher is no member") {
  RunSpec run = run_of(WorkloadKind::job);
  CHECK(workload_objects(run, gang()).size() == 1);
  run.gang = GangForm::coscheduling;
  run.gang_wait_s = 7;
  auto objects = workload_objects(run, gang());
  REQUIRE(objects.size() == 2);
  CHECK(collection_of(objects[0]) ==
        "/apis/scheduling.x-k8s.io/v1alpha1/namespaces/plumbline/podgroups");
  CHECK(objects[0]["metadata"]["name"] == "plumbline-abc23-gang");
  CHECK(objects[0]["metadata"]["labels"][kRunLabel] == "abc23");
  CHECK(objects[0]["spec"] == Json{{"minMember", 3}, {"scheduleTimeoutSeconds", 7}});
  CHECK(objects[1]["spec"]["template"]["metadata"]["labels"]["scheduling.x-k8s.io/pod-group"] ==
        "plumbline-abc23-gang");
  run.gang = GangForm::volcano;
  objects = workload_objects(run, gang());
  CHECK(objects[0]["apiVersion"] == "scheduling.volcano.sh/v1beta1");
  CHECK(objects[0]["spec"] == Json{{"minMember", 3}});
  CHECK(objects[1]["spec"]["template"]["metadata"]["annotations"]["scheduling.k8s.io/group-name"] ==
        "plumbline-abc23-gang");
  run.gang = GangForm::native;
  objects = workload_objects(run, gang());
  CHECK(objects[0]["apiVersion"] == "scheduling.k8s.io/v1alpha2");
  CHECK(objects[0]["spec"]["schedulingPolicy"]["gang"]["minCount"] == 3);
  CHECK(objects[1]["spec"]["template"]["spec"]["schedulingGroup"]["podGroupName"] ==
        "plumbline-abc23-gang");
  run.kind = WorkloadKind::mpi_job;
  const Json replicas = workload_objects(run, gang())[1]["spec"]["mpiReplicaSpecs"];
  CHECK(replicas["Worker"]["template"]["spec"].contains("schedulingGroup"));
  CHECK_FALSE(replicas["Launcher"]["template"]["spec"].contains("schedulingGroup"));
  CHECK(replicas["Launcher"]["restartPolicy"] == "Never");
  for (const auto form : {GangForm::none, GangForm::coscheduling, GangForm::volcano})
    CHECK(parse_gang_form(to_string(form)) == form);
  CHECK(parse_gang_form("kueue") == GangForm::none);
}

TEST_CASE("What a server drops of a pod is told, and of no pod nothing") {
  RunSpec run = run_of(WorkloadKind::job);
  const auto bare = pod_with(Json::object());
  CHECK_FALSE(not_kept(run, {bare}));
  run.claims = {{"nics", "dra.net", 2}};
  CHECK_FALSE(not_kept(run, {}));
  const auto lost = not_kept(run, {bare});
  REQUIRE(lost);
  CHECK(lost->find("did not keep spec.resourceClaims of pod plumbline/gang-0") !=
        std::string::npos);
  const Json claims = Json::array({{{"name", "nics"}, {"resourceClaimTemplateName", "t"}}});
  const auto whole = pod_with({{"spec", {{"resourceClaims", claims}}}});
  CHECK(whole.resource_claims == 1);
  CHECK_FALSE(not_kept(run, {whole}));
  run.claims.clear();
  run.gang = GangForm::native;
  CHECK(not_kept(run, {bare})->find("spec.schedulingGroup") != std::string::npos);
  const auto member = pod_with({{"spec", {{"schedulingGroup", {{"podGroupName", "g"}}}}}});
  CHECK_FALSE(not_kept(run, {member}));
  run.gang = GangForm::coscheduling;
  CHECK_FALSE(not_kept(run, {bare}));
}

TEST_CASE("Pods of a recorded cluster that knows claims and gangs carry both") {
  std::ifstream file(std::string(PLUMBLINE_FIXTURES) + "/rack/pods.json");
  const Json recorded = Json::parse(file);
  RunSpec run = run_of(WorkloadKind::job);
  run.claims = {{"nics", "dra.net", 1}};
  run.gang = GangForm::native;
  std::size_t whole = 0;
  for (const Json& item : recorded["items"]) {
    std::string problem;
    const PodFacts facts = read_pod_facts(item, problem);
    const bool asks = item["spec"].contains("resourceClaims");
    const bool member = item["spec"].contains("schedulingGroup");
    CHECK(not_kept(run, {facts}).has_value() == !(asks && member));
    whole += asks && member ? 1 : 0;
  }
  CHECK(whole > 0);
}

TEST_CASE("The Secret holds what the pods mount, and the Lease when it was renewed") {
  const RunSpec run = run_of(WorkloadKind::job);
  const Json secret = secret_object(run, {"ca", "certificate", "key"});
  CHECK(secret["metadata"]["name"] == "plumbline-abc23-tls");
  CHECK(secret["stringData"]["tls.key"] == "key");
  const Json lease =
      lease_object("abc23", "plumbline", "2026-11-23T06:24:35.123Z", "2026-11-23T06:25:00Z");
  CHECK(lease["spec"]["acquireTime"] == "2026-11-23T06:24:35.123000Z");
  CHECK(lease["spec"]["renewTime"] == "2026-11-23T06:25:00.000000Z");
  CHECK_FALSE(lease_expired(lease, "2026-11-23T06:26:00.000Z"));
  CHECK(lease_expired(lease, "2026-11-23T06:26:01.000Z"));
}

TEST_CASE("A Lease that cannot be read has not expired") {
  const std::string now = "2026-11-23T06:26:01.000Z";
  for (const char* const text :
       {R"({})", R"({"spec":7})", R"({"spec":{"leaseDurationSeconds":30}})",
        R"({"spec":{"leaseDurationSeconds":"30","renewTime":"2020-01-01T00:00:00.000000Z"}})",
        R"({"spec":{"leaseDurationSeconds":30,"renewTime":"2020-13-01T00:00:00.000000Z"}})",
        R"({"spec":{"leaseDurationSeconds":30,"renewTime":"yesterday"}})"}) {
    CAPTURE(text);
    CHECK_FALSE(lease_expired(Json::parse(text), now));
  }
  CHECK(seconds_of("1970-01-02T00:00:01Z") == 86401);
  CHECK_FALSE(seconds_of("1970-01-02T00:00:01"));
  CHECK_FALSE(seconds_of(""));
}

TEST_CASE("A pod says where it is bound, by whom, and why it waits or ends") {
  const auto bound = pod_with(Json::object());
  CHECK(bound.run == "abc23");
  CHECK(bound.placed.binding.value == "node-1");
  CHECK(bound.placed.binding.path == "spec.nodeName");
  CHECK(bound.placed.rank == 2);
  CHECK(bound.placed.scheduler == "default-scheduler");
  CHECK(bound.placed.address == "10.0.0.7");
  CHECK(bound.placed.ended.empty());
  const auto condition = [](const char* type, const char* status, const char* reason) {
    return Json{{"status",
                 {{"conditions", Json::array({{{"type", type},
                                               {"status", status},
                                               {"reason", reason},
                                               {"message", "words"}}})}}}};
  };
  CHECK(pod_with(condition("PodScheduled", "False", "Unschedulable")).placed.waiting ==
        "Unschedulable: words");
  CHECK(pod_with(condition("DisruptionTarget", "True", "PreemptionByScheduler")).placed.ended ==
        "is disrupted: PreemptionByScheduler: words");
  CHECK(pod_with({{"metadata", {{"deletionTimestamp", "2026-11-23T06:24:35Z"}}}}).placed.ended ==
        "is being deleted");
  CHECK(pod_with({{"status", {{"phase", "Failed"}, {"reason", "Evicted"}}}}).placed.ended ==
        "has ended as Failed (Evicted)");
}

TEST_CASE("An object that is no pod reads as one that is nowhere") {
  for (const char* const text :
       {R"(7)", R"({})", R"({"metadata":[],"spec":"x","status":1})",
        R"({"metadata":{"annotations":{"batch.kubernetes.io/job-completion-index":"-x"}}})"}) {
    std::string problem;
    const auto facts = read_pod_facts(Json::parse(text), problem);
    CHECK(facts.placed.binding.value.empty());
    CHECK(facts.placed.rank == 0);
  }
}

TEST_CASE("The agents that a run brings are the overlay's, with the run's own names and TLS") {
  const auto overlay = prober_daemon_set();
  REQUIRE(overlay);
  const Json& theirs = (*overlay)["spec"]["template"]["spec"];
  CHECK(theirs["hostNetwork"] == true);
  CHECK(theirs["containers"].size() == 1);
  CHECK(theirs["containers"][0]["securityContext"]["capabilities"] ==
        Json{{"drop", {"ALL"}}, {"add", {"IPC_LOCK"}}});
  CHECK(theirs["containers"][0]["securityContext"]["readOnlyRootFilesystem"] == true);
  const auto made = agents_object(run_of(WorkloadKind::job), "nvidia.com/gpu.present=true,a==b");
  REQUIRE(made);
  const Json& spec = (*made)["spec"]["template"]["spec"];
  CHECK(collection_of(*made) == "/apis/apps/v1/namespaces/plumbline/daemonsets");
  CHECK((*made)["metadata"]["name"] == "plumbline-abc23-agents");
  CHECK((*made)["spec"]["selector"]["matchLabels"][kRunLabel] == "abc23");
  CHECK((*made)["spec"]["template"]["metadata"]["labels"][kRunLabel] == "abc23");
  CHECK(spec["nodeSelector"] == Json{{"nvidia.com/gpu.present", "true"}, {"a", "b"}});
  CHECK_FALSE(spec.contains("serviceAccountName"));
  CHECK(spec["containers"][0]["args"] == theirs["containers"][0]["args"]);
  CHECK(spec["volumes"].dump().find("plumbline-abc23-agents-tls") != std::string::npos);
  CHECK(agents_secret(run_of(WorkloadKind::job), {"a", "b", "c"})["metadata"]["name"] ==
        "plumbline-abc23-agents-tls");
  CHECK_FALSE(agents_object(run_of(WorkloadKind::job), "a in (b)"));
  CHECK_FALSE(agents_object(run_of(WorkloadKind::job), "a!=b"));
  CHECK_FALSE(agents_object(run_of(WorkloadKind::job), "a"));
}

TEST_CASE("A node is marked by what the report says of it") {
  Report report;
  report.run_id = "-abc_23-";
  report.nodes = {{"node-1", "", ""}};
  const auto condition = [&] {
    return node_condition(report, "node-1", "2026-11-23T06:24:35Z")["status"]["conditions"][0];
  };
  CHECK(condition()["status"] == "Unknown");
  Outcome outcome;
  outcome.from = {"node-1", "ens1", ""};
  outcome.result = Measured{};
  report.outcomes = {outcome};
  CHECK(condition()["status"] == "True");
  Finding finding;
  finding.rule = "X03";
  finding.verdict = Verdict::violation;
  finding.subject = {"nic", "node-1/ens1", "node-1", ""};
  finding.message = "is not there";
  report.findings = {finding};
  CHECK(condition()["status"] == "False");
  CHECK(condition()["type"] == "PlumblineFabric");
  CHECK(condition()["message"] == "plumbline run -abc_23-: X03: is not there");
  const Json labels = node_labels(report, "node-1")["metadata"]["labels"];
  CHECK(labels["plumbline.dev/verdict"] == "fail");
  CHECK(labels["plumbline.dev/run"] == "abc-23");
}
