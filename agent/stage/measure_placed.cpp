#include <random>
#include <thread>

#include "agent/stage/ensemble.hpp"
#include "agent/stage/measuring.hpp"
#include "agent/stage/placement.hpp"
#include "netcheck/transport.hpp"

namespace plumbline::agent {
namespace {

constexpr Seconds kStartAndEnd{8};

using netcheck::PlacedPair;

Request request_of(const StageRun& run, const netcheck::Facts& facts, const PlacedPair& pair,
                   const Outcome& wanted, Pass pass) {
  Request request;
  request.probe = "pair";
  request.size = 2;
  request.ends = {pair.pair.from, pair.pair.to};
  // Each agent knows itself by its rank alone.
  request.ends[0].node = rank_name(*pair.from);
  request.ends[1].node = rank_name(*pair.to);
  request.seed = std::random_device{}();
  request.budget = run.file.budget;
  if (pass == Pass::alone) request.budget.time.value *= kMoreTimeAlone;
  request.sizes = {{std::stoull(wanted.parameters.at("size"))}};
  request.measure = {"one_way"};
  netcheck::Facts seen;
  seen.fabric = facts.fabric;
  seen.nodes = facts.placed;
  const Endpoint from{pair.from->binding.name, pair.pair.from.device, pair.pair.from.rail};
  const Endpoint to{pair.to->binding.name, pair.pair.to.device, pair.pair.to.rail};
  if (netcheck::predict_transport(seen, from, to).rdma) request.options["transport"] = "verbs";
  request.limit = {request.budget.time.value + kStartAndEnd.value};
  return request;
}

void measure_pair(StageRun& run, const netcheck::Facts& facts, const Fleet& ranks,
                  const PlacedPair& pair, const char* probe, Pass pass) {
  Outcome identity = netcheck::placed_identity(facts.asked, pair);
  identity.probe = probe;
  const auto wanted = run.unfinished(pass, {identity});
  if (wanted.empty()) return;
  Ensemble ensemble;
  ensemble.name = run.next_name();
  ensemble.agents = {ranks.agent(rank_name(*pair.from)), ranks.agent(rank_name(*pair.to))};
  ensemble.device_names = {{}, {}};
  ensemble.own_namespace = facts.own_namespace;
  ensemble.request = request_of(run, facts, pair, wanted.front(), pass);
  const Moment start = run.world.clock.now();
  auto result = measure_together(ensemble, [&run] { return run.ended_early().has_value(); });
  for (Outcome& outcome : result.outcomes) {
    outcome.probe = wanted.front().probe;
    outcome.from = wanted.front().from;
    outcome.to = wanted.front().to;
    outcome.parameters = wanted.front().parameters;
  }
  run.keep_all(pass, wanted, std::move(result), in_seconds(run.world.clock.now() - start));
}

}  // namespace

void measure_placed(StageRun& run, const netcheck::Facts& facts, const netcheck::PlacedPlan& placed,
                    const Placement& placement, Pass pass) {
  if (placement.ranks() == nullptr) return;
  for (const Outcome& outcome : placed.skipped) {
    for (const Outcome& missing : run.unfinished(pass, {outcome}))
      run.keep(pass, missing);
  }
  for (const auto& round : placed.rounds) {
    if (run.ended_early()) return;
    std::string words = pass == Pass::alone ? "again between placed pods" : "between placed pods";
    for (const auto& pair : round)
      words += (&pair == round.data() ? ": " : ", ") + pair.pair.from.node + "-" +
               pair.pair.to.node + " " + pair.pair.from.rail;
    run.step(words);
    std::vector<std::thread> pairs;
    for (const auto& pair : round)
      pairs.emplace_back([&] {
        measure_pair(run, facts, *placement.ranks(), pair, netcheck::kPlacedGoodput, pass);
      });
    for (auto& pair : pairs)
      pair.join();
  }
}

void measure_misaligned(StageRun& run, const netcheck::Facts& facts,
                        const netcheck::Misalignment& misalignment, const Placement& placement) {
  std::vector<const PlacedPod*> pods;
  for (const PlacedPod& pod : facts.workloads->pods) {
    if (pod.workload == "misaligned" && pod.ended.empty()) pods.push_back(&pod);
  }
  if (pods.size() != 2 || placement.ranks() == nullptr) return;
  std::string why;
  const auto pair = netcheck::pair_of(facts, *pods[0], *pods[1], misalignment.rail, why);
  if (!pair) {
    run.world.log.warn("the misaligned pods cannot be measured: " + why);
    return;
  }
  run.step("between misaligned pods: " + pair->pair.from.node + "-" + pair->pair.to.node + " " +
           misalignment.rail);
  measure_pair(run, facts, *placement.ranks(), *pair, netcheck::kMisalignedGoodput, Pass::first);
}

}  // namespace plumbline::agent
