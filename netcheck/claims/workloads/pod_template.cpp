#include "netcheck/claims/workloads/pod_template.hpp"

#include <nlohmann/json.hpp>

#include "netcheck/claims/workloads/gang.hpp"

namespace plumbline::netcheck::claims {
namespace {

using Json = nlohmann::json;

constexpr int kNobody = 65534;
constexpr int kGroupMayRead = 288;  // 0440
constexpr int kGraceSeconds = 10;   // the agent kills its children within eight
constexpr const char* kKueueTopology = "kueue.x-k8s.io/podset-required-topology";
constexpr const char* kHostname = "kubernetes.io/hostname";

/// A label selector of the workload's own pods.
Json own_pods(const RunSpec& run, const WorkloadSpec& workload) {
  return {{"matchLabels", {{kRunLabel, run.run}, {kWorkloadLabel, workload.name}}}};
}

Json required(const Json& selector, const std::string& key) {
  return {{"requiredDuringSchedulingIgnoredDuringExecution",
           Json::array({{{"labelSelector", selector}, {"topologyKey", key}}})}};
}

/// By field and not by label: a node's name is what the stage knows.
Json only_on(const std::vector<std::string>& nodes) {
  Json terms = Json::array();
  for (const std::string& node : nodes) {
    terms.push_back({{"matchFields", Json::array({{{"key", "metadata.name"},
                                                   {"operator", "In"},
                                                   {"values", Json::array({node})}}})}});
  }
  return {{"requiredDuringSchedulingIgnoredDuringExecution", {{"nodeSelectorTerms", terms}}}};
}

Json affinity(const RunSpec& run, const WorkloadSpec& workload) {
  const Json own = own_pods(run, workload);
  const bool apart = workload.spread == Spread::many_domains;
  Json made = Json::object();
  if (workload.spread != Spread::anywhere)
    made["podAntiAffinity"] = required(own, apart ? workload.domain_label : kHostname);
  if (workload.spread == Spread::one_domain && domain_by_affinity(run))
    made["podAffinity"] = required(own, workload.domain_label);
  if (!workload.nodes.empty()) made["nodeAffinity"] = only_on(workload.nodes);
  return made;
}

bool asks_claims(const RunSpec& run, const WorkloadSpec& workload) {
  return !run.claims.empty() && workload.devices != Devices::none;
}

Json resources(const RunSpec& run, const WorkloadSpec& workload) {
  Json limits{{"memory", "4Gi"}};
  for (const auto& [name, amount] : run.resources) {
    const bool less = is_extended(name) && workload.devices != Devices::as_run;
    if (less && workload.devices == Devices::none) continue;
    limits[name] = less ? "1" : amount;
  }
  for (const auto& [name, amount] : workload.resources)
    limits[name] = amount;
  Json requests{{"cpu", "100m"}, {"memory", "128Mi"}};
  for (const char* const name : {"cpu", "memory"}) {
    const bool asked = run.resources.contains(name) || workload.resources.contains(name);
    if (asked) requests[name] = limits[name];
  }
  Json made{{"requests", requests}, {"limits", limits}};
  Json claims = Json::array();
  for (const DeviceAsk& ask : run.claims)
    claims.push_back({{"name", ask.name}});
  if (asks_claims(run, workload)) made["claims"] = claims;
  return made;
}

Json environment(const std::string& rank_field) {
  const auto from = [](const char* name, const std::string& field) -> Json {
    return {{"name", name}, {"valueFrom", {{"fieldRef", {{"fieldPath", field}}}}}};
  };
  return Json::array({from("RANK", rank_field), from("POD_IP", "status.podIP")});
}

Json container(const RunSpec& run, const WorkloadSpec& workload, const std::string& rank_field) {
  const Json mounts = Json::array({{{"name", "tls"}, {"mountPath", "/tls"}, {"readOnly", true}},
                                   {{"name", "tmp"}, {"mountPath", "/tmp"}},
                                   {{"name", "shm"}, {"mountPath", "/dev/shm"}}});
  return {{"name", "rank"},
          {"image", run.image},
          {"args",
           Json::array({"agent", "--placed", "--node=rank-$(RANK)",
                        "--listen=$(POD_IP):" + std::to_string(run.port), "--tls-ca=/tls/ca.crt",
                        "--tls-cert=/tls/tls.crt", "--tls-key=/tls/tls.key"})},
          {"env", environment(rank_field)},
          {"ports", Json::array({{{"name", "grpc"}, {"containerPort", run.port}}})},
          {"resources", resources(run, workload)},
          {"securityContext",
           {{"allowPrivilegeEscalation", false},
            {"readOnlyRootFilesystem", true},
            {"capabilities", {{"drop", Json::array({"ALL"})}}}}},
          {"volumeMounts", mounts}};
}

Json volumes(const RunSpec& run) {
  return Json::array(
      {{{"name", "tls"},
        {"secret", {{"secretName", object_name(run.run, "tls")}, {"defaultMode", kGroupMayRead}}}},
       {{"name", "tmp"}, {"emptyDir", {{"medium", "Memory"}, {"sizeLimit", "64Mi"}}}},
       {{"name", "shm"}, {"emptyDir", {{"medium", "Memory"}, {"sizeLimit", "2Gi"}}}}});
}

Json spec_of(const RunSpec& run, const WorkloadSpec& workload, const std::string& rank_field) {
  Json spec{{"restartPolicy", "Never"},
            {"automountServiceAccountToken", false},
            {"enableServiceLinks", false},
            {"priorityClassName", run.priority_class},
            {"terminationGracePeriodSeconds", kGraceSeconds},
            {"affinity", affinity(run, workload)},
            {"securityContext",
             {{"runAsNonRoot", true},
              {"runAsUser", kNobody},
              {"runAsGroup", kNobody},
              {"fsGroup", kNobody},
              {"seccompProfile", {{"type", "RuntimeDefault"}}}}},
            {"containers", Json::array({container(run, workload, rank_field)})},
            {"volumes", volumes(run)}};
  if (!run.scheduler.empty()) spec["schedulerName"] = run.scheduler;
  for (const std::string& key : run.tolerations)
    spec["tolerations"].push_back({{"key", key}, {"operator", "Exists"}});
  for (const DeviceAsk& ask : run.claims) {
    if (!asks_claims(run, workload)) break;
    spec["resourceClaims"].push_back(
        {{"name", ask.name}, {"resourceClaimTemplateName", object_name(run.run, ask.name)}});
  }
  return spec;
}

}  // namespace

bool domain_by_affinity(const RunSpec& run) {
  return run.gang != GangForm::native && !run.labels.contains(kQueueLabel);
}

bool is_extended(const std::string& resource) { return resource.find('/') != std::string::npos; }

Json run_metadata(const RunSpec& run, const std::string& name) {
  return {{"name", name},
          {"namespace", run.name_space},
          {"labels", {{"app.kubernetes.io/part-of", "plumbline"}, {kRunLabel, run.run}}}};
}

Json workload_labels(const RunSpec& run, const std::string& workload) {
  Json labels = Json::object();
  for (const auto& [key, value] : run.labels)
    labels[key] = value;
  labels["app.kubernetes.io/part-of"] = "plumbline";
  labels["app.kubernetes.io/name"] = "plumbline-rank";
  labels[kRunLabel] = run.run;
  labels[kWorkloadLabel] = workload;
  return labels;
}

Json pod_template(const RunSpec& run, const WorkloadSpec& workload, const std::string& rank_field) {
  Json made{{"metadata", {{"labels", workload_labels(run, workload.name)}}},
            {"spec", spec_of(run, workload, rank_field)}};
  if (workload.spread == Spread::one_domain && run.labels.contains(kQueueLabel))
    made["metadata"]["annotations"][kKueueTopology] = workload.domain_label;
  join_gang(run, workload, made);
  return made;
}

}  // namespace plumbline::netcheck::claims
