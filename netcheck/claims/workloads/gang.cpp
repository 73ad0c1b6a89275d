#include "netcheck/claims/workloads/gang.hpp"

#include <array>
#include <nlohmann/json.hpp>

#include "netcheck/claims/workloads/pod_template.hpp"

namespace plumbline::netcheck::claims {
namespace {

using Json = nlohmann::json;

struct Form {
  GangForm form;
  const char* word;
  const char* api;
};
constexpr std::array<Form, 4> kForms{
    {{GangForm::none, "none", ""},
     {GangForm::coscheduling, "coscheduling", "scheduling.x-k8s.io/v1alpha1"},
     {GangForm::volcano, "volcano", "scheduling.volcano.sh/v1beta1"},
     {GangForm::native, "native", "scheduling.k8s.io/v1alpha2"}}};

constexpr const char* kCoschedulingLabel = "scheduling.x-k8s.io/pod-group";
constexpr const char* kVolcanoNote = "scheduling.k8s.io/group-name";

Json group_spec(const RunSpec& run, int members) {
  switch (run.gang) {
    case GangForm::coscheduling:
      return {{"minMember", members}, {"scheduleTimeoutSeconds", run.gang_wait_s}};
    case GangForm::volcano:
      return {{"minMember", members}};
    case GangForm::native:
      return {{"schedulingPolicy", {{"gang", {{"minCount", members}}}}}};
    case GangForm::none:
      break;
  }
  return {};
}

std::string dropped(const PodFacts& pod, const char* what, const std::string& so) {
  return "the API server did not keep " + std::string(what) + " of pod " + pod.placed.binding.name +
         ": " + so;
}

}  // namespace

const char* to_string(GangForm form) noexcept {
  for (const Form& entry : kForms) {
    if (entry.form == form) return entry.word;
  }
  return "none";
}

GangForm parse_gang_form(const std::string& word) noexcept {
  for (const Form& entry : kForms) {
    if (word == entry.word) return entry.form;
  }
  return GangForm::none;
}

const char* pod_group_api(GangForm form) noexcept {
  for (const Form& entry : kForms) {
    if (entry.form == form) return entry.api;
  }
  return "";
}

std::optional<Json> pod_group(const RunSpec& run, const WorkloadSpec& workload) {
  if (run.gang == GangForm::none) return std::nullopt;
  Json group{{"apiVersion", pod_group_api(run.gang)},
             {"kind", "PodGroup"},
             {"metadata", run_metadata(run, object_name(run.run, workload.name))},
             {"spec", group_spec(run, workload.members)}};
  if (run.gang == GangForm::native && workload.spread == Spread::one_domain)
    group["spec"]["schedulingConstraints"] = {
        {"topology", Json::array({{{"key", workload.domain_label}}})}};
  group["metadata"]["labels"] = workload_labels(run, workload.name);
  return group;
}

void join_gang(const RunSpec& run, const WorkloadSpec& workload, Json& pod_template) {
  const std::string name = object_name(run.run, workload.name);
  if (run.gang == GangForm::coscheduling)
    pod_template["metadata"]["labels"][kCoschedulingLabel] = name;
  if (run.gang == GangForm::volcano) pod_template["metadata"]["annotations"][kVolcanoNote] = name;
  if (run.gang == GangForm::native)
    pod_template["spec"]["schedulingGroup"] = {{"podGroupName", name}};
}

std::optional<std::string> not_kept(const RunSpec& run, const std::vector<PodFacts>& pods) {
  for (const PodFacts& pod : pods) {
    if (!run.claims.empty() && pod.resource_claims < run.claims.size()) {
      return dropped(pod, "spec.resourceClaims",
                     "it holds nothing of workloads.claims; pods with claims take a server of "
                     "Kubernetes 1.32 or later with DynamicResourceAllocation");
    }
    if (run.gang == GangForm::native && pod.group.empty()) {
      return dropped(pod, "spec.schedulingGroup",
                     "it is no member of any gang; workloads.gang: native takes a server of "
                     "Kubernetes 1.36 or later with GenericWorkload");
    }
  }
  return std::nullopt;
}

}  // namespace plumbline::netcheck::claims
