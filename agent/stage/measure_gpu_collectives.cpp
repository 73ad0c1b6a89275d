#include <algorithm>
#include <map>
#include <random>
#include <tuple>
#include <utility>

#include "agent/collective/agent_ranks.hpp"
#include "agent/stage/collective_identities.hpp"
#include "agent/stage/measuring.hpp"
#include "netcheck/groups/domains.hpp"
#include "netcheck/lookup.hpp"

namespace plumbline::agent {
namespace {

constexpr double kStartAndEnd = 40;  // s: NCCL's start over many nodes, and leaving
constexpr const char* kNoGpu = "no node of the group shows an NVIDIA GPU";

/// Nodes that work together, rack by rack.
using Groups = std::map<std::string, std::vector<std::string>>;

Groups groups_of(const StageFile& file, const netcheck::Facts& facts) {
  std::vector<std::pair<std::string, const netcheck::NodeFacts*>> nodes;
  for (const auto& node : facts.nodes)
    nodes.emplace_back(netcheck::labelled_rack(facts, node.node).value_or(""), &node);
  std::sort(nodes.begin(), nodes.end(), [](const auto& one, const auto& other) {
    return std::tie(one.first, one.second->node) < std::tie(other.first, other.second->node);
  });
  Groups groups;
  for (const std::string& word : file.groups) {
    for (const auto& [rack, node] : nodes) {
      const std::string domain = netcheck::nvlink_domain(*node, 0);
      if (word == "all") groups["all"].push_back(node->node);
      if (word == "rack" && !rack.empty()) groups[rack].push_back(node->node);
      if (word == "node") groups[node->node].push_back(node->node);
      if (word == "nvlink_domain" && domain != node->node) groups[domain].push_back(node->node);
    }
  }
  return groups;
}

/// The least number of GPUs that a node of the group shows: as many ranks as every node can have.
int ranks_on_each(const netcheck::Facts& facts, const std::vector<std::string>& nodes) {
  std::size_t least = 16;  // what an agent runs at once
  for (const std::string& node : nodes) {
    const netcheck::NodeFacts* const told = netcheck::facts_of(facts, node);
    least = std::min(least, told == nullptr ? 0 : netcheck::gpu_count(*told));
  }
  return static_cast<int>(least);
}

Request request_of(const StageFile& file, const std::string& operation, const std::string& group,
                   std::vector<Endpoint> ends) {
  Request request;
  request.probe = operation;
  request.ends = std::move(ends);
  request.size = static_cast<int>(request.ends.size());
  request.sizes = {file.gpu_collective_size};
  request.seed = std::random_device{}();
  request.budget = file.budget;
  request.budget.time = file.collective_time;
  request.limit = {kStartAndEnd + file.collective_time.value};
  request.options = {{"group", group}, {"type", "float"}, {"place", "out"}};
  return request;
}

void measure_one(StageRun& run, const netcheck::Facts& facts, const std::string& operation,
                 const std::pair<std::string, std::vector<std::string>>& group) {
  const int each = ranks_on_each(facts, group.second);
  AgentRanks ranks;
  ranks.name = run.next_name();
  ranks.own_namespace = run.file.own_namespace;
  ranks.request =
      request_of(run.file, operation, group.first, ends_on(group.second, std::max(each, 1)));
  const auto wanted = run.unfinished(Pass::first, collective_identities(ranks.request));
  if (wanted.empty()) return;
  run.step(operation + " over GPUs: " + group.first);
  std::vector<Outcome> outcomes = wanted;
  if (each == 0) {
    for (Outcome& outcome : outcomes)
      outcome.result = Skipped{kNoGpu};
  } else {
    const LocalWatch watch{{}, {}, [&run] { return run.ended_early().has_value(); }};
    outcomes = run_agent_ranks(run.fleet, ranks, watch, run.world.clock);
  }
  if (run.ended_early()) return;
  for (Outcome& outcome : outcomes)
    run.keep(Pass::first, std::move(outcome));
}

}  // namespace

void measure_gpu_collectives(StageRun& run, const netcheck::Facts& facts) {
  if (!run.file.gpu_collectives) return;
  for (const std::string& operation : run.file.operations) {
    for (const auto& group : groups_of(run.file, facts)) {
      if (run.ended_early()) return;
      measure_one(run, facts, operation, group);
    }
  }
}

}  // namespace plumbline::agent
