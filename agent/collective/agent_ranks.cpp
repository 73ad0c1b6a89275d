#include "agent/collective/agent_ranks.hpp"

#include <charconv>
#include <map>
#include <mutex>
#include <optional>
#include <utility>

#include "agent/collective/rank_ends.hpp"
#include "agent/stage/collective_identities.hpp"
#include "agent/stage/ensemble.hpp"

namespace plumbline::agent {
namespace {

constexpr Seconds kLastWords{1.5};
constexpr const char* kGpu = "gpu";

/// What kubelet and claims may call the GPU of this end.
std::vector<std::string> names_of(const Fleet& fleet, const Endpoint& end) {
  std::size_t index = 0;
  const char* const first = end.device.data() + std::min<std::size_t>(3, end.device.size());
  std::from_chars(first, end.device.data() + end.device.size(), index);
  std::vector<std::string> names{end.device, "gpu-" + std::to_string(index)};
  for (const netcheck::NodeFacts& node : fleet.facts()) {
    if (node.node != end.node || !node.topology || !node.topology->gpus) continue;
    const auto& gpus = node.topology->gpus->gpus;
    if (index < gpus.size()) names.push_back(gpus[index].uuid);
  }
  return names;
}

/// Why this cannot be tried; nothing when it can.
std::optional<std::string> obstacle(const Fleet& fleet, const Request& request) {
  for (const Endpoint& end : request.ends) {
    if (fleet.agent(end.node) == nullptr) return "there is no agent of " + end.node;
    if (auto reason = fleet.given_up(end.node)) return reason;
  }
  return std::nullopt;
}

/// Outcomes by identity while they come in, told on where they are final.
class Heard {
 public:
  Heard(const LocalWatch& watch) : watch_(watch) {}

  void hear(int rank, const Event& event) {
    if (const auto* const told = std::get_if<OutcomeEvent>(&event)) keep(told->outcome);
    const auto* const step = std::get_if<ProgressEvent>(&event);
    if (step != nullptr && rank == 0 && watch_.progress) watch_.progress(*step);
  }

  std::optional<Outcome> take(const std::string& key) {
    const std::lock_guard lock(mutex_);
    const auto found = outcomes_.find(key);
    return found == outcomes_.end() ? std::nullopt : std::optional(found->second);
  }

 private:
  void keep(const Outcome& outcome) {
    {
      const std::lock_guard lock(mutex_);
      outcomes_.insert_or_assign(outcome.key(), outcome);
    }
    if (watch_.outcome && !unexplained(outcome)) watch_.outcome(outcome);
  }

  const LocalWatch& watch_;
  std::mutex mutex_;
  std::map<std::string, Outcome> outcomes_;
};

Ensemble ensemble_of(const Fleet& fleet, const AgentRanks& ranks) {
  Ensemble ensemble;
  ensemble.name = ranks.name;
  ensemble.own_namespace = ranks.own_namespace;
  ensemble.request = ranks.request;
  ensemble.numbered = true;
  ensemble.patience = kLastWords;
  for (const Endpoint& end : ranks.request.ends) {
    ensemble.agents.push_back(fleet.agent(end.node));
    ensemble.device_names.push_back(names_of(fleet, end));
  }
  return ensemble;
}

/// An agent that does not carry out an order says nothing about who hangs.
bool was_refused(ErrorCode code) {
  return code == ErrorCode::invalid_input || code == ErrorCode::permission_denied ||
         code == ErrorCode::not_found || code == ErrorCode::conflict;
}

std::vector<std::string> nodes_of(const Request& request) {
  std::vector<std::string> nodes;
  for (const Endpoint& end : request.ends)
    nodes.push_back(end.node);
  return nodes;
}

}  // namespace

std::vector<Endpoint> ends_on(const std::vector<std::string>& nodes, int each) {
  std::vector<Endpoint> ends;
  for (const std::string& node : nodes) {
    for (int gpu = 0; gpu < each; ++gpu)
      ends.push_back({node, kGpu + std::to_string(gpu), ""});
  }
  return ends;
}

std::vector<Outcome> run_agent_ranks(Fleet& fleet, const AgentRanks& ranks, const LocalWatch& watch,
                                     Clock& clock) {
  std::vector<Outcome> all = collective_identities(ranks.request);
  if (const auto reason = obstacle(fleet, ranks.request)) {
    for (Outcome& outcome : all)
      outcome.result = Skipped{*reason};
    return all;
  }
  const Moment start = clock.now();
  Heard heard(watch);
  const auto stop = [&] { return watch.cancelled && watch.cancelled(); };
  const EnsembleResult result =
      measure_together(ensemble_of(fleet, ranks), stop,
                       [&](int rank, const Event& event) { heard.hear(rank, event); });
  if (result.failed) fleet.note(*result.failed);
  const auto nodes = nodes_of(ranks.request);
  const Error unsaid{ErrorCode::internal, "the ranks ended without a result"};
  const Error stopped{ErrorCode::cancelled, "the collective was stopped"};
  for (Outcome& outcome : all) {
    auto told = heard.take(outcome.key());
    if (told) {
      outcome = std::move(*told);
      if (unexplained(outcome))
        outcome.result = explain_ranks(*outcome.failed(), result.ends, nodes);
      continue;
    }
    const Failed missing =
        result.stopped ? Failed{stopped, ""} : result.failed.value_or(Failed{unsaid, ""});
    const bool plain = result.stopped || was_refused(missing.error.code);
    outcome.result = plain ? missing : explain_ranks(missing, result.ends, nodes);
    if (missing.error.code == ErrorCode::conflict) outcome.result = Skipped{missing.error.message};
    outcome.took = in_seconds(clock.now() - start);
    outcome.finished_at = clock.wall_time();
  }
  return all;
}

}  // namespace plumbline::agent
