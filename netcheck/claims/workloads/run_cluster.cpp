#include "netcheck/claims/workloads/run_cluster.hpp"

#include <algorithm>
#include <array>
#include <condition_variable>
#include <mutex>
#include <nlohmann/json.hpp>
#include <thread>

#include "netcheck/claims/api_list.hpp"
#include "netcheck/claims/fields.hpp"
#include "netcheck/claims/json_text.hpp"
#include "netcheck/claims/workloads/agents.hpp"
#include "netcheck/claims/workloads/gang.hpp"
#include "netcheck/claims/workloads/lease.hpp"
#include "netcheck/claims/workloads/sweep.hpp"

namespace plumbline::netcheck::claims {
namespace {

using Json = nlohmann::json;
using std::chrono::seconds;

constexpr seconds kRenewEvery{5};
constexpr seconds kRenewWithin{4};
constexpr seconds kLostAfter{10};

/// Where the server must serve a kind of workload.
const char* api_of(WorkloadKind kind) {
  switch (kind) {
    case WorkloadKind::job:
      return "/apis/batch/v1";
    case WorkloadKind::job_set:
      return "/apis/jobset.x-k8s.io/v1alpha2";
    case WorkloadKind::mpi_job:
      return "/apis/kubeflow.org/v2beta1";
    case WorkloadKind::train_job:
      return "/apis/trainer.kubeflow.org/v1alpha1";
  }
  return "/apis/batch/v1";
}

/// An API can be served without one of its kinds.
bool names_kind(const Json& listed, const std::string& kind) {
  const auto resources = listed.find("resources");
  return resources != listed.end() && resources->is_array() &&
         std::any_of(resources->begin(), resources->end(),
                     [&](const Json& one) { return text_of(one, "kind") == kind; });
}

Status must_serve(ApiClient& client, const char* key, const std::string& kind,
                  const std::string& path, Deadline deadline) {
  const auto answer = client.get(path, deadline);
  if (!answer && answer.error().code != ErrorCode::not_found) return tl::unexpected(answer.error());
  if (answer && names_kind(*answer, kind)) return {};
  return fail(ErrorCode::not_found, std::string(key) + ": the API server does not serve " + kind +
                                        " (" + path + "), so that nothing can be made");
}

/// What the workloads of a run are made of.
Status must_serve(ApiClient& client, const RunSpec& run, Deadline deadline) {
  const std::string kind = to_string(run.kind);
  auto served = must_serve(client, "workloads.kind", kind, api_of(run.kind), deadline);
  if (!served || run.gang == GangForm::none) return served;
  return must_serve(client, "workloads.gang", "PodGroup",
                    std::string("/apis/") + pod_group_api(run.gang), deadline);
}

/// The newest version of resource.k8s.io that is both served and understood.
Result<std::string> dra_version(ApiClient& client, Deadline deadline) {
  for (const char* const version : {"v1", "v1beta2", "v1beta1"}) {
    const auto answer = client.get("/apis/resource.k8s.io/" + std::string(version), deadline);
    if (answer) return std::string(version);
    if (answer.error().code != ErrorCode::not_found) return tl::unexpected(answer.error());
  }
  return fail(ErrorCode::not_found,
              "workloads.claims: the API server does not serve resource.k8s.io (v1, v1beta2, "
              "v1beta1)");
}

class Cluster final : public RunCluster {
 public:
  Cluster(ApiAccess access, ApiClient client, Clock& clock, RunSpec run)
      : access_(std::move(access)),
        client_(std::move(client)),
        clock_(clock),
        run_(std::move(run)),
        acquired_(clock.wall_time()),
        renewed_(clock.now()) {}
  Cluster(const Cluster&) = delete;
  Cluster& operator=(const Cluster&) = delete;
  ~Cluster() override { stop_renewing(); }

  Status begin(Deadline deadline) {
    if (auto served = must_serve(client_, run_, deadline); !served) return served;
    if (!run_.claims.empty()) {
      auto version = dra_version(client_, deadline);
      if (!version) return tl::unexpected(std::move(version.error()));
      run_.dra_version = std::move(*version);
    }
    if (auto swept = sweep(client_, clock_, run_.name_space, "", deadline); !swept)
      return tl::unexpected(std::move(swept.error()));
    Json lease = lease_object(run_.run, run_.name_space, acquired_, clock_.wall_time());
    auto made = client_.create(collection_of(lease), lease, deadline);
    if (!made && made.error().code == ErrorCode::conflict) {
      delete_run(client_, clock_, run_.name_space, run_.run, deadline);
      made = client_.create(collection_of(lease), lease, deadline);
    }
    if (!made) return tl::unexpected(std::move(made.error()));
    if (made->contains("metadata")) uid_ = text_of((*made)["metadata"], "uid");
    renewed_ = clock_.now();
    auto own = ApiClient::open(access_, clock_, deadline);
    if (!own) return tl::unexpected(std::move(own.error()));
    renewing_ = std::thread(
        [this, client = std::move(*own)]() mutable { keep_renewed(std::move(client)); });
    return {};
  }

  Status prepare(const PodSecrets& secrets, Deadline deadline) override {
    if (auto made = make(secret_object(run_, secrets), deadline); !made) return made;
    for (const Json& object : claim_templates(run_)) {
      if (auto made = make(object, deadline); !made) return made;
    }
    return {};
  }

  Status create(const WorkloadSpec& workload, Deadline deadline) override {
    for (const Json& object : workload_objects(run_, workload)) {
      if (auto made = make(object, deadline); !made) return made;
    }
    return {};
  }

  Status make_agents(const std::string& node_selector, const PodSecrets& secrets,
                     Deadline deadline) override {
    auto object = agents_object(run_, node_selector);
    if (!object) return tl::unexpected(std::move(object.error()));
    if (auto made = make(agents_secret(run_, secrets), deadline); !made) return made;
    return make(std::move(*object), deadline);
  }

  Result<bool> agents_ready(Deadline deadline) override {
    const auto object = client_.get("/apis/apps/v1/namespaces/" + run_.name_space + "/daemonsets/" +
                                        object_name(run_.run, "agents"),
                                    deadline);
    if (!object) return tl::unexpected(object.error());
    std::string problem;
    const Fields whole(*object, "", problem);
    const Fields status = whole.object("status");
    const auto wanted = status.number("desiredNumberScheduled");
    return wanted > 0 && status.number("numberReady") >= wanted &&
           status.number("observedGeneration") >= whole.object("metadata").number("generation");
  }

  Result<std::vector<std::string>> node_names(const std::string& selector,
                                              Deadline deadline) override {
    std::vector<std::string> names;
    const auto take = [&](const Json& page) -> Status {
      std::string problem;
      for (const Fields& node : Fields(page, "", problem).list("items"))
        names.push_back(node.object("metadata").text("name"));
      return {};
    };
    const std::string query = selector.empty() ? "" : "labelSelector=" + escaped(selector);
    const auto listed = list_pages(client_, "/api/v1/nodes", query, deadline, take);
    if (!listed) return tl::unexpected(listed.error());
    return names;
  }

  Status discard(const WorkloadSpec& workload, Deadline deadline) override {
    auto objects = workload_objects(run_, workload);
    std::reverse(objects.begin(), objects.end());
    for (const Json& object : objects) {
      const std::string name = object_name(run_.run, workload.name);
      if (auto removed = client_.remove(collection_of(object) + "/" + name, deadline); !removed)
        return removed;
    }
    return delete_pods(client_, run_.name_space, run_.run, workload.name, deadline);
  }

  std::optional<std::string> lost() const override {
    const std::lock_guard lock(mutex_);
    if (clock_.now() - renewed_ <= kLostAfter) return std::nullopt;
    return "the run's Lease could not be renewed: " + problem_;
  }

  std::vector<std::string> remove(Deadline deadline) override {
    stop_renewing();
    return delete_run(client_, clock_, run_.name_space, run_.run, deadline, secrets_).left;
  }

 private:
  Status make(Json object, Deadline deadline) {
    object["metadata"]["ownerReferences"] = Json::array({{{"apiVersion", "coordination.k8s.io/v1"},
                                                          {"kind", "Lease"},
                                                          {"name", object_name(run_.run)},
                                                          {"uid", uid_}}});
    const auto made = client_.create(collection_of(object), object, deadline);
    const bool refused = !made && made.error().code == ErrorCode::permission_denied;
    secrets_ = secrets_ || (text_of(object, "kind") == "Secret" && !refused);
    return made ? Status() : tl::unexpected(made.error());
  }

  void keep_renewed(ApiClient client) {
    std::unique_lock lock(mutex_);
    while (!ending_.wait_for(lock, kRenewEvery, [this] { return end_; })) {
      lock.unlock();
      const Json lease = lease_object(run_.run, run_.name_space, acquired_, clock_.wall_time());
      const auto applied = client.apply(collection_of(lease) + "/" + object_name(run_.run), lease,
                                        Deadline::after(kRenewWithin));
      lock.lock();
      if (applied) renewed_ = clock_.now();
      if (!applied) problem_ = applied.error().message;
    }
  }

  void stop_renewing() {
    {
      const std::lock_guard lock(mutex_);
      end_ = true;
    }
    ending_.notify_all();
    if (renewing_.joinable()) renewing_.join();
  }

  ApiAccess access_;
  ApiClient client_;
  Clock& clock_;
  RunSpec run_;
  std::string acquired_;
  std::string uid_;
  bool secrets_ = false;  ///< at least one was made
  mutable std::mutex mutex_;
  std::condition_variable ending_;
  bool end_ = false;
  Moment renewed_;
  std::string problem_;
  std::thread renewing_;
};

}  // namespace

Result<std::unique_ptr<RunCluster>> RunCluster::open(const ApiAccess& access, Clock& clock,
                                                     const RunSpec& run, Deadline deadline) {
  auto client = ApiClient::open(access, clock, deadline);
  if (!client) return tl::unexpected(std::move(client.error()));
  auto cluster = std::make_unique<Cluster>(access, std::move(*client), clock, run);
  if (auto begun = cluster->begin(deadline); !begun)
    return tl::unexpected(std::move(begun.error()));
  return std::unique_ptr<RunCluster>(std::move(cluster));
}

}  // namespace plumbline::netcheck::claims
