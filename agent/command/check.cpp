#include <CLI/CLI.hpp>
#include <chrono>
#include <filesystem>

#include "agent/command/command.hpp"
#include "agent/version.hpp"
#include "netcheck/claims/bundle.hpp"
#include "netcheck/judge.hpp"

namespace plumbline::agent {
namespace {

struct CheckLine {
  std::filesystem::path bundle;
  std::string rack_label;
  std::string contract = "plumbline";
};

Result<Report> check(const CheckLine& line) {
  SystemClock clock;
  Report stamps;
  stamps.started_at = clock.wall_time();
  const auto view = netcheck::claims::open_bundle(line.bundle)
                        ->snapshot(Deadline::after(std::chrono::seconds(60)));
  if (!view) return pass_up(view.error(), "reading bundle " + line.bundle.string());
  netcheck::Facts facts;
  facts.fabric.rack_label = line.rack_label;
  facts.claims = *view;
  Report report = netcheck::judge(facts);
  report.stage = "check " + line.bundle.filename().string();
  report.started_at = stamps.started_at;
  report.finished_at = clock.wall_time();
  report.plumbline_version = version();
  return report;
}

}  // namespace

void add_check(CLI::App& line, Chosen& chosen, const Streams& streams) {
  auto* const command = line.add_subcommand(
      "check", "Judges a recorded bundle of Kubernetes objects; measures nothing");
  const auto options = std::make_shared<CheckLine>();
  command->add_option("bundle", options->bundle, "Folder of objects (kubectl get -o json)")
      ->required()
      ->check(CLI::ExistingDirectory);
  command->add_option("--rack-label", options->rack_label, "Node label whose value is the rack");
  add_exit_contract(*command, options->contract);
  add_common(*command, chosen.common,
             "plumbline check bundle/ --rack-label fabric.topograph.run/tier-0");
  command->callback([&chosen, options, streams] {
    chosen.action = [&chosen, options, streams](Log& /*log*/) {
      const auto report = check(*options);
      if (!report) return tell_error(streams, report.error());
      show_report(streams, chosen.common, *report);
      return exit_code_of(*report, options->contract);
    };
  });
}

}  // namespace plumbline::agent
