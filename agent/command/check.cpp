#include <CLI/CLI.hpp>
#include <chrono>
#include <filesystem>
#include <optional>
#include <ostream>
#include <set>

#include "agent/command/claims_line.hpp"
#include "agent/command/command.hpp"
#include "agent/command/signals.hpp"
#include "agent/stage/declared_fabric.hpp"
#include "agent/version.hpp"
#include "core/json/codec.hpp"
#include "netcheck/claims/api_watch.hpp"
#include "netcheck/claims/archive.hpp"
#include "netcheck/claims/bundle.hpp"
#include "netcheck/claims/node_records.hpp"
#include "netcheck/judge.hpp"
#include "reports/text.hpp"

namespace plumbline::agent {
namespace {

constexpr auto kTimeToRead = std::chrono::minutes(5);

struct CheckLine {
  std::filesystem::path bundle;
  std::filesystem::path folder;  ///< where the bundle is read: itself, or unpacked
  ClusterPlace cluster;
  std::filesystem::path fabric;  ///< a file that declares it; empty: what the bundle has
  std::string rack_label;
  std::string contract = "plumbline";
  long watch_seconds = 0;
};

Result<AllocationView> read_claims(const CheckLine& line, Clock& clock) {
  const auto deadline = Deadline::after(kTimeToRead);
  if (!line.cluster.named()) {
    auto view = netcheck::claims::open_bundle(line.folder)->snapshot(deadline);
    if (view) view->source = "bundle " + line.bundle.string();
    return view;
  }
  auto source = open_cluster(line.cluster, clock);
  if (!source) return tl::unexpected(std::move(source.error()));
  return (*source)->snapshot(deadline);
}

/// One line: every line of a report's text but the first begins with blanks that mean nothing.
std::string one_line(const std::string& text) {
  std::string line;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '\n') {
      line += text[at];
      continue;
    }
    while (at + 1 < text.size() && text[at + 1] == ' ')
      ++at;
  }
  return line;
}

/// What the bundle recorded of nodes; a live cluster's nodes are the stage's affair.
Status add_nodes(const CheckLine& line, netcheck::Facts& facts) {
  if (line.cluster.named()) return {};
  auto records = netcheck::claims::read_node_records(line.folder);
  if (!records) return tl::unexpected(std::move(records.error()));
  auto outcomes = netcheck::claims::read_measurements(line.folder);
  if (!outcomes) return tl::unexpected(std::move(outcomes.error()));
  facts.outcomes = std::move(*outcomes);
  for (auto& record : *records) {
    facts.nodes.push_back({record.node, std::move(record.topology),
                           "the bundle holds no inventory of it", std::move(record.holdings),
                           "the bundle holds no kubelet's answer of it"});
  }
  return {};
}

/// The fabric as --fabric or else the bundle declares it; a label of the command line counts before
/// either.
Status add_fabric(const CheckLine& line, netcheck::Facts& facts) {
  std::error_code unknown;
  const std::filesystem::path recorded = line.folder / "declared.json";
  const bool in_bundle = !line.cluster.named() && std::filesystem::exists(recorded, unknown);
  if (!line.fabric.empty() || in_bundle) {
    auto fabric = read_declared_fabric(line.fabric.empty() ? recorded : line.fabric);
    if (!fabric) return tl::unexpected(std::move(fabric.error()));
    facts.fabric = std::move(*fabric);
  }
  if (!line.rack_label.empty()) facts.fabric.rack_label = line.rack_label;
  return {};
}

Result<Report> judge(const CheckLine& line, AllocationView view, const std::string& started_at,
                     Clock& clock) {
  netcheck::Facts facts;
  if (auto added = add_nodes(line, facts); !added) return tl::unexpected(std::move(added.error()));
  if (auto added = add_fabric(line, facts); !added) return tl::unexpected(std::move(added.error()));
  facts.claims = std::move(view);
  Report report = netcheck::judge(facts);
  report.stage = "check " + facts.claims->source;
  report.started_at = started_at;
  report.finished_at = clock.wall_time();
  report.plumbline_version = version();
  return report;
}

Result<Report> check(const CheckLine& line) {
  SystemClock clock;
  const std::string started_at = clock.wall_time();
  auto view = read_claims(line, clock);
  if (!view) return tl::unexpected(std::move(view.error()));
  return judge(line, std::move(*view), started_at, clock);
}

/// A finding as one that comes and goes: without what changes by itself.
std::string key_of(const Finding& finding) {
  return finding.rule + "\n" + to_string(finding.verdict) + "\n" + finding.message;
}

/// The findings of `from` that `other` has not, but those that are true: they would say too much.
void show_changes(const Streams& streams, const std::string& time, const char* word,
                  const std::vector<Finding>& from, const std::vector<Finding>& other) {
  std::set<std::string> known;
  for (const Finding& finding : other)
    known.insert(key_of(finding));
  for (const Finding& finding : from) {
    if (finding.verdict == Verdict::match || known.count(key_of(finding)) > 0) continue;
    streams.out << time << " " << word << " " << to_string(finding.verdict) << " "
                << reports::visible(finding.rule + ": " + finding.message) << "\n";
  }
}

/// One report, then what changes: findings that appear and go, or whole reports as JSON lines.
int watch(const CheckLine& line, const CommonOptions& common, const Streams& streams, Log& log) {
  const EndingSignals signals;
  SystemClock clock;
  const auto end = Deadline::after(std::chrono::seconds(line.watch_seconds));
  auto access = access_to(line.cluster);
  if (!access) return tell_error(streams, access.error());
  auto following =
      netcheck::claims::ApiWatch::open(std::move(*access), clock, Deadline::after(kTimeToRead));
  if (!following) return tell_error(streams, following.error());
  std::optional<Report> last;
  const auto stop = [&signals] { return signals.pending().has_value(); };
  while (!stop() && !end.passed()) {
    const std::string started_at = clock.wall_time();
    auto view = (*following)->next(stop, end);
    if (!view) return tell_error(streams, view.error());
    if (!*view) break;
    auto report = judge(line, std::move(**view), started_at, clock);
    if (!report) return tell_error(streams, report.error());
    if (common.json()) {
      streams.out << one_line(json::encode(*report)) << "\n";
    } else if (!last) {
      show_report(streams, common, *report);
    } else {
      show_changes(streams, report->finished_at, "gone", last->findings, report->findings);
      show_changes(streams, report->finished_at, "new", report->findings, last->findings);
    }
    streams.out.flush();
    last = std::move(*report);
  }
  if (!last) return tell_error(streams, Error{ErrorCode::deadline_exceeded, "nothing was read"});
  log.info("watch over");
  return exit_code_of(*last, line.contract);
}

int run(CheckLine line, const CommonOptions& common, const Streams& streams, Log& log) {
  if (line.watch_seconds > 0 && !line.cluster.named()) {
    return tell_error(streams, Error{ErrorCode::invalid_input,
                                     "--watch needs --kubeconfig or --in-cluster: a recorded "
                                     "bundle does not change"});
  }
  if (line.watch_seconds > 0 && line.bundle.empty()) return watch(line, common, streams, log);
  if (line.bundle.empty() == !line.cluster.named()) {
    return tell_error(streams, Error{ErrorCode::invalid_input,
                                     "check needs a bundle, or --kubeconfig or --in-cluster, and "
                                     "only one of them (see plumbline check --help)"});
  }
  const auto unpacked = netcheck::claims::BundleFolder::open(line.bundle);
  if (!unpacked) return tell_error(streams, unpacked.error());
  line.folder = unpacked->path();
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
                   "Folder of objects, a .tar.gz of one, or one file (kubectl get -o json or yaml)")
      ->check(CLI::ExistingPath);
  add_cluster_options(*command, options->cluster);
  command
      ->add_option("--fabric", options->fabric,
                   "Stage file whose fabric section declares rails and rates (default: the "
                   "bundle's own declared.json)")
      ->check(CLI::ExistingFile);
  command->add_option("--rack-label", options->rack_label, "Node label whose value is the rack");
  command
      ->add_option("--watch", options->watch_seconds,
                   "Go on for so many seconds: a live cluster's changes, as they come")
      ->check(CLI::Range(1L, 31L * 24 * 3600));
  add_exit_contract(*command, options->contract);
  add_common(*command, chosen.common,
             "plumbline check bundle/ --rack-label fabric.topograph.run/tier-0\n"
             "  plumbline check bundle.tar.gz --fabric stage.yaml\n"
             "  plumbline check --kubeconfig ~/.kube/config --context training -o json\n"
             "  plumbline check --kubeconfig ~/.kube/config --watch 3600");
  command->callback([&chosen, options, streams] {
    chosen.action = [&chosen, options, streams](Log& log) {
      return run(*options, chosen.common, streams, log);
    };
  });
}

}  // namespace plumbline::agent
