#include <algorithm>
#include <chrono>
#include <map>
#include <random>
#include <thread>

#include "agent/stage/ensemble.hpp"
#include "agent/stage/measuring.hpp"
#include "netcheck/gpu/gpu_rules.hpp"

namespace plumbline::agent {
namespace {

constexpr Seconds kNodeTime{1};
constexpr Seconds kNodeLimit{30};
constexpr Seconds kGpuLimit{300};  ///< as long as an agent allows; eight GPUs are 150 numbers
constexpr std::chrono::seconds kLookTime{15};

/// One probe on one node.
struct NodeWork {
  Outcome wanted;                           ///< its identity; stands for all when it tells nothing
  std::map<std::string, std::string> held;  ///< GPUs that are not to be touched, and why
  std::vector<std::string> names;           ///< what the kubelet may call the others
};

/// The identities that are known before: one each; memory_copy may tell more NUMA pairs.
std::vector<Outcome> identities_of(const std::string& node) {
  Outcome memory;
  memory.probe = "memory_copy";
  memory.from = {node, "numa0", ""};
  memory.to = memory.from;
  Outcome loopback;
  loopback.probe = "loopback_latency";
  loopback.from = {node, "lo", ""};
  loopback.to = loopback.from;
  return {memory, loopback};
}

/// What the probe tells of GPUs it knows itself; this stands for all when it tells nothing.
Outcome gpus_of(const std::string& node) {
  Outcome copies;
  copies.probe = "gpu_copy";
  copies.from = {node, "gpus", ""};
  copies.to = copies.from;
  return copies;
}

/// True for a node that shows GPUs, also ones that no driver answers for: those are required.
bool shows_gpus(const netcheck::NodeFacts& node) {
  if (!node.topology) return false;
  return (node.topology->gpus && !node.topology->gpus->gpus.empty()) ||
         !node.topology->gpus_problem.empty();
}

bool finished(const StageRun& run, const std::string& probe, const std::string& node) {
  for (const auto& outcome : run.journal.outcomes(Pass::first)) {
    if (outcome.probe == probe && outcome.from.node == node) return true;
  }
  return false;
}

/// GPUs are not measured as one: which are free is asked just before, and a held one is left out
/// with its holder's name.
NodeWork gpu_work(StageRun& run, const netcheck::Facts& facts, const netcheck::NodeFacts& node) {
  NodeWork work{gpus_of(node.node), {}, {}};
  auto* const agent = run.fleet.agent(node.node);
  auto now = agent != nullptr && !run.fleet.given_up(node.node)
                 ? agent->inventory(Deadline::after(kLookTime))
                 : Result<netcheck::NodeFacts>(node);
  if (!now) now = node;
  now->node = node.node;
  work.held = netcheck::held_gpus(facts, *now);
  work.names = netcheck::gpu_names(facts, *now, work.held);
  return work;
}

/// The option "held": lines "UUID=why", which holds no other line breaks.
std::string held_text(const std::map<std::string, std::string>& held) {
  std::string text;
  for (const auto& [uuid, why] : held) {
    std::string words = why;
    std::replace_if(
        words.begin(), words.end(),
        [](char letter) { return static_cast<unsigned char>(letter) < 0x20; }, ' ');
    text += uuid + "=" + words + "\n";
  }
  return text;
}

void measure_node(StageRun& run, const NodeWork& work) {
  const Outcome& wanted = work.wanted;
  const std::string& node = wanted.from.node;
  if (run.ended_early() || finished(run, wanted.probe, node)) return;
  run.step(wanted.probe + ": " + node);
  if (const auto reason = run.fleet.given_up(node)) {
    Outcome outcome = wanted;
    outcome.result = Skipped{*reason};
    run.keep(Pass::first, std::move(outcome));
    return;
  }
  Ensemble ensemble;
  ensemble.name = run.next_name();
  ensemble.agents = {run.fleet.agent(node)};
  ensemble.device_names = {work.names};
  ensemble.own_namespace = run.file.own_namespace;
  if (!work.held.empty()) ensemble.request.options["held"] = held_text(work.held);
  ensemble.request.probe = wanted.probe;
  ensemble.request.ends = {{node, "", ""}};
  ensemble.request.seed = std::random_device{}();
  ensemble.request.budget = run.file.budget;
  ensemble.request.budget.time = kNodeTime;
  ensemble.request.limit = wanted.probe == "gpu_copy" ? kGpuLimit : kNodeLimit;
  const Moment start = run.world.clock.now();
  auto result = measure_together(ensemble, [&run] { return run.ended_early().has_value(); });
  const bool told = !result.outcomes.empty() && !result.failed;
  run.keep_all(Pass::first, told ? std::vector<Outcome>{} : std::vector{wanted}, std::move(result),
               in_seconds(run.world.clock.now() - start));
}

/// Runs `work` for each node: those of one machine one after the other, different machines at once.
template <typename Work>
void by_machine(const std::map<std::string, std::vector<const netcheck::NodeFacts*>>& machines,
                const Work& work) {
  std::vector<std::thread> threads;
  for (const auto& [machine, nodes] : machines) {
    threads.emplace_back([&work, &nodes = nodes] {
      for (const auto* const node : nodes)
        work(*node);
    });
  }
  for (auto& thread : threads)
    thread.join();
}

/// Described GPUs load nothing, so that each node of them counts as a machine.
std::string gpu_machine(const netcheck::NodeFacts& node) {
  const bool fake = node.topology->gpus && node.topology->gpus->fake;
  return node.topology->boot_id + (fake ? " " + node.node : "");
}

}  // namespace

void measure_nodes(StageRun& run, const netcheck::Facts& facts) {
  if (!run.file.node_probes) return;
  std::map<std::string, std::vector<const netcheck::NodeFacts*>> machines;
  std::map<std::string, std::vector<const netcheck::NodeFacts*>> gpu_machines;
  for (const auto& node : facts.nodes) {
    machines[node.topology ? node.topology->boot_id : node.node].push_back(&node);
    if (shows_gpus(node)) gpu_machines[gpu_machine(node)].push_back(&node);
  }
  by_machine(machines, [&run](const netcheck::NodeFacts& node) {
    for (const auto& wanted : identities_of(node.node))
      measure_node(run, {wanted, {}, {}});
  });
  by_machine(gpu_machines, [&run, &facts](const netcheck::NodeFacts& node) {
    if (!run.ended_early() && !finished(run, "gpu_copy", node.node))
      measure_node(run, gpu_work(run, facts, node));
  });
}

}  // namespace plumbline::agent
