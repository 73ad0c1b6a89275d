#include <algorithm>
#include <random>
#include <thread>

#include "agent/stage/ensemble.hpp"
#include "agent/stage/measuring.hpp"
#include "netcheck/rdma/rails_at_once.hpp"
#include "netcheck/transport.hpp"

namespace plumbline::agent {
namespace {

constexpr Seconds kLatencyTime{1};
constexpr Seconds kStartAndEnd{8};

using netcheck::PlannedPair;

/// What the kubelet and claims may call a netdev: its names in the slices of its node.
std::vector<std::string> device_names(const netcheck::Facts& facts, const Endpoint& end) {
  std::vector<std::string> names;
  if (!facts.claims) return names;
  for (const auto& slice : facts.claims->slices) {
    if (slice.node != end.node) continue;
    for (const auto& device : slice.devices) {
      const auto name = device.attributes.find("dra.net/ifName");
      if (name == device.attributes.end()) continue;
      const auto* const text = std::get_if<std::string>(&name->second);
      if (text != nullptr && *text == end.device) names.push_back(device.name);
    }
  }
  return names;
}

Request pair_request(const StageRun& run, const netcheck::Facts& facts, const PlannedPair& pair,
                     Pass pass, PairWork work) {
  Request request;
  request.probe = "pair";
  request.size = 2;
  request.ends = {pair.from, pair.to};
  request.seed = std::random_device{}();
  request.budget = run.file.budget;
  double numbers = 1;
  if (work == PairWork::latency) {
    request.sizes = {{8}};
    request.measure = {"latency"};
    request.budget.time = kLatencyTime;
  } else if (work == PairWork::together) {
    request.sizes = {
        *std::max_element(run.file.asked.sizes.begin(), run.file.asked.sizes.end(),
                          [](Bytes one, Bytes other) { return one.count < other.count; })};
    request.measure = {"one_way"};
  } else {
    request.sizes = run.file.asked.sizes;
    request.measure = {"one_way", "reverse"};
    if (pass == Pass::alone) request.budget.time.value *= kMoreTimeAlone;
    if (run.file.asked.both_ways) request.measure.push_back("both_ways");
    numbers = 2.0 * static_cast<double>(request.sizes.size()) + 1;
  }
  if (netcheck::predict_transport(facts, pair.from, pair.to).rdma) {
    request.options["transport"] = "verbs";
  }
  request.limit = {numbers * request.budget.time.value + kStartAndEnd.value};
  return request;
}

std::optional<std::string> given_up(const StageRun& run, const PlannedPair& pair) {
  if (auto reason = run.fleet.given_up(pair.from.node)) return reason;
  return run.fleet.given_up(pair.to.node);
}

std::vector<Outcome> identities_of(const netcheck::Facts& facts, const PlannedPair& pair,
                                   PairWork work) {
  if (work == PairWork::together) return {netcheck::together_identity(facts.asked, pair)};
  return netcheck::identities(facts.asked, pair, work == PairWork::latency);
}

void measure_pair(StageRun& run, const netcheck::Facts& facts, const PlannedPair& pair, Pass pass,
                  PairWork work) {
  const auto wanted = run.unfinished(pass, identities_of(facts, pair, work));
  if (wanted.empty()) return;
  if (const auto reason = given_up(run, pair)) {
    for (Outcome outcome : wanted) {
      outcome.result = Skipped{*reason};
      run.keep(pass, std::move(outcome));
    }
    return;
  }
  Ensemble ensemble;
  ensemble.name = run.next_name();
  ensemble.agents = {run.fleet.agent(pair.from.node), run.fleet.agent(pair.to.node)};
  ensemble.device_names = {device_names(facts, pair.from), device_names(facts, pair.to)};
  ensemble.own_namespace = facts.own_namespace;
  ensemble.request = pair_request(run, facts, pair, pass, work);
  const Moment start = run.world.clock.now();
  auto result = measure_together(ensemble, [&run] { return run.ended_early().has_value(); });
  if (work == PairWork::together) {
    for (Outcome& outcome : result.outcomes)
      outcome.probe = wanted.front().probe;
  }
  run.keep_all(pass, wanted, std::move(result), in_seconds(run.world.clock.now() - start));
}

std::string words(const netcheck::Round& round, Pass pass, PairWork work) {
  std::string text = work == PairWork::latency ? "latency" : "goodput";
  if (work == PairWork::together) text = "all rails at once";
  if (pass == Pass::alone) text += " again, alone";
  const char* between = ": ";
  for (const auto& pair : round.pairs) {
    text += between + pair.from.node + "-" + pair.to.node + " " + pair.from.rail;
    between = ", ";
  }
  return text;
}

}  // namespace

void measure_rounds(StageRun& run, const netcheck::Facts& facts,
                    const std::vector<netcheck::Round>& rounds, Pass pass, PairWork work) {
  for (const auto& round : rounds) {
    if (run.ended_early()) return;
    run.step(words(round, pass, work));
    std::vector<std::thread> pairs;
    for (const auto& pair : round.pairs) {
      pairs.emplace_back([&, work, pass] { measure_pair(run, facts, pair, pass, work); });
    }
    for (auto& pair : pairs)
      pair.join();
  }
}

}  // namespace plumbline::agent
