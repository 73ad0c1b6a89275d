#include "netcheck/claims/workloads/sweep.hpp"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <set>

#include "netcheck/claims/api_list.hpp"
#include "netcheck/claims/json_text.hpp"
#include "netcheck/claims/workloads/lease.hpp"

namespace plumbline::netcheck::claims {
namespace {

using Json = nlohmann::json;
using std::chrono::milliseconds;

constexpr auto kLookEvery = milliseconds(200);
/// A controller that has not heard of its Job's end yet makes one more pod in this time.
constexpr auto kSettled = milliseconds(1500);

/// What a run can have made, the makers before what they make.
struct Kind {
  const char* kind;
  const char* api;  ///< "batch/v1"
  const char* plural;
};
constexpr std::array<Kind, 13> kKinds{
    {{"DaemonSet", "apps/v1", "daemonsets"},
     {"TrainJob", "trainer.kubeflow.org/v1alpha1", "trainjobs"},
     {"TrainingRuntime", "trainer.kubeflow.org/v1alpha1", "trainingruntimes"},
     {"MPIJob", "kubeflow.org/v2beta1", "mpijobs"},
     {"JobSet", "jobset.x-k8s.io/v1alpha2", "jobsets"},
     {"Job", "batch/v1", "jobs"},
     {"Pod", "v1", "pods"},
     {"PodGroup", "scheduling.x-k8s.io/v1alpha1", "podgroups"},
     {"PodGroup", "scheduling.volcano.sh/v1beta1", "podgroups"},
     {"PodGroup", "scheduling.k8s.io/v1alpha2", "podgroups"},
     {"ResourceClaimTemplate", "resource.k8s.io/v1", "resourceclaimtemplates"},
     {"ResourceClaimTemplate", "resource.k8s.io/v1beta2", "resourceclaimtemplates"},
     {"ResourceClaimTemplate", "resource.k8s.io/v1beta1", "resourceclaimtemplates"}}};

std::string collection(const std::string& api, const std::string& name_space,
                       const std::string& plural) {
  return (api == "v1" ? "/api/" : "/apis/") + api + "/namespaces/" + name_space + "/" + plural;
}

/// "batch/v1", ...: a kind that is not served is not there, and asking for it may be forbidden.
Result<std::set<std::string>> served_versions(ApiClient& client, Deadline deadline) {
  auto answer = client.get("/apis", deadline);
  if (!answer) return tl::unexpected(std::move(answer.error()));
  std::set<std::string> versions{"v1"};
  const auto groups = answer->find("groups");
  if (groups == answer->end() || !groups->is_array()) return versions;
  for (const Json& group : *groups) {
    const auto list = group.is_object() ? group.find("versions") : group.end();
    if (!group.is_object() || list == group.end() || !list->is_array()) continue;
    for (const Json& version : *list)
      versions.insert(text_of(version, "groupVersion"));
  }
  return versions;
}

Result<std::vector<std::string>> names_in(ApiClient& client, const std::string& path,
                                          const std::string& label, Deadline deadline) {
  std::vector<std::string> names;
  const auto take = [&](const Json& page) -> Status {
    const auto items = page.find("items");
    if (items == page.end() || !items->is_array()) return {};
    for (const Json& item : *items) {
      if (item.is_object() && item.contains("metadata"))
        names.push_back(text_of(item["metadata"], "name"));
    }
    return {};
  };
  const auto listed = list_pages(client, path, "labelSelector=" + escaped(label), deadline, take);
  if (listed) return names;
  if (listed.error().code == ErrorCode::not_found) return std::vector<std::string>();
  return tl::unexpected(listed.error());
}

/// One sweep of one run.
class Broom {
 public:
  Broom(ApiClient& client, Clock& clock, std::string name_space, std::string run, bool secrets,
        Deadline deadline)
      : client_(client),
        secrets_(secrets),
        clock_(clock),
        space_(std::move(name_space)),
        label_(std::string(kRunLabel) + "=" + run),
        deadline_(deadline) {
    swept_.run = std::move(run);
  }

  Swept run() {
    const auto versions = served_versions(client_, deadline_);
    if (!versions) {
      swept_.left.push_back("everything: " + versions.error().message);
      return std::move(swept_);
    }
    for (const Kind& kind : kKinds) {
      if (versions->contains(kind.api)) all_of(kind);
    }
    await_pods();
    for (const char* const name : {"tls", "agents-tls"}) {
      if (!secrets_) break;
      one("Secret", collection("v1", space_, "secrets"), object_name(swept_.run, name));
    }
    if (swept_.left.empty()) {
      one("Lease", collection("coordination.k8s.io/v1", space_, "leases"), object_name(swept_.run));
    }
    return std::move(swept_);
  }

 private:
  void all_of(const Kind& kind) {
    const std::string path = collection(kind.api, space_, kind.plural);
    const auto names = names_in(client_, path, label_, deadline_);
    if (!names) {
      swept_.left.push_back(std::string(kind.kind) + "s: " + names.error().message);
      return;
    }
    made_pods_ = made_pods_ || !names->empty();
    for (const std::string& name : *names)
      one(kind.kind, path, name);
  }

  void one(const char* kind, const std::string& path, const std::string& name) {
    const std::string what = std::string(kind) + " " + name;
    const auto removed = client_.remove(path + "/" + name, deadline_);
    if (removed) {
      swept_.deleted.push_back(what);
    } else {
      swept_.left.push_back(what + ": " + removed.error().message);
    }
  }

  /// A Job that is just being deleted may still make one: what appears is deleted too.
  void await_pods() {
    const std::string path = collection("v1", space_, "pods");
    std::set<std::string> told;
    auto quiet_since = clock_.now();
    while (true) {
      const auto names = names_in(client_, path, label_, deadline_);
      if (!names) return;
      if (!names->empty()) quiet_since = clock_.now();
      if (names->empty() && (!made_pods_ || clock_.now() - quiet_since >= kSettled)) return;
      if (deadline_.passed()) {
        if (names->empty()) return;
        for (const std::string& name : *names)
          swept_.left.push_back("Pod " + name + ": is deleted but not gone yet");
        return;
      }
      for (const std::string& name : *names) {
        if (told.insert(name).second)
          static_cast<void>(client_.remove(path + "/" + name, deadline_));
      }
      clock_.wait_until(std::min(clock_.now() + kLookEvery, deadline_.moment()));
    }
  }

  ApiClient& client_;
  bool secrets_;
  Clock& clock_;
  std::string space_;
  std::string label_;
  Deadline deadline_;
  bool made_pods_ = false;  ///< there was something that makes pods, or is one
  Swept swept_;
};

}  // namespace

Swept delete_run(ApiClient& client, Clock& clock, const std::string& name_space,
                 const std::string& run, Deadline deadline, bool secrets) {
  return Broom(client, clock, name_space, run, secrets, deadline).run();
}

Status delete_pods(ApiClient& client, const std::string& name_space, const std::string& run,
                   const std::string& workload, Deadline deadline) {
  const std::string label =
      std::string(kRunLabel) + "=" + run + "," + kWorkloadLabel + "=" + workload;
  // The Jobs of a JobSet first: one that lives a moment longer would make its pods again.
  for (const std::string& path :
       {collection("batch/v1", name_space, "jobs"), collection("v1", name_space, "pods")}) {
    const auto names = names_in(client, path, label, deadline);
    if (!names) return tl::unexpected(names.error());
    for (const std::string& name : *names) {
      if (auto removed = client.remove(path + "/" + name, deadline); !removed) return removed;
    }
  }
  return {};
}

Result<std::vector<Swept>> sweep(ApiClient& client, Clock& clock, const std::string& name_space,
                                 const std::string& run, Deadline deadline) {
  if (!run.empty()) return std::vector{delete_run(client, clock, name_space, run, deadline)};
  std::vector<std::string> expired;
  const std::string now = clock.wall_time();
  const auto take = [&](const Json& page) -> Status {
    const auto items = page.find("items");
    if (items == page.end() || !items->is_array()) return {};
    for (const Json& lease : *items) {
      if (!lease.is_object() || !lease_expired(lease, now) || !lease.contains("metadata")) continue;
      const Json& metadata = lease["metadata"];
      const auto labels = metadata.find("labels");
      if (labels != metadata.end()) expired.push_back(text_of(*labels, kRunLabel));
    }
    return {};
  };
  const auto listed = list_pages(client, collection("coordination.k8s.io/v1", name_space, "leases"),
                                 "labelSelector=" + escaped(kRunLabel), deadline, take);
  if (!listed) return pass_up(Error(listed.error()), "looking for runs that are over");
  std::vector<Swept> swept;
  for (const std::string& name : expired) {
    if (!name.empty()) swept.push_back(delete_run(client, clock, name_space, name, deadline));
  }
  return swept;
}

}  // namespace plumbline::netcheck::claims
