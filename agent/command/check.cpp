#include <CLI/CLI.hpp>
#include <chrono>
#include <filesystem>

#include "agent/command/claims_line.hpp"
#include "agent/command/command.hpp"
#include "agent/version.hpp"
#include "netcheck/claims/bundle.hpp"
#include "netcheck/claims/node_records.hpp"
#include "netcheck/judge.hpp"

namespace plumbline::agent {
namespace {

constexpr auto kTimeToRead = std::chrono::minutes(5);

struct CheckLine {
  std::filesystem::path bundle;
  ClusterPlace cluster;
  std::string rack_label;
  std::string contract = "plumbline";
};

Result<AllocationView> read_claims(const CheckLine& line, Clock& clock) {
  const auto deadline = Deadline::after(kTimeToRead);
  if (!line.cluster.named()) return netcheck::claims::open_bundle(line.bundle)->snapshot(deadline);
  auto source = open_cluster(line.cluster, clock);
  if (!source) return tl::unexpected(std::move(source.error()));
  return (*source)->snapshot(deadline);
}

/// What the bundle recorded of nodes; a live cluster's nodes are the stage's affair.
Status add_nodes(const CheckLine& line, netcheck::Facts& facts) {
  if (line.cluster.named()) return {};
  auto records = netcheck::claims::read_node_records(line.bundle);
  if (!records) return tl::unexpected(std::move(records.error()));
  for (auto& record : *records) {
    facts.nodes.push_back({record.node, std::move(record.topology),
                           "the bundle holds no inventory of it", std::move(record.holdings),
                           "the bundle holds no kubelet's answer of it"});
  }
  return {};
}

Result<Report> check(const CheckLine& line) {
  SystemClock clock;
  const std::string started_at = clock.wall_time();
  auto view = read_claims(line, clock);
  if (!view) return tl::unexpected(std::move(view.error()));
  netcheck::Facts facts;
  if (auto added = add_nodes(line, facts); !added) return tl::unexpected(std::move(added.error()));
  facts.fabric.rack_label = line.rack_label;
  facts.claims = std::move(*view);
  Report report = netcheck::judge(facts);
  report.stage = "check " + facts.claims->source;
  report.started_at = started_at;
  report.finished_at = clock.wall_time();
  report.plumbline_version = version();
  return report;
}

int run(const CheckLine& line, const CommonOptions& common, const Streams& streams) {
  if (line.bundle.empty() == !line.cluster.named()) {
    return tell_error(streams, Error{ErrorCode::invalid_input,
                                     "check needs a bundle, or --kubeconfig or --in-cluster, and "
                                     "only one of them (see plumbline check --help)"});
  }
  const auto report = check(line);
  if (!report) return tell_error(streams, report.error());
  show_report(streams, common, *report);
  return exit_code_of(*report, line.contract);
}

}  // namespace

void add_check(CLI::App& line, Chosen& chosen, const Streams& streams) {
  auto* const command = line.add_subcommand(
      "check", "Judges the claims of a recorded bundle or a live cluster; measures nothing");
  const auto options = std::make_shared<CheckLine>();
  command
      ->add_option("bundle", options->bundle,
                   "Folder of objects, or one file (kubectl get -o json or yaml)")
      ->check(CLI::ExistingPath);
  add_cluster_options(*command, options->cluster);
  command->add_option("--rack-label", options->rack_label, "Node label whose value is the rack");
  add_exit_contract(*command, options->contract);
  add_common(*command, chosen.common,
             "plumbline check bundle/ --rack-label fabric.topograph.run/tier-0\n"
             "  plumbline check --kubeconfig ~/.kube/config --context training -o json");
  command->callback([&chosen, options, streams] {
    chosen.action = [&chosen, options, streams](Log& /*log*/) {
      return run(*options, chosen.common, streams);
    };
  });
}

}  // namespace plumbline::agent
