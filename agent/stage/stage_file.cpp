#include "agent/stage/stage_file.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <set>

#include "agent/stage/declared_fabric.hpp"
#include "core/files.hpp"
#include "core/yaml_section.hpp"

namespace plumbline::agent {
namespace {

constexpr std::size_t kFileMost = 1U << 20U;
constexpr std::size_t kAgentsMost = 1024;
constexpr double kRanksPerNodeMost = 64;
constexpr const char* kSchema = "plumbline.stage/v1";
constexpr const char* kAgentLabel = "app.kubernetes.io/name=plumbline-agent";

std::string sha256(const std::string& text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned length = 0;
  EVP_Digest(text.data(), text.size(), digest.data(), &length, EVP_sha256(), nullptr);
  constexpr std::string_view letters = "0123456789abcdef";
  std::string hexadecimal;
  for (unsigned at = 0; at < length; ++at) {
    hexadecimal.push_back(letters[digest[at] >> 4U]);
    hexadecimal.push_back(letters[digest[at] & 15U]);
  }
  return hexadecimal;
}

void read_agents(YamlSection& top, StageFile& stage) {
  std::set<std::string> names;
  for (auto& agent : top.sections("agents")) {
    stage.agents.push_back({agent.text("node"), agent.text("address")});
    if (!names.insert(stage.agents.back().node).second) {
      agent.complain("node", "\"" + stage.agents.back().node + "\" stands twice");
    }
    agent.done();
  }
  if (stage.agents.size() > kAgentsMost) top.complain("agents", "names more than 1024 agents");
}

void read_agent_pods(YamlSection pods, StageFile& stage) {
  stage.agent_pods.pod_namespace = pods.text_or("namespace", "");
  const std::string label = pods.text_or("label", "");
  stage.agent_pods.label = label.empty() ? kAgentLabel : label;
  stage.agent_pods.node_label = pods.text_or("nodes", "");
  stage.agent_port = static_cast<int>(pods.number_or("port", 7443, 1, 65535));
  pods.done();
  const bool asked = !label.empty() || !stage.agent_pods.node_label.empty();
  const std::string& name = stage.agent_pods.pod_namespace;
  const bool dns_label =
      name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == std::string::npos;
  if (asked && name.empty()) pods.complain("namespace", "is missing");
  if (!dns_label) pods.complain("namespace", "is no name of a namespace");
}

void read_claims(YamlSection& top, const std::filesystem::path& folder, StageFile& stage) {
  YamlSection claims = top.section("claims");
  const std::string bundle = claims.text_or("bundle", "");
  const std::string kubeconfig = claims.text_or("kubeconfig", "");
  stage.cluster.context = claims.text_or("context", "");
  stage.cluster.in_cluster = claims.flag_or("in_cluster", false);
  claims.done();
  if (!bundle.empty()) stage.bundle = folder / bundle;
  if (!kubeconfig.empty()) stage.cluster.kubeconfig = folder / kubeconfig;
  const int places =
      (bundle.empty() ? 0 : 1) + (kubeconfig.empty() ? 0 : 1) + (stage.cluster.in_cluster ? 1 : 0);
  if (places != 1) top.complain("claims", "needs one of bundle, kubeconfig and in_cluster: true");
  if (!stage.cluster.context.empty() && kubeconfig.empty())
    claims.complain("context", "needs a kubeconfig");
}

/// Agents are named, or found in the cluster whose claims are read.
void check_agents(YamlSection& top, const StageFile& stage) {
  const bool found = !stage.agent_pods.pod_namespace.empty();
  if (stage.agents.empty() && !found)
    top.complain("agents", "names no agent, and there is no agent_pods");
  if (!stage.agents.empty() && found)
    top.complain("agent_pods", "stands beside agents: one of them is enough");
  if (found && !stage.cluster.named())
    top.complain("agent_pods", "needs claims of a live cluster: kubeconfig or in_cluster");
}

void read_fabric_section(YamlSection fabric, StageFile& stage) {
  stage.fabric = read_fabric(fabric);
  stage.management_subnet = fabric.text_or("management", "");
  fabric.done();
}

void read_measure(YamlSection measure, StageFile& stage) {
  stage.budget.width = measure.number_or("width", 0.01, 0.0001, 0.5);
  stage.budget.time = in_seconds(measure.duration_or("pair_budget", std::chrono::seconds(8)));
  stage.budget.batch = in_seconds(measure.duration_or("batch", std::chrono::milliseconds(300)));
  if (stage.budget.batch.value < 0.15) {
    measure.complain("batch", "is shorter than three windows of 50 ms: at least 150ms");
  }
  stage.asked.sizes = measure.sizes_or("message_sizes", {{1048576}});
  stage.asked.latency = measure.flag_or("latency", true);
  stage.asked.both_ways = measure.flag_or("both_ways", true);
  stage.node_probes = measure.flag_or("node_probes", true);
  stage.asked.pairs = measure.flag_or("pairs", true);
  measure.done();
}

void read_collectives(YamlSection collectives, StageFile& stage) {
  stage.operations =
      collectives.words_or("operations", {},
                           {"all_reduce", "all_gather", "reduce_scatter", "broadcast", "reduce",
                            "alltoall", "gather", "scatter", "sendrecv", "hypercube"});
  stage.groups = collectives.words_or("groups", {"all"}, {"all", "rack", "node", "nvlink_domain"});
  stage.collective_size = collectives.size_or("size", {4U << 20U});
  stage.gpu_collectives = collectives.flag_or("gpus", false);
  stage.gpu_collective_size = collectives.size_or("gpu_size", {1ULL << 30U});
  stage.small_size = collectives.size_or("small_size", {0});
  if (stage.small_size.count >= stage.collective_size.count) {
    collectives.complain("small_size", "is not below collectives.size");
  }
  stage.collective_time = in_seconds(collectives.duration_or("budget", std::chrono::seconds(4)));
  stage.ranks_per_node =
      static_cast<int>(collectives.number_or("ranks_per_node", 2, 2, kRanksPerNodeMost));
  collectives.done();
}

StageFile read_sections(YamlSection& top, const std::filesystem::path& folder) {
  StageFile stage;
  if (top.text("schema") != kSchema) top.complain("schema", "is not " + std::string(kSchema));
  stage.name = top.text_or("name", "stage");
  read_agents(top, stage);
  read_agent_pods(top.section("agent_pods"), stage);
  const bool brought = !stage.agent_pods.pod_namespace.empty() && !top.has("tls");
  YamlSection tls = top.section("tls");
  if (!brought)
    stage.tls = {folder / tls.text("ca"), folder / tls.text("certificate"),
                 folder / tls.text("key")};
  tls.done();
  read_claims(top, folder, stage);
  check_agents(top, stage);
  YamlSection own = top.section("own");
  stage.own_namespace = own.text_or("namespace", "plumbline");
  own.done();
  read_fabric_section(top.section("fabric"), stage);
  YamlSection require = top.section("require");
  stage.least_coverage = require.number_or("coverage", 1.0, 0.0, 1.0);
  require.done();
  read_measure(top.section("measure"), stage);
  read_collectives(top.section("collectives"), stage);
  stage.workloads = read_workloads_asked(top, stage.own_namespace);
  if (stage.workloads && !stage.cluster.named())
    top.complain("workloads", "needs claims of a live cluster: kubeconfig or in_cluster");
  stage.deadline = top.duration_or("deadline", std::chrono::minutes(10));
  top.done();
  return stage;
}

Result<StageFile> parse(const std::string& text, const std::filesystem::path& folder) {
  return read_yaml(text, [&](YamlSection& top) { return read_sections(top, folder); });
}

}  // namespace

Result<StageFile> read_stage_file(const std::filesystem::path& path) {
  const auto text = read_file(path, kFileMost);
  if (!text) return tl::unexpected(text.error());
  std::error_code ignored;
  auto stage = parse(*text, std::filesystem::absolute(path, ignored).parent_path());
  if (!stage) return pass_up(stage.error(), path.string());
  stage->digest = sha256(*text);
  return stage;
}

}  // namespace plumbline::agent
