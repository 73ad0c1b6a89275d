#include "agent/command/pair_of_gpus.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <random>
#include <utility>

#include "agent/stage/ensemble.hpp"
#include "netcheck/gpu/gpu_rules.hpp"
#include "netcheck/lookup.hpp"

namespace plumbline::agent {
namespace {

constexpr double kStartAndEnd = 30;  ///< seconds for contexts, memory and the last comparison

/// One end: a node with a GPU.
struct End {
  const netcheck::NodeFacts* node = nullptr;
  std::string gpu;
  Endpoint endpoint() const { return {node->node, gpu, ""}; }
};

bool one_machine(const End& from, const End& to) {
  return from.node->topology && to.node->topology &&
         from.node->topology->boot_id == to.node->topology->boot_id;
}

/// What the kubelet may call this GPU alone.
std::vector<std::string> names_of(const netcheck::Facts& facts, const End& end) {
  std::map<std::string, std::string> others;
  if (end.node->topology && end.node->topology->gpus) {
    for (const Gpu& gpu : end.node->topology->gpus->gpus) {
      if (gpu.uuid != end.gpu) others[gpu.uuid] = "another";
    }
  }
  return netcheck::gpu_names(facts, *end.node, others);
}

std::optional<std::string> why_not(const Fleet& fleet, const netcheck::Facts& facts,
                                   const End& end) {
  if (auto reason = fleet.given_up(end.node->node)) return reason;
  const auto held = netcheck::held_gpus(facts, *end.node);
  const auto found = held.find(end.gpu);
  return found == held.end() ? std::nullopt : std::optional(found->second);
}

Request request_of(const GpuPairPlan& plan, const End& from, const End& to) {
  Request request;
  request.probe = "gpu_pair";
  request.size = 2;
  request.ends = {from.endpoint(), to.endpoint()};
  request.seed = std::random_device{}();
  request.budget = plan.budget;
  request.limit = {plan.budget.time.value + kStartAndEnd};
  request.options["share"] = !plan.share.empty()     ? plan.share
                             : one_machine(from, to) ? "ipc"
                                                     : "fabric";
  return request;
}

/// One way; always one outcome at least.
std::vector<Outcome> measure_way(const Fleet& fleet, const netcheck::Facts& facts,
                                 const GpuPairPlan& plan, const std::array<End, 2>& ends,
                                 const std::function<bool()>& stop) {
  Outcome missing;
  missing.probe = "gpu_pair";
  missing.from = ends[0].endpoint();
  missing.to = ends[1].endpoint();
  for (const End& end : ends) {
    if (const auto reason = why_not(fleet, facts, end)) {
      missing.result = Skipped{*reason};
      return {missing};
    }
  }
  Ensemble ensemble;
  ensemble.name = ends[0].node->node + "-gpus";
  ensemble.own_namespace = facts.own_namespace;
  ensemble.request = request_of(plan, ends[0], ends[1]);
  for (const End& end : ends) {
    ensemble.agents.push_back(fleet.agent(end.node->node));
    ensemble.device_names.push_back(names_of(facts, end));
  }
  auto result = measure_together(ensemble, stop);
  if (!result.outcomes.empty()) return std::move(result.outcomes);
  missing.result = Skipped{"stopped"};
  if (result.failed) missing.result = *result.failed;
  return {missing};
}

}  // namespace

std::vector<Outcome> measure_gpu_pair(const Fleet& fleet, const netcheck::Facts& facts,
                                      const GpuPairPlan& plan, const std::function<bool()>& stop,
                                      Log& log) {
  std::array<End, 2> ends;
  for (std::size_t i = 0; i < ends.size(); ++i)
    ends.at(i) = {netcheck::facts_of(facts, plan.nodes.at(i)), plan.gpus.at(i)};
  std::vector<Outcome> outcomes;
  for (int way = 0; way < 2 && !stop(); ++way) {
    log.info("gpu_pair " + ends[0].endpoint().node + "/" + ends[0].gpu + " to " +
             ends[1].endpoint().node + "/" + ends[1].gpu);
    for (auto& outcome : measure_way(fleet, facts, plan, ends, stop))
      outcomes.push_back(std::move(outcome));
    std::swap(ends[0], ends[1]);
  }
  return outcomes;
}

}  // namespace plumbline::agent
