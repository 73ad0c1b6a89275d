#include "netcheck/claims/workloads/render.hpp"

#include <array>
#include <nlohmann/json.hpp>

#include "netcheck/claims/json_text.hpp"
#include "netcheck/claims/workloads/gang.hpp"
#include "netcheck/claims/workloads/pod_template.hpp"

namespace plumbline::netcheck::claims {
namespace {

using Json = nlohmann::json;

constexpr const char* kIndexOfJob =
    "metadata.annotations['batch.kubernetes.io/job-completion-index']";
constexpr const char* kIndexOfMpi = "metadata.labels['training.kubeflow.org/replica-index']";

struct Word {
  WorkloadKind kind;
  const char* word;
};
constexpr std::array<Word, 4> kWords{{{WorkloadKind::job, "Job"},
                                      {WorkloadKind::job_set, "JobSet"},
                                      {WorkloadKind::mpi_job, "MPIJob"},
                                      {WorkloadKind::train_job, "TrainJob"}}};

struct Plural {
  const char* kind;
  const char* plural;
};
constexpr std::array<Plural, 10> kPlurals{{{"Lease", "leases"},
                                           {"DaemonSet", "daemonsets"},
                                           {"Secret", "secrets"},
                                           {"ResourceClaimTemplate", "resourceclaimtemplates"},
                                           {"Job", "jobs"},
                                           {"PodGroup", "podgroups"},
                                           {"JobSet", "jobsets"},
                                           {"MPIJob", "mpijobs"},
                                           {"TrainingRuntime", "trainingruntimes"},
                                           {"TrainJob", "trainjobs"}}};

Json object_of(const RunSpec& run, const char* api, const char* kind, const std::string& workload) {
  Json made{{"apiVersion", api},
            {"kind", kind},
            {"metadata", run_metadata(run, object_name(run.run, workload))}};
  made["metadata"]["labels"] = workload_labels(run, workload);
  return made;
}

/// spec of an Indexed Job. Nothing is tried twice: a pod that ends is what the stage must see.
Json indexed(const RunSpec& run, const WorkloadSpec& workload) {
  return {{"completionMode", "Indexed"},
          {"completions", workload.members},
          {"parallelism", workload.members},
          {"backoffLimit", 0},
          {"activeDeadlineSeconds", run.deadline_s},
          {"ttlSecondsAfterFinished", 60},
          {"template", pod_template(run, workload, kIndexOfJob)}};
}

/// The Job that a JobSet makes carries the run's labels too: a sweep trusts no garbage collection.
Json replicated(const RunSpec& run, const WorkloadSpec& workload) {
  return {{"name", "ranks"},
          {"replicas", 1},
          {"template",
           {{"metadata", {{"labels", workload_labels(run, workload.name)}}},
            {"spec", indexed(run, workload)}}}};
}

Json job_set(const RunSpec& run, const WorkloadSpec& workload) {
  Json made = object_of(run, "jobset.x-k8s.io/v1alpha2", "JobSet", workload.name);
  made["spec"] = {{"failurePolicy", {{"maxRestarts", 0}}},
                  {"replicatedJobs", Json::array({replicated(run, workload)})}};
  return made;
}

/// The operator takes the restart policy from here, and a launcher's is OnFailure unless it is
/// said.
Json replica_spec(int replicas, const Json& pod_template) {
  return {{"replicas", replicas}, {"restartPolicy", "Never"}, {"template", pod_template}};
}

/// The launcher is what an MPIJob lives as long as: one more agent, which holds nothing and is
/// asked nothing.
Json mpi_job(const RunSpec& run, const WorkloadSpec& workload) {
  RunSpec bare = run;
  bare.resources.clear();
  bare.claims.clear();
  bare.gang = GangForm::none;
  Json launcher = pod_template(
      bare, {workload.name + "-launcher", 1, {}, Spread::one_a_node, "", {}}, "metadata.name");
  const Json worker = pod_template(run, workload, kIndexOfMpi);
  Json made = object_of(run, "kubeflow.org/v2beta1", "MPIJob", workload.name);
  made["spec"] = {{"slotsPerWorker", 1},
                  {"runPolicy",
                   {{"cleanPodPolicy", "All"},
                    {"backoffLimit", 0},
                    {"activeDeadlineSeconds", run.deadline_s},
                    {"ttlSecondsAfterFinished", 60}}},
                  {"mpiReplicaSpecs",
                   {{"Launcher", replica_spec(1, launcher)},
                    {"Worker", replica_spec(workload.members, worker)}}}};
  return made;
}

std::vector<Json> train_job(const RunSpec& run, const WorkloadSpec& workload) {
  constexpr const char* api = "trainer.kubeflow.org/v1alpha1";
  Json job = replicated(run, workload);
  job["name"] = "node";
  job["template"]["metadata"]["labels"]["trainer.kubeflow.org/trainjob-ancestor-step"] = "trainer";
  job["template"]["spec"]["template"]["spec"]["containers"][0]["name"] = "node";
  Json runtime = object_of(run, api, "TrainingRuntime", workload.name);
  runtime["spec"] = {
      {"mlPolicy", {{"numNodes", workload.members}}},
      {"template",
       {{"metadata", {{"labels", workload_labels(run, workload.name)}}},
        {"spec",
         {{"failurePolicy", {{"maxRestarts", 0}}}, {"replicatedJobs", Json::array({job})}}}}}};
  Json made = object_of(run, api, "TrainJob", workload.name);
  made["spec"] = {{"runtimeRef",
                   {{"apiGroup", "trainer.kubeflow.org"},
                    {"kind", "TrainingRuntime"},
                    {"name", object_name(run.run, workload.name)}}},
                  {"trainer", {{"numNodes", workload.members}}}};
  return {runtime, made};
}

std::vector<Json> makers_of(const RunSpec& run, const WorkloadSpec& workload) {
  switch (run.kind) {
    case WorkloadKind::job_set:
      return {job_set(run, workload)};
    case WorkloadKind::mpi_job:
      return {mpi_job(run, workload)};
    case WorkloadKind::train_job:
      return train_job(run, workload);
    case WorkloadKind::job:
      break;
  }
  Json job = object_of(run, "batch/v1", "Job", workload.name);
  job["spec"] = indexed(run, workload);
  return {job};
}

}  // namespace

const char* to_string(WorkloadKind kind) noexcept {
  for (const Word& entry : kWords) {
    if (entry.kind == kind) return entry.word;
  }
  return "Job";
}

WorkloadKind parse_workload_kind(const std::string& word) noexcept {
  for (const Word& entry : kWords) {
    if (word == entry.word) return entry.kind;
  }
  return WorkloadKind::job;
}

std::string object_name(const std::string& run, const std::string& name) {
  return "plumbline-" + run + (name.empty() ? "" : "-" + name);
}

Json secret_object(const RunSpec& run, const PodSecrets& secrets) {
  return {{"apiVersion", "v1"},
          {"kind", "Secret"},
          {"metadata", run_metadata(run, object_name(run.run, "tls"))},
          {"type", "Opaque"},
          {"stringData",
           {{"ca.crt", secrets.ca}, {"tls.crt", secrets.certificate}, {"tls.key", secrets.key}}}};
}

std::vector<Json> claim_templates(const RunSpec& run) {
  std::vector<Json> templates;
  for (const DeviceAsk& ask : run.claims) {
    const Json exactly{{"deviceClassName", ask.device_class},
                       {"allocationMode", "ExactCount"},
                       {"count", ask.count}};
    Json request{{"name", ask.name}};
    if (run.dra_version == "v1beta1") {
      request.update(exactly);
    } else {
      request["exactly"] = exactly;
    }
    templates.push_back(
        {{"apiVersion", "resource.k8s.io/" + run.dra_version},
         {"kind", "ResourceClaimTemplate"},
         {"metadata", run_metadata(run, object_name(run.run, ask.name))},
         {"spec", {{"spec", {{"devices", {{"requests", Json::array({request})}}}}}}}});
  }
  return templates;
}

std::vector<Json> workload_objects(const RunSpec& run, const WorkloadSpec& workload) {
  std::vector<Json> objects = makers_of(run, workload);
  if (auto group = pod_group(run, workload)) objects.insert(objects.begin(), std::move(*group));
  return objects;
}

std::string collection_of(const Json& object) {
  const std::string api = text_of(object, "apiVersion");
  const std::string kind = text_of(object, "kind");
  const std::string name_space =
      object.contains("metadata") ? text_of(object["metadata"], "namespace") : "";
  const std::string path =
      (api == "v1" ? "/api/" : "/apis/") + api + "/namespaces/" + name_space + "/";
  for (const Plural& entry : kPlurals) {
    if (kind == entry.kind) return path + entry.plural;
  }
  return path;
}

}  // namespace plumbline::netcheck::claims
