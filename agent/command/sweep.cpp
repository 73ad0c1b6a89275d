#include <CLI/CLI.hpp>
#include <chrono>
#include <nlohmann/json.hpp>
#include <ostream>

#include "agent/command/claims_line.hpp"
#include "agent/command/command.hpp"
#include "netcheck/claims/workloads/sweep.hpp"

namespace plumbline::agent {
namespace {

constexpr auto kTimeToSweep = std::chrono::minutes(2);

using netcheck::claims::Swept;

struct SweepLine {
  ClusterPlace cluster;
  std::string name_space = "plumbline";
  std::string run;
};

std::string wrong_name(const std::string& text) {
  const bool plain =
      !text.empty() && text.size() <= 63 &&
      text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == std::string::npos;
  return plain ? "" : "\"" + text + "\" is no name: small letters, digits and \"-\"";
}

Result<std::vector<Swept>> sweep_cluster(const SweepLine& line) {
  SystemClock clock;
  const auto deadline = Deadline::after(kTimeToSweep);
  auto access = access_to(line.cluster);
  if (!access) return tl::unexpected(std::move(access.error()));
  auto client = netcheck::claims::ApiClient::open(std::move(*access), clock, deadline);
  if (!client) return tl::unexpected(std::move(client.error()));
  return netcheck::claims::sweep(*client, clock, line.name_space, line.run, deadline);
}

void show(const std::vector<Swept>& all, const CommonOptions& common, const Streams& streams) {
  if (common.json()) {
    nlohmann::ordered_json told{{"schema", "plumbline.swept/v1"},
                                {"runs", nlohmann::ordered_json::array()}};
    for (const Swept& one : all)
      told["runs"].push_back({{"run", one.run}, {"deleted", one.deleted}, {"left", one.left}});
    streams.out << told.dump() << "\n";
    return;
  }
  if (all.empty()) streams.out << "nothing to delete: no run has expired\n";
  for (const Swept& one : all) {
    streams.out << "run " << one.run << ": " << one.deleted.size() << " objects deleted\n";
    for (const std::string& object : one.deleted)
      streams.out << "  deleted  " << object << "\n";
    for (const std::string& object : one.left)
      streams.out << "  left     " << object << "\n";
  }
}

int run(const SweepLine& line, const CommonOptions& common, const Streams& streams) {
  if (!line.cluster.named()) {
    return tell_error(streams,
                      Error{ErrorCode::invalid_input, "sweep needs --kubeconfig or --in-cluster"});
  }
  const auto swept = sweep_cluster(line);
  if (!swept) return tell_error(streams, swept.error());
  show(*swept, common, streams);
  for (const Swept& one : *swept) {
    if (!one.left.empty()) {
      return tell_error(streams, Error{ErrorCode::unavailable,
                                       "not all of run " + one.run + " could be deleted"});
    }
  }
  return 0;
}

}  // namespace

void add_sweep(CLI::App& line, Chosen& chosen, const Streams& streams) {
  auto* const command =
      line.add_subcommand("sweep", "Deletes what stages that were killed have left in a cluster");
  const auto options = std::make_shared<SweepLine>();
  add_cluster_options(*command, options->cluster);
  command->add_option("--namespace", options->name_space, "Where stages make their workloads")
      ->capture_default_str()
      ->check(CLI::Validator(wrong_name, "NAME"));
  command
      ->add_option("--run", options->run,
                   "This run alone, alive or not (default: all whose Lease has expired)")
      ->check(CLI::Validator(wrong_name, "ID"));
  add_common(*command, chosen.common,
             "plumbline sweep --kubeconfig ~/.kube/config\n"
             "  plumbline sweep --in-cluster --run 7k2mabcdef");
  command->callback([&chosen, options, streams] {
    chosen.action = [&chosen, options, streams](Log& /*log*/) {
      return run(*options, chosen.common, streams);
    };
  });
}

}  // namespace plumbline::agent
