#include <map>
#include <random>
#include <thread>

#include "agent/stage/ensemble.hpp"
#include "agent/stage/measuring.hpp"

namespace plumbline::agent {
namespace {

constexpr Seconds kNodeTime{1};
constexpr Seconds kNodeLimit{30};

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

bool finished(const StageRun& run, const std::string& probe, const std::string& node) {
  for (const auto& outcome : run.journal.outcomes(Pass::first)) {
    if (outcome.probe == probe && outcome.from.node == node) return true;
  }
  return false;
}

void measure_node(StageRun& run, const Outcome& wanted) {
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
  ensemble.device_names = {{}};
  ensemble.own_namespace = run.file.own_namespace;
  ensemble.request.probe = wanted.probe;
  ensemble.request.ends = {{node, "", ""}};
  ensemble.request.seed = std::random_device{}();
  ensemble.request.budget = run.file.budget;
  ensemble.request.budget.time = kNodeTime;
  ensemble.request.limit = kNodeLimit;
  const Moment start = run.world.clock.now();
  auto result = measure_together(ensemble, [&run] { return run.ended_early().has_value(); });
  const bool told = !result.outcomes.empty() && !result.failed;
  run.keep_all(Pass::first, told ? std::vector<Outcome>{} : std::vector{wanted}, std::move(result),
               in_seconds(run.world.clock.now() - start));
}

}  // namespace

void measure_nodes(StageRun& run, const netcheck::Facts& facts) {
  if (!run.file.node_probes) return;
  std::map<std::string, std::vector<std::string>> machines;
  for (const auto& node : facts.nodes) {
    const std::string machine = node.topology ? node.topology->boot_id : node.node;
    machines[machine].push_back(node.node);
  }
  std::vector<std::thread> threads;
  for (const auto& [machine, nodes] : machines) {
    threads.emplace_back([&run, nodes = nodes] {
      for (const auto& node : nodes) {
        for (const auto& wanted : identities_of(node))
          measure_node(run, wanted);
      }
    });
  }
  for (auto& thread : threads)
    thread.join();
}

}  // namespace plumbline::agent
