#include "agent/stage/workloads_asked.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace plumbline;
using namespace plumbline::agent;

namespace {

Result<std::optional<WorkloadsAsked>> read(const std::string& text) {
  return read_yaml(text, [](YamlSection& top) {
    auto asked = read_workloads_asked(top, "plumbline");
    top.done();
    return asked;
  });
}

std::string complaint(const std::string& text) {
  const auto asked = read(text);
  return asked ? "accepted" : asked.error().message;
}

}  // namespace

TEST_CASE("A stage file without workloads makes none") {
  const auto asked = read("{}");
  REQUIRE(asked);
  CHECK_FALSE(*asked);
}

TEST_CASE("Workloads are read with their defaults") {
  const auto asked = read("workloads: {resources: {rdma/hca: 2, nvidia.com/gpu: 8}}");
  REQUIRE(asked);
  REQUIRE(*asked);
  const WorkloadsAsked& workloads = **asked;
  CHECK(workloads.run.kind == netcheck::claims::WorkloadKind::job);
  CHECK(workloads.run.name_space == "plumbline");
  CHECK(workloads.run.resources.at("rdma/hca") == "2");
  CHECK(workloads.members == 0);
  CHECK(workloads.run.gang == netcheck::claims::GangForm::none);
  CHECK(workloads.run.gang_wait_s == 10);
  CHECK(workloads.controls.front() == "negative");
  CHECK(workloads.pending_for == std::chrono::seconds(20));
  CHECK(workloads.isolation);
}

TEST_CASE("Every key of workloads is read") {
  const auto asked = read(R"(workloads:
  kind: JobSet
  image: registry.example/plumbline:1
  priority_class: low
  scheduler: volcano
  gang: volcano
  labels: {kueue.x-k8s.io/queue-name: tests}
  tolerations: [nvidia.com/gpu]
  claims: [{name: nics, class: dra.net, count: 2}]
  port: 7555
  members: 4
  domain: fabric.topograph.run/tier-0
  controls: [negative, oversized]
  isolation: false
  patience: 5m
  pending_for: 1m
)");
  REQUIRE(asked);
  const WorkloadsAsked& workloads = **asked;
  CHECK(workloads.run.kind == netcheck::claims::WorkloadKind::job_set);
  CHECK(workloads.run.image == "registry.example/plumbline:1");
  CHECK(workloads.run.scheduler == "volcano");
  CHECK(workloads.run.gang == netcheck::claims::GangForm::volcano);
  CHECK(workloads.run.gang_wait_s == 30);
  CHECK(workloads.run.labels.size() == 1);
  CHECK(workloads.run.tolerations.front() == "nvidia.com/gpu");
  CHECK(workloads.run.claims.front().count == 2);
  CHECK(workloads.run.port == 7555);
  CHECK(workloads.members == 4);
  CHECK(workloads.domain == "fabric.topograph.run/tier-0");
  CHECK(workloads.controls.size() == 2);
  CHECK_FALSE(workloads.isolation);
  CHECK(workloads.patience == std::chrono::minutes(5));
}

TEST_CASE("What is wrong in workloads is one complaint with its key") {
  CHECK(complaint("workloads: {kind: Deployment}").find("allowed: Job, JobSet") !=
        std::string::npos);
  CHECK(complaint("workloads: {gang: kueue}").find("allowed: none, coscheduling") !=
        std::string::npos);
  CHECK(complaint("workloads: {resources: {rdma/hca: -2}}").find("no quantity") !=
        std::string::npos);
  CHECK(complaint("workloads: {resources: [a]}").find("not a mapping") != std::string::npos);
  CHECK(complaint("workloads: {resources: {a: [1]}}").find("not a mapping") != std::string::npos);
  CHECK(complaint("workloads: {labels: 7}").find("not a mapping") != std::string::npos);
  CHECK(complaint("workloads: {tolerations: [[1]]}").find("no text") != std::string::npos);
  CHECK(complaint("workloads: {claims: [{name: A, class: c}]}").find("no name of a request") !=
        std::string::npos);
  CHECK(complaint("workloads: {claims: [{name: a}]}").find("class is missing") !=
        std::string::npos);
  CHECK(complaint("workloads: {claims: [{name: a, class: c}, {name: a, class: c}]}")
            .find("stands twice") != std::string::npos);
  CHECK(complaint("workloads: {controls: [sideways]}").find("allowed:") != std::string::npos);
  CHECK(complaint("workloads: {isolation: perhaps}").find("isolation") != std::string::npos);
  for (const char* const port : {"7452", "7460", "7499"})
    CHECK(complaint(std::string("workloads: {port: ") + port + "}").find("7452 to 7499") !=
          std::string::npos);
  CHECK(complaint("workloads: {port: 7500}") == "accepted");
  CHECK(complaint("workloads: {port: 80}").find("not a number") != std::string::npos);
  CHECK(complaint("workloads: {members: 2, domain: 'a b'}").find("no key of a node label") !=
        std::string::npos);
  CHECK(complaint("workloads: {members: 2, domain: /rack}").find("no key") != std::string::npos);
  CHECK(complaint("workloads: {members: 2, domain: rack-}").find("no key") != std::string::npos);
  CHECK(complaint("workloads: {members: 2, domain: [a]}").find("domain") != std::string::npos);
  CHECK(complaint("workloads: {domain: rack}").find("needs workloads.members") !=
        std::string::npos);
  CHECK(complaint("workloads: {members: 2, domain: rack}") == "accepted");
  CHECK(complaint("workloads: {member: 3}").find("not a key") != std::string::npos);
  CHECK(complaint("workloads: 7").find("not a mapping") != std::string::npos);
}
