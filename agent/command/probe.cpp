#include <CLI/CLI.hpp>
#include <ostream>

#include "agent/command/command.hpp"
#include "agent/command/local_probe.hpp"
#include "agent/command/outcome_table.hpp"

namespace plumbline::agent {
namespace {

struct ProbeLine {
  std::vector<std::string> names;
  double seconds = 8;
  std::filesystem::path program;
};

Request request_of(const std::string& name, const ProbeLine& line) {
  Request request;
  request.probe = name;
  request.ends = {{host_name(), "", ""}};
  request.budget.time = {line.seconds};
  request.limit = {line.seconds * 4 + 10};  // a machine with several NUMA nodes has several numbers
  return request;
}

/// A child that ends badly is one failed outcome; the other probes still run.
std::vector<Outcome> measure(const ProbeLine& line, Log& log) {
  std::vector<Outcome> outcomes;
  for (const auto& name : line.names) {
    log.info("probe " + name);
    auto answer = ask_probe(line.program, request_of(name, line));
    if (answer) {
      outcomes.insert(outcomes.end(), answer->outcomes.begin(), answer->outcomes.end());
      continue;
    }
    Outcome failed;
    failed.probe = name;
    failed.from = failed.to = {host_name(), "", ""};
    failed.result = Failed{answer.error(), host_name()};
    outcomes.push_back(std::move(failed));
  }
  return outcomes;
}

int run(const ProbeLine& line, const CommonOptions& common, const Streams& streams, Log& log) {
  const auto outcomes = measure(line, log);
  streams.out << (common.json() ? outcome_json(outcomes) : outcome_table(outcomes));
  return outcome_exit_code(outcomes);
}

}  // namespace

void add_probe(CLI::App& line, Chosen& chosen, const Streams& streams) {
  auto* const command = line.add_subcommand("probe", "Measures this node's own paths");
  const auto options = std::make_shared<ProbeLine>();
  command->add_option("name", options->names, "memory_copy, loopback_latency (default: both)")
      ->check(CLI::IsMember({"memory_copy", "loopback_latency"}));
  command->add_option("--budget", options->seconds, "Seconds for one number at most")
      ->check(CLI::Range(0.5, 60.0))
      ->capture_default_str();
  command->add_option("--probe", options->program,
                      "The measuring program (default: plumbline-probe beside this one)");
  add_common(*command, chosen.common, "plumbline probe memory_copy");
  command->callback([&chosen, options, streams] {
    if (options->names.empty()) options->names = {"memory_copy", "loopback_latency"};
    chosen.action = [&chosen, options, streams](Log& log) {
      return run(*options, chosen.common, streams, log);
    };
  });
}

}  // namespace plumbline::agent
