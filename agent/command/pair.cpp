#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <map>
#include <ostream>

#include "agent/command/command.hpp"
#include "agent/command/local_verdict.hpp"
#include "agent/command/outcome_table.hpp"
#include "agent/command/pair_of_gpus.hpp"
#include "agent/command/signals.hpp"
#include "agent/service/lease_table.hpp"
#include "agent/stage/ensemble.hpp"
#include "agent/stage/fleet.hpp"
#include "agent/stage/stage_file.hpp"
#include "netcheck/plan.hpp"
#include "netcheck/rdma/rails_told.hpp"
#include "netcheck/rdma/rdma_rules.hpp"
#include "netcheck/transport.hpp"

namespace plumbline::agent {
namespace {

constexpr double kLatencyTime = 2;  // seconds, as in a stage
constexpr double kStartAndEnd = 8;  // seconds

struct PairLine {
  std::filesystem::path stage_file;
  std::string first;
  std::string second;
  std::string rail;
  std::string transport;
  std::vector<std::string> gpus;  ///< UUIDs, one a node; empty: network paths
  std::string share;
  bool second_opinion = false;
  std::map<std::string, std::string> rdma;  ///< options of the probe's numbers over RDMA
};

/// Everything that the pair's measurement is decided by.
struct PairWorld {
  StageFile stage;
  netcheck::Facts facts;
  std::unique_ptr<Fleet> fleet;
};

/// The two agents of the pair alone.
Result<std::vector<StageAgent>> two_agents(const PairLine& line, const StageFile& stage,
                                           Clock& clock) {
  if (line.first == line.second) return fail(ErrorCode::invalid_input, "a pair is two nodes");
  auto agents = stage_agents(stage, clock);
  if (!agents) return agents;
  std::erase_if(*agents, [&](const StageAgent& agent) {
    return agent.address.node != line.first && agent.address.node != line.second;
  });
  if (agents->size() == 2) return agents;
  return fail(ErrorCode::not_found, line.stage_file.string() + " has no agent on " + line.first +
                                        " or no agent on " + line.second);
}

Result<PairWorld> meet(const PairLine& line, Log& log) {
  SystemClock clock;
  auto stage = read_stage_file(line.stage_file);
  if (!stage) return tl::unexpected(stage.error());
  const auto agents = two_agents(line, *stage, clock);
  if (!agents) return tl::unexpected(agents.error());
  auto fleet = Fleet::gather(*agents, stage->tls, "pair-" + random_nonce(), log);
  if (!fleet) return tl::unexpected(fleet.error());
  PairWorld world{*stage, {}, std::move(*fleet)};
  world.facts.fabric = stage->fabric;
  world.facts.own_namespace = stage->own_namespace;
  world.facts.asked = stage->asked;
  world.facts.nodes = world.fleet->facts();
  netcheck::tell_rails(world.facts, other_networks(*stage, *agents));
  auto claims = stage_claims(*stage, clock);
  if (claims) {
    world.facts.claims = std::move(*claims);
  } else {
    world.facts.claims_problem = claims.error().message;
  }
  return world;
}

/// A name that agents take: a rail may have a network's name, with a slash.
std::string measurement_name(std::string rail, const char* what) {
  std::replace(rail.begin(), rail.end(), '/', '_');
  rail.resize(std::min<std::size_t>(rail.size(), 48));
  return rail + "-" + what;
}

bool by_verbs(const PairWorld& world, const PairLine& line, const netcheck::PlannedPair& pair) {
  return line.transport.empty() ? netcheck::predict_transport(world.facts, pair.from, pair.to).rdma
                                : line.transport == "verbs";
}

Request request_of(const PairWorld& world, const PairLine& line, const netcheck::PlannedPair& pair,
                   bool latency) {
  Request request;
  request.probe = "pair";
  request.size = 2;
  request.ends = {pair.from, pair.to};
  request.seed =
      static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
  request.budget = world.stage.budget;
  request.sizes = world.facts.asked.sizes;
  request.measure = {"one_way", "reverse", "both_ways"};
  double numbers = 2.0 * static_cast<double>(request.sizes.size()) + 1;
  if (latency) {
    request.sizes = {{8}};
    request.measure = {"latency"};
    request.budget.time = {kLatencyTime};
    numbers = 1;
  }
  if (by_verbs(world, line, pair)) {
    request.options = line.rdma;
    request.options["transport"] = "verbs";
    for (const auto& [option, words] : line.rdma)
      numbers *= 1.0 + static_cast<double>(std::count(words.begin(), words.end(), ','));
  }
  request.limit = {numbers * request.budget.time.value + kStartAndEnd};
  return request;
}

/// The agents of both ends, asked for one measurement.
Ensemble ensemble_of(PairWorld& world, const netcheck::PlannedPair& pair, const char* what,
                     Request request) {
  Ensemble ensemble;
  ensemble.name = measurement_name(pair.from.rail, what);
  ensemble.agents = {world.fleet->agent(pair.from.node), world.fleet->agent(pair.to.node)};
  ensemble.device_names.resize(2);
  ensemble.own_namespace = world.stage.own_namespace;
  ensemble.request = std::move(request);
  return ensemble;
}

/// One ensemble's outcomes; what it did not tell is failed or skipped with the reason.
std::vector<Outcome> measure(PairWorld& world, const PairLine& line,
                             const netcheck::PlannedPair& pair, bool latency,
                             const EndingSignals& signals) {
  const Ensemble ensemble = ensemble_of(world, pair, latency ? "latency" : "goodput",
                                        request_of(world, line, pair, latency));
  auto result = measure_together(ensemble, [&] { return signals.pending().has_value(); });
  // With ways of its own each number has other parameters than the plan's.
  if (!line.rdma.empty() && !result.outcomes.empty()) return std::move(result.outcomes);
  for (auto missing : netcheck::identities(world.facts.asked, pair, latency)) {
    const bool told = std::any_of(result.outcomes.begin(), result.outcomes.end(),
                                  [&](const auto& one) { return one.key() == missing.key(); });
    if (told) continue;
    missing.result = Skipped{"stopped"};
    if (result.failed) missing.result = *result.failed;
    result.outcomes.push_back(std::move(missing));
  }
  return std::move(result.outcomes);
}

/// The largest message each way by UCX over the same RDMA device.
std::vector<Outcome> ask_again(PairWorld& world, const PairLine& line,
                               const netcheck::PlannedPair& pair, const EndingSignals& signals) {
  Request request = request_of(world, line, pair, false);
  request.options = {{"transport", "ucx"}};
  const auto& sizes = world.facts.asked.sizes;
  request.sizes = {*std::max_element(
      sizes.begin(), sizes.end(), [](Bytes one, Bytes other) { return one.count < other.count; })};
  request.measure = {"one_way", "reverse"};
  // A library takes its time to find its ways before the first batch.
  request.budget.time.value *= 2;
  request.limit = {2 * request.budget.time.value + kStartAndEnd};
  const Ensemble ensemble = ensemble_of(world, pair, "second", std::move(request));
  auto result = measure_together(ensemble, [&] { return signals.pending().has_value(); });
  if (!result.outcomes.empty()) return std::move(result.outcomes);
  Outcome missing;
  missing.probe = "pair_goodput";
  missing.from = pair.from;
  missing.to = pair.to;
  missing.parameters = {{"library", "ucx"}};
  missing.result = Skipped{"stopped"};
  if (result.failed) missing.result = *result.failed;
  return {missing};
}

std::vector<Outcome> measure_all(PairWorld& world, const PairLine& line,
                                 const EndingSignals& signals, Log& log) {
  const auto plan = netcheck::plan(world.facts);
  std::vector<Outcome> outcomes;
  const auto wanted = [&](const auto& rail) { return line.rail.empty() || rail == line.rail; };
  for (const bool latency : {false, true}) {
    for (const auto& round : latency ? plan.latency : plan.goodput) {
      for (const auto& pair : round.pairs) {
        if (!wanted(pair.from.rail) || signals.pending()) continue;
        log.info(std::string(latency ? "latency " : "goodput ") + pair.from.node + " - " +
                 pair.to.node + " " + pair.from.rail);
        auto some = measure(world, line, pair, latency, signals);
        outcomes.insert(outcomes.end(), some.begin(), some.end());
        if (latency || !line.second_opinion || !by_verbs(world, line, pair)) continue;
        log.info("second opinion " + pair.from.node + " - " + pair.to.node + " " + pair.from.rail);
        some = ask_again(world, line, pair, signals);
        outcomes.insert(outcomes.end(), some.begin(), some.end());
      }
    }
  }
  for (const auto& skipped : plan.skipped) {
    if (wanted(skipped.from.rail)) outcomes.push_back(skipped);
  }
  return outcomes;
}

int run(const PairLine& line, const CommonOptions& common, const Streams& streams, Log& log) {
  const EndingSignals signals;
  auto world = meet(line, log);
  if (!world) return tell_error(streams, world.error());
  const GpuPairPlan gpus{{line.first, line.second}, line.gpus, line.share, world->stage.budget};
  const auto stop = [&] { return signals.pending().has_value(); };
  const auto outcomes = line.gpus.empty()
                            ? measure_all(*world, line, signals, log)
                            : measure_gpu_pair(*world->fleet, world->facts, gpus, stop, log);
  world->facts.outcomes = outcomes;
  const auto findings = netcheck::second_opinion(world->facts);
  if (common.json()) {
    streams.out << with_findings(outcome_json(outcomes), findings);
  } else {
    streams.out << outcome_table(outcomes) << findings_text(findings);
  }
  return exit_code_with(findings, outcome_exit_code(outcomes));
}

/// The options that only RDMA has; each goes to the probe as it is.
void add_transport(CLI::App& command, PairLine& line) {
  command
      .add_option("--transport", line.transport,
                  "tcp or verbs (default: verbs where both ends can, else tcp)")
      ->check(CLI::IsMember({"tcp", "verbs"}));
  command
      .add_option_function<std::string>(
          "--memory",
          [&line](const std::string& word) {
            if (word == "gpu") line.rdma["gpu"] = "nearest";
          },
          "verbs: host (default), or gpu: memory of the GPU nearest to each RDMA device, by "
          "dma-buf or a peer memory module")
      ->check(CLI::IsMember({"host", "gpu"}));
  command.add_flag(
      "--second-opinion", line.second_opinion,
      "Where verbs measure: UCX over the same RDMA device too, and whether they agree");
  struct Row {
    const char* flag;
    const char* option;
    const char* help;
  };
  for (const Row& row : {Row{"--operations", "operations", "verbs: write, read, send; a list"},
                         Row{"--depths", "depths", "verbs: messages under way, e.g. 1,8,128"},
                         Row{"--queue-pairs", "queue_pairs", "verbs: queue pairs, e.g. 1,4"},
                         Row{"--numa", "numa", "verbs: NUMA nodes of the memory, e.g. 0,1"},
                         Row{"--gid-index", "gid_index", "verbs: this GID and no other"}}) {
    command.add_option_function<std::string>(
        row.flag,
        [&line, option = row.option](const std::string& words) { line.rdma[option] = words; },
        row.help);
  }
}

}  // namespace

void add_pair(CLI::App& line, Chosen& chosen, const Streams& streams) {
  auto* const command =
      line.add_subcommand("pair", "Measures the paths between two agents of a stage file");
  const auto options = std::make_shared<PairLine>();
  command->add_option("a", options->first, "A node")->required();
  command->add_option("b", options->second, "Another node")->required();
  command->add_option("-f,--file", options->stage_file, "The stage file that names the agents")
      ->required();
  command->add_option("--rail", options->rail, "One rail only (default: every rail)");
  add_transport(*command, *options);
  command
      ->add_option("--gpus", options->gpus,
                   "Instead: copies between a GPU of A and one of B (UUIDs), each way, from one "
                   "process into memory that the other shares")
      ->expected(2);
  command
      ->add_option("--share", options->share,
                   "How GPU memory is shared: ipc or fabric (default: ipc where both agents are on "
                   "one machine, else fabric)")
      ->check(CLI::IsMember({"ipc", "fabric"}));
  add_common(*command, chosen.common, "plumbline pair node-1 node-3 -f stage.yaml --rail rail-a");
  command->callback([&chosen, options, streams] {
    chosen.action = [&chosen, options, streams](Log& log) {
      return run(*options, chosen.common, streams, log);
    };
  });
}

}  // namespace plumbline::agent
