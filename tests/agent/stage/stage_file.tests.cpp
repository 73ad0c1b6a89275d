#include <unistd.h>

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>
#include <filesystem>
#include <fstream>
#include <random>

#include "agent/stage/declared_fabric.hpp"
#include "agent/stage/stage_file.hpp"

using namespace plumbline;
namespace fs = std::filesystem;

namespace {

const std::string kGood = R"(schema: plumbline.stage/v1
name: virtual-rack
agents:
  - {node: node-1, address: "10.70.0.11:7443"}
  - {node: node-2, address: "10.70.0.12:7443"}
tls: {ca: pki/ca.pem, certificate: pki/c.pem, key: pki/k.pem}
claims: {bundle: bundle}
own: {namespace: plumbline}
fabric:
  rack_label: fabric.topograph.run/tier-0
  management: 10.70.0.0/24
  rails:
    - {name: rail-a, subnet: 10.70.1.0/24, nic_rate: 200Mb/s, uplink_rate: 100Mb/s}
    - name: rail-b
      subnet: 10.70.2.0/24
      uplinks: [{rack: rack-1, rate: 50Mb/s}]
require: {coverage: 0.9}
measure: {width: 0.02, pair_budget: 3s, batch: 150ms, message_sizes: [1MiB, 64KiB], latency: false}
collectives: {operations: [all_reduce], groups: [all, rack], size: 4MiB}
deadline: 5m
)";

Result<agent::StageFile> read(const std::string& text) {
  static const fs::path path =
      fs::temp_directory_path() / ("plumbline-stage-" + std::to_string(::getpid()) + ".yaml");
  std::ofstream(path) << text;
  auto stage = agent::read_stage_file(path);
  fs::remove(path);
  return stage;
}

std::string with(const std::string& from, const std::string& to) {
  std::string text = kGood;
  const auto at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

std::string complaint(const std::string& text) {
  const auto stage = read(text);
  if (stage) return "accepted";
  return stage.error().message.substr(stage.error().message.find(": ") + 2);
}

}  // namespace

TEST_CASE("A stage file is read whole, its paths relative to itself") {
  const auto stage = read(kGood);
  REQUIRE(stage.has_value());
  CHECK(stage->agents.size() == 2);
  CHECK(stage->agents[1].address == "10.70.0.12:7443");
  CHECK(stage->bundle == fs::temp_directory_path() / "bundle");
  CHECK(stage->fabric.rails[0].nic_rate->value == Catch::Approx(25e6));
  CHECK_FALSE(stage->fabric.rails[1].nic_rate.has_value());
  CHECK(stage->fabric.rails[1].uplinks.at("rack-1").value == Catch::Approx(6.25e6));
  CHECK(stage->asked.sizes == std::vector<Bytes>{{65536}, {1048576}});
  CHECK_FALSE(stage->asked.latency);
  CHECK(stage->asked.both_ways);
  CHECK(stage->budget.batch.value == Catch::Approx(0.15));
  CHECK(stage->deadline == std::chrono::minutes(5));
  CHECK(stage->digest.size() == 64);
}

TEST_CASE(
    "Collectives take every operation, groups inside nodes, small sizes, GPUs, and no pairs") {
  auto stage = read(with("[all, rack], size: 4MiB",
                         "[node, nvlink_domain], size: 1MiB, small_size: 1KiB, budget: 2s, "
                         "ranks_per_node: 4, gpus: true, gpu_size: 2G"));
  REQUIRE(stage.has_value());
  CHECK(stage->groups == std::vector<std::string>{"node", "nvlink_domain"});
  CHECK(stage->small_size.count == 1024);
  CHECK(stage->collective_time.value == Catch::Approx(2));
  CHECK(stage->ranks_per_node == 4);
  CHECK(stage->gpu_collectives);
  CHECK(stage->gpu_collective_size.count == 2ULL << 30U);
  CHECK(stage->asked.pairs);
  stage = read(with("latency: false", "latency: false, pairs: false"));
  REQUIRE(stage.has_value());
  CHECK_FALSE(stage->asked.pairs);
  CHECK_FALSE(stage->gpu_collectives);
}

TEST_CASE("What is wrong in a stage file is told with its line, its key and what is allowed") {
  CHECK(complaint(with("own: {namespace", "owner: {namespace")) ==
        "line 8: owner is not a key of this file; here are allowed: agent_pods, agents, claims, "
        "collectives, "
        "deadline, fabric, measure, name, own, require, schema, tls, workloads");
  CHECK(complaint(with("200Mb/s", "fast")) ==
        "line 13: fabric.rails[].nic_rate is not a rate above zero: write 200Mb/s or 25MB/s");
  CHECK(complaint(with("node: node-2", "node: node-1")) ==
        "line 5: agents[].node \"node-1\" stands twice");
  CHECK(complaint(with("[all_reduce]", "[allreduce]"))
            .starts_with(
                "line 19: collectives.operations holds \"allreduce\"; allowed: all_reduce, "));
  CHECK(complaint(with("size: 4MiB", "size: 4MiB, small_size: 8MiB")) ==
        "line 19: collectives.small_size is not below collectives.size");
  CHECK(complaint(with("size: 4MiB", "size: 4MiB, ranks_per_node: 1"))
            .starts_with("line 19: collectives.ranks_per_node"));
  CHECK(complaint(with("150ms", "50ms")) ==
        "line 18: measure.batch is shorter than three windows of 50 ms: at least 150ms");
  CHECK(complaint(with("v1", "v9")).starts_with("line 1: schema is not plumbline.stage/v1"));
  CHECK(complaint(with("coverage: 0.9", "coverage: 9")).starts_with("line 17: require.coverage"));
  CHECK(complaint(with("ca: pki/ca.pem, ", "")) == "line 6: tls.ca is missing");
  CHECK(complaint(with("  rails:\n", "  rail:\n")).find("rail") != std::string::npos);
  CHECK(complaint("schema: [").find("line") != std::string::npos);
  CHECK(complaint("") == "the file is not a mapping");
  CHECK(complaint("- a\n- b\n").find("is not a mapping") != std::string::npos);
}

TEST_CASE("Claims come from one place, and agents are named or found in that cluster") {
  const std::string live = "claims: {kubeconfig: admin.conf, context: training}";
  const auto named = read(with("claims: {bundle: bundle}", live));
  REQUIRE(named.has_value());
  CHECK(named->bundle.empty());
  CHECK(named->cluster.kubeconfig == fs::temp_directory_path() / "admin.conf");
  CHECK(named->cluster.context == "training");

  const std::string agents = R"(agents:
  - {node: node-1, address: "10.70.0.11:7443"}
  - {node: node-2, address: "10.70.0.12:7443"}
)";
  std::string text = with(agents, "agent_pods: {namespace: plumbline, nodes: gpu=true}\n");
  CHECK(complaint(text) ==
        "line 3: agent_pods needs claims of a live cluster: kubeconfig or in_cluster");
  text.replace(text.find("{bundle: bundle}"), 16, "{in_cluster: true}");
  const auto found = read(text);
  REQUIRE(found.has_value());
  CHECK(found->agents.empty());
  CHECK(found->agent_pods.pod_namespace == "plumbline");
  CHECK(found->agent_pods.label == "app.kubernetes.io/name=plumbline-agent");
  CHECK(found->agent_pods.node_label == "gpu=true");
  CHECK(found->agent_port == 7443);

  CHECK(complaint(with(agents, "")) == "line 1: agents names no agent, and there is no agent_pods");
  CHECK(complaint(with(agents, agents + "agent_pods: {namespace: p}\n"))
            .ends_with("agent_pods stands beside agents: one of them is enough"));
  CHECK(complaint(with(agents, "agent_pods: {label: app=x}\n"))
            .ends_with("agent_pods.namespace is missing"));
  CHECK(complaint(with(agents, "agent_pods: {namespace: ../nodes}\n"))
            .ends_with("agent_pods.namespace is no name of a namespace"));
  CHECK(complaint(with("{bundle: bundle}", "{}"))
            .ends_with("claims needs one of bundle, kubeconfig and in_cluster: true"));
  CHECK(complaint(with("{bundle: bundle}", "{bundle: b, in_cluster: true}"))
            .ends_with("claims needs one of bundle, kubeconfig and in_cluster: true"));
  CHECK(complaint(with("{bundle: bundle}", "{bundle: b, context: x}"))
            .ends_with("claims.context needs a kubeconfig"));
}

TEST_CASE("A stage file that is not there is named") {
  const auto stage = agent::read_stage_file("/nowhere/stage.yaml");
  REQUIRE_FALSE(stage.has_value());
  CHECK(stage.error().message.find("/nowhere/stage.yaml") != std::string::npos);
}

TEST_CASE("Random damage to a stage file is refused or read, never a crash") {
  std::mt19937 random(7);
  std::uniform_int_distribution<std::size_t> place(0, kGood.size() - 1);
  std::uniform_int_distribution<int> letter(1, 126);
  int refused = 0;
  for (int run = 0; run < 1500; ++run) {
    std::string bad = kGood;
    for (int hit = 0; hit < 2; ++hit)
      bad[place(random)] = static_cast<char>(letter(random));
    if (!read(bad)) ++refused;
  }
  CHECK(refused > 100);
}

namespace {

Result<netcheck::Fabric> declared(const std::string& text) {
  static const fs::path path =
      fs::temp_directory_path() / ("plumbline-declared-" + std::to_string(::getpid()));
  std::ofstream(path) << text;
  auto fabric = agent::read_declared_fabric(path);
  fs::remove(path);
  return fabric;
}

}  // namespace

TEST_CASE("Of a stage file the declared fabric alone can be read, and comes back from a bundle") {
  const auto stage = read(kGood);
  const auto alone = declared(kGood);
  REQUIRE(stage);
  REQUIRE(alone);
  const auto again = declared(agent::declared_text(*alone));
  REQUIRE(again);
  for (const netcheck::Fabric* fabric : {&*alone, &*again}) {
    CHECK(fabric->rack_label == stage->fabric.rack_label);
    REQUIRE(fabric->rails.size() == 2);
    for (std::size_t i = 0; i < 2; ++i) {
      const auto& rail = stage->fabric.rails[i];
      CHECK(fabric->rails[i].name == rail.name);
      CHECK(fabric->rails[i].subnet == rail.subnet);
      CHECK(fabric->rails[i].nic_rate.has_value() == rail.nic_rate.has_value());
      if (rail.nic_rate) CHECK(fabric->rails[i].nic_rate->value == rail.nic_rate->value);
      if (rail.uplink_rate) CHECK(fabric->rails[i].uplink_rate->value == rail.uplink_rate->value);
      CHECK(fabric->rails[i].uplinks.size() == rail.uplinks.size());
    }
  }
  CHECK(declared("schema: plumbline.stage/v1\nfabric: {rack_label: r}\nagents: unread\n"));
}

TEST_CASE(
    "A declared fabric that cannot be used is one error with the file, the line and the key") {
  const auto told = [](const std::string& text) {
    const auto fabric = declared(text);
    REQUIRE_FALSE(fabric);
    return fabric.error().message;
  };
  const std::string head = "schema: plumbline.stage/v1\n";
  const auto holds = [](const std::string& text, const std::string& part) {
    CAPTURE(text);
    return text.find(part) != std::string::npos;
  };
  CHECK(holds(told(head), "fabric is missing"));
  CHECK(holds(told("schema: other\nfabric: {}\n"), "schema is neither"));
  CHECK(holds(told(head + "fabric:\n  rails:\n    - {name: a, subnet: rail}\n"), "is no network"));
  CHECK(holds(told(head + "fabric: {racks: 3}\n"), "racks"));
  CHECK(holds(told(head + "fabric: {rails: [{name: a, subnet: 10.0.0.0/8, nic_rate: fast}]}\n"),
              "nic_rate"));
  CHECK(holds(told("["), "plumbline-declared-"));
}
