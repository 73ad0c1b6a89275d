#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>

#include "core/quantity.hpp"
#include "netcheck/claims/groups.hpp"
#include "netcheck/claims/objects.hpp"

namespace plumbline::netcheck::claims {

ObjectMeta read_meta(const Fields& object) {
  const Fields metadata = object.object("metadata");
  ObjectMeta meta;
  meta.name = metadata.text("name");
  if (meta.name.empty()) meta.name = metadata.text("generateName");
  meta.name_space = metadata.text("namespace");
  meta.uid = metadata.text("uid");
  meta.resource_version = metadata.text("resourceVersion");
  for (auto& [key, value] : metadata.object("labels").text_members()) {
    meta.labels.emplace(std::move(key), std::move(value));
  }
  if (meta.name.empty()) metadata.complain("name", "is missing");
  return meta;
}

namespace {

using Texts = std::map<std::string, std::string>;

/// The only annotations that are read, of pods and of nodes.
constexpr std::array<std::string_view, 14> kKeptAnnotations{
    "k8s.v1.cni.cncf.io/network-status",
    "k8s.v1.cni.cncf.io/networks",
    "kueue.x-k8s.io/podset-preferred-topology",
    "kueue.x-k8s.io/podset-required-topology",
    "kueue.x-k8s.io/podset-slice-required-topology",
    "kueue.x-k8s.io/podset-slice-size",
    "kueue.x-k8s.io/workload",
    "scheduling.k8s.io/group-name",
    "scheduling.volcano.sh/group-name",
    "pod-group-name",
    "topograph.run/cluster-id",
    "topograph.run/instance",
    "topograph.run/region",
    "kueue.x-k8s.io/pod-index-offset"};

Texts read_annotations(const Fields& object) {
  Texts kept;
  const Fields annotations = object.object("metadata").object("annotations");
  for (const std::string_view name : kKeptAnnotations) {
    if (annotations.has(name)) kept.emplace(name, annotations.text(name));
  }
  return kept;
}

std::string text_at(const Texts& texts, const std::string& key) {
  const auto found = texts.find(key);
  return found == texts.end() ? std::string() : found->second;
}

/// The ResourceClaims of a pod by their own names: a template's claim has its name in the status.
std::vector<std::string> claims_of(const Fields& object) {
  std::vector<std::string> names;
  for (const Fields& entry : object.object("spec").list("resourceClaims")) {
    if (auto name = entry.text("resourceClaimName"); !name.empty()) names.push_back(name);
  }
  const Fields status = object.object("status");
  for (const Fields& entry : status.list("resourceClaimStatuses")) {
    if (auto name = entry.text("resourceClaimName"); !name.empty()) names.push_back(name);
  }
  const auto extended = status.object("extendedResourceClaimStatus").text("resourceClaimName");
  if (!extended.empty()) names.push_back(extended);
  std::vector<std::string> once;
  for (std::string& name : names) {
    if (std::find(once.begin(), once.end(), name) == once.end()) once.push_back(std::move(name));
  }
  return once;
}

std::optional<std::int64_t> whole(const std::string& text) {
  std::int64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, number);
  if (read.ec != std::errc() || read.ptr != end || text.empty()) return std::nullopt;
  return number;
}

/// Extended resources have a domain and are whole numbers; limits stand for requests.
void add_extended(const Fields& container, PodClaim& pod) {
  const Fields resources = container.object("resources");
  const Fields given = resources.object(resources.has("limits") ? "limits" : "requests");
  for (const auto& [name, amount] : given.text_members()) {
    if (name.find('/') == std::string::npos) continue;
    if (const auto count = whole_quantity(amount)) pod.extended[name] += *count;
  }
}

void read_statuses(const Fields& status, PodClaim& pod) {
  for (const Fields& container : status.list("containerStatuses")) {
    const std::string id = container.text("containerID");
    const auto scheme = id.find("://");
    if (!id.empty()) {
      pod.containers[scheme == std::string::npos ? id : id.substr(scheme + 3)] =
          container.text("name");
    }
    for (const Fields& resource : container.list("allocatedResourcesStatus")) {
      for (const Fields& entry : resource.list("resources")) {
        if (entry.text("health") == "Unhealthy") {
          pod.unhealthy.push_back(resource.text("name") + " " + entry.text("resourceID"));
        }
      }
    }
  }
}

/// The pod's place among its peers, by the label of the controller that counts them.
std::optional<std::int64_t> rank_of(const Texts& labels) {
  for (const char* const key :
       {"batch.kubernetes.io/job-completion-index", "training.kubeflow.org/replica-index",
        "leaderworkerset.sigs.k8s.io/worker-index", "apps.kubernetes.io/pod-index"}) {
    if (const auto rank = whole(text_at(labels, key))) return rank;
  }
  return std::nullopt;
}

std::string owner_of(const Fields& object) {
  for (const Fields& owner : object.object("metadata").list("ownerReferences")) {
    if (owner.flag("controller")) return owner.text("kind") + " " + owner.text("name");
  }
  return {};
}

PodLink link_to(const std::string& kind, const PodClaim& pod, const std::string& name,
                const std::string& part = "", const std::string& sub = "") {
  ObjectMeta meta;
  meta.name_space = pod.meta.name_space;
  meta.name = name;
  return {link_of(kind, meta, part), sub};
}

/// What ties a pod to gangs of schedulers, by spec field and annotation.
void tie_to_groups(const Fields& spec, ReadPod& read) {
  const PodClaim& pod = read.claim;
  const auto add = [&](const char* kind, const std::string& name, const std::string& part = "",
                       const std::string& sub = "") {
    if (!name.empty()) read.links.push_back(link_to(kind, pod, name, part, sub));
  };
  add("PodGroup", spec.object("schedulingGroup").text("podGroupName"));
  const Fields workload = spec.object("workloadRef");
  add("Workload.scheduling.k8s.io", workload.text("name"), workload.text("podGroup"),
      workload.text("podGroupReplicaKey"));
  const Texts& notes = pod.annotations;
  const Texts& labels = pod.meta.labels;
  add("Workload.kueue.x-k8s.io", text_at(notes, "kueue.x-k8s.io/workload"),
      text_at(labels, "kueue.x-k8s.io/podset"));
  const std::string volcano = text_at(notes, "scheduling.k8s.io/group-name");
  add("PodGroup.scheduling.volcano.sh",
      volcano.empty() ? text_at(notes, "scheduling.volcano.sh/group-name") : volcano);
  add("PodGroup.scheduling.run.ai", text_at(notes, "pod-group-name"));
  const std::string plugin = text_at(labels, "scheduling.x-k8s.io/pod-group");
  add("PodGroup.scheduling.x-k8s.io",
      plugin.empty() ? text_at(labels, "pod-group.scheduling.sigs.k8s.io") : plugin);
}

/// What ties a pod to the job objects that made it, by label.
void tie_to_jobs(ReadPod& read) {
  const PodClaim& pod = read.claim;
  const Texts& labels = pod.meta.labels;
  const auto add = [&](const char* kind, const std::string& name, const std::string& part = "",
                       const std::string& sub = "") {
    if (!name.empty()) read.links.push_back(link_to(kind, pod, name, part, sub));
  };
  constexpr std::string_view owned = "Job ";
  const std::string name = text_at(labels, "batch.kubernetes.io/job-name");
  // Servers before 1.27 know no such label; who owns the pod they all tell.
  add("Job", pod.owner.starts_with(owned) ? pod.owner.substr(owned.size()) : name);
  const std::string set = text_at(labels, "jobset.sigs.k8s.io/jobset-name");
  const std::string replicated = text_at(labels, "jobset.sigs.k8s.io/replicatedjob-name");
  const std::string index = text_at(labels, "jobset.sigs.k8s.io/job-index");
  add("JobSet", set, "", replicated + "-" + index);
  if (!replicated.empty()) add("JobSet", set, replicated, replicated + "-" + index);
  add("TrainJob", set);
  const std::string leader = text_at(labels, "leaderworkerset.sigs.k8s.io/name");
  const std::string group = text_at(labels, "leaderworkerset.sigs.k8s.io/group-index");
  add("LeaderWorkerSet", leader, "", group);
  const std::string subgroup = text_at(labels, "leaderworkerset.sigs.k8s.io/subgroup-index");
  if (!subgroup.empty()) add("LeaderWorkerSet", leader, "subgroup", group + "-" + subgroup);
  const std::string job = text_at(labels, "training.kubeflow.org/job-name");
  add("MPIJob", job);
  add("MPIJob", job, text_at(labels, "training.kubeflow.org/replica-type"));
  add("PodCliqueSet", text_at(labels, "app.kubernetes.io/part-of"), "",
      text_at(labels, "grove.io/podcliqueset-replica-index"));
}

LabelTest read_test(const Fields& expression) {
  return {expression.text("key"), expression.text("operator"), expression.texts("values")};
}

}  // namespace

std::vector<LabelTest> read_selector(const Fields& selector) {
  std::vector<LabelTest> tests;
  for (const auto& [key, value] : selector.object("matchLabels").text_members()) {
    tests.push_back({key, "In", {value}});
  }
  for (const Fields& expression : selector.list("matchExpressions"))
    tests.push_back(read_test(expression));
  return tests;
}

bool passes(const std::vector<LabelTest>& tests, const Texts& labels) {
  return std::all_of(tests.begin(), tests.end(), [&](const LabelTest& test) {
    const auto found = labels.find(test.key);
    const bool there = found != labels.end();
    const bool among = there && std::find(test.values.begin(), test.values.end(), found->second) !=
                                    test.values.end();
    if (test.operation == "In") return among;
    if (test.operation == "NotIn") return !among;
    if (test.operation == "Exists") return there;
    return test.operation == "DoesNotExist" && !there;
  });
}

std::vector<AffinityTerm> read_affinities(const Fields& spec, const std::string& path) {
  std::vector<AffinityTerm> terms;
  const char* const list = "requiredDuringSchedulingIgnoredDuringExecution";
  const auto found = spec.object("affinity").object("podAffinity").list(list);
  for (std::size_t i = 0; i < found.size(); ++i) {
    // A term without a selector matches no pod and binds nobody.
    if (!found[i].has("labelSelector")) continue;
    terms.push_back(
        {found[i].text("topologyKey"), read_selector(found[i].object("labelSelector")),
         path + ".affinity.podAffinity." + list + "[" + std::to_string(i) + "].topologyKey"});
  }
  return terms;
}

NodeClaim read_node(const Fields& object) {
  NodeClaim node;
  node.meta = read_meta(object);
  node.annotations = read_annotations(object);
  for (auto& [name, amount] : object.object("status").object("allocatable").text_members()) {
    node.allocatable.emplace(std::move(name), std::move(amount));
  }
  return node;
}

ReadPod read_pod(const Fields& object) {
  ReadPod read;
  PodClaim& pod = read.claim;
  pod.meta = read_meta(object);
  pod.annotations = read_annotations(object);
  pod.owner = owner_of(object);
  pod.rank = rank_of(pod.meta.labels);
  const Fields spec = object.object("spec");
  pod.node = spec.text("nodeName");
  pod.host_network = spec.flag("hostNetwork");
  pod.gated = !spec.list("schedulingGates").empty();
  pod.phase = object.object("status").text("phase");
  pod.resource_claims = claims_of(object);
  for (const Fields& entry : spec.list("resourceClaims")) {
    if (auto name = entry.text("resourceClaimTemplateName"); !name.empty())
      pod.claim_templates.push_back(name);
  }
  for (const Fields& container : spec.list("containers"))
    add_extended(container, pod);
  read_statuses(object.object("status"), pod);
  const auto group = spec.object("schedulingGroup").text("podGroupName");
  if (!group.empty()) pod.gang = pod.meta.name_space + "/" + group;
  tie_to_groups(spec, read);
  tie_to_jobs(read);
  read.affinities = read_affinities(spec, "spec");
  return read;
}

}  // namespace plumbline::netcheck::claims
