#include "netcheck/claims/workloads/pod_facts.hpp"

#include <charconv>
#include <nlohmann/json.hpp>

#include "netcheck/claims/fields.hpp"
#include "netcheck/claims/objects.hpp"
#include "netcheck/claims/workloads/spec.hpp"

namespace plumbline::netcheck::claims {
namespace {

/// "REASON: MESSAGE", or what there is of it.
std::string words_of(const Fields& part) {
  const std::string reason = part.text("reason");
  const std::string message = part.text("message");
  return reason.empty() || message.empty() ? reason + message : reason + ": " + message;
}

void read_conditions(const Fields& status, PlacedPod& pod) {
  for (const Fields& condition : status.list("conditions")) {
    const std::string type = condition.text("type");
    const bool yes = condition.text("status") == "True";
    if (type == "PodScheduled" && yes) pod.bound_at = condition.text("lastTransitionTime");
    if (type == "PodScheduled" && !yes) pod.waiting = words_of(condition);
    if (type == "DisruptionTarget" && yes) pod.ended = "is disrupted: " + words_of(condition);
  }
}

void read_end(const Fields& metadata, const Fields& status, PlacedPod& pod) {
  const bool over = pod.phase == "Failed" || pod.phase == "Succeeded";
  const std::string words = words_of(status);
  if (pod.ended.empty() && over)
    pod.ended = "has ended as " + pod.phase + (words.empty() ? "" : " (" + words + ")");
  if (pod.ended.empty() && metadata.has("deletionTimestamp")) pod.ended = "is being deleted";
}

/// The index of an Indexed Job's pod, or of an MPIJob's worker.
std::int64_t rank_of(const Fields& metadata) {
  std::string text =
      metadata.object("annotations").text("batch.kubernetes.io/job-completion-index");
  if (text.empty()) text = metadata.object("labels").text("training.kubeflow.org/replica-index");
  std::int64_t rank = 0;
  std::from_chars(text.data(), text.data() + text.size(), rank);
  return rank;
}

}  // namespace

PodFacts read_pod_facts(const nlohmann::json& object, std::string& problem) {
  const Fields whole(object, "", problem);
  const Fields metadata = whole.object("metadata");
  const Fields status = whole.object("status");
  const Fields labels = metadata.object("labels");
  PodFacts facts;
  facts.claim = read_pod(whole).claim;
  facts.run = labels.text(kRunLabel);
  const Fields spec = whole.object("spec");
  facts.resource_claims = spec.list("resourceClaims").size();
  facts.group = spec.object("schedulingGroup").text("podGroupName");
  PlacedPod& pod = facts.placed;
  pod.binding = {"Pod",
                 facts.claim.meta.name_space + "/" + facts.claim.meta.name,
                 facts.claim.meta.uid,
                 facts.claim.meta.resource_version,
                 "spec.nodeName",
                 facts.claim.node};
  pod.workload = labels.text(kWorkloadLabel);
  pod.rank = rank_of(metadata);
  pod.scheduler = spec.text("schedulerName");
  pod.phase = status.text("phase");
  pod.address = status.text("podIP");
  read_conditions(status, pod);
  read_end(metadata, status, pod);
  return facts;
}

}  // namespace plumbline::netcheck::claims
