#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>

#include "netcheck/claims/workloads/render.hpp"

namespace plumbline::netcheck::claims {
namespace {

using Json = nlohmann::json;

constexpr const char* kWhen = "requiredDuringSchedulingIgnoredDuringExecution";
constexpr const char* kNote = "kueue.x-k8s.io/podset-required-topology";

/// Every pod template in an object: what has a spec with containers.
void find_templates(const Json& object, std::vector<Json>& found) {
  if (object.is_object() && object.contains("spec") && object["spec"].contains("containers"))
    found.push_back(object);
  for (const Json& part : object) {
    if (part.is_structured()) find_templates(part, found);
  }
}

/// The template of the workload's members, which ask for the run's devices.
Json members_of(const RunSpec& run, const WorkloadSpec& workload) {
  std::vector<Json> found;
  for (const Json& object : workload_objects(run, workload))
    find_templates(object, found);
  for (const Json& one : found) {
    if (one["spec"]["containers"][0]["resources"]["limits"].contains("rdma/hca")) return one;
  }
  return {};
}

}  // namespace

TEST_CASE("One domain is asked of who places the pods, in every kind of workload") {
  WorkloadSpec workload;
  workload.name = "gang";
  workload.members = 3;
  workload.domain_label = "rack";
  for (const auto kind :
       {WorkloadKind::job, WorkloadKind::job_set, WorkloadKind::mpi_job, WorkloadKind::train_job}) {
    CAPTURE(to_string(kind));
    RunSpec run;
    run.run = "abc23";
    run.name_space = "plumbline";
    run.kind = kind;
    run.resources = {{"rdma/hca", "2"}};
    run.labels = {{"kueue.x-k8s.io/queue-name", "tests"}};
    workload.spread = Spread::one_a_node;
    CHECK_FALSE(members_of(run, workload)["metadata"].contains("annotations"));
    workload.spread = Spread::one_domain;
    CHECK(members_of(run, workload)["metadata"]["annotations"][kNote] == "rack");
    CHECK_FALSE(members_of(run, workload)["spec"]["affinity"].contains("podAffinity"));
    run.labels.clear();
    Json pods = members_of(run, workload);
    CHECK_FALSE(pods["metadata"].contains("annotations"));
    CHECK(pods["spec"]["affinity"]["podAffinity"][kWhen][0]["topologyKey"] == "rack");
    run.gang = GangForm::native;
    CHECK_FALSE(members_of(run, workload)["spec"]["affinity"].contains("podAffinity"));
    CHECK(workload_objects(run, workload)[0]["spec"]["schedulingConstraints"]["topology"] ==
          Json::array({{{"key", "rack"}}}));
    workload.spread = Spread::one_a_node;
    CHECK_FALSE(workload_objects(run, workload)[0]["spec"].contains("schedulingConstraints"));
  }
}

}  // namespace plumbline::netcheck::claims
