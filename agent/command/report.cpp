#include <CLI/CLI.hpp>
#include <chrono>
#include <filesystem>
#include <ostream>

#include "agent/command/claims_line.hpp"
#include "agent/command/command.hpp"
#include "core/files.hpp"
#include "core/json/codec.hpp"
#include "netcheck/claims/node_marks.hpp"
#include "netcheck/claims/node_reports.hpp"
#include "reports/forms.hpp"

namespace plumbline::agent {
namespace {

constexpr auto kTimeToPublish = std::chrono::minutes(10);

struct ReportLine {
  std::filesystem::path results;
  std::string form;
  bool node_reports = false;
  netcheck::claims::NodeMarks marks;
  ClusterPlace cluster;
  /// Something of a cluster is written instead of a form.
  bool publishes() const { return node_reports || marks.labels || marks.conditions; }
};

Result<Report> read_report(const std::filesystem::path& results) {
  const auto path = results / "report.json";
  const auto text = read_file(path);
  if (!text) return pass_up(text.error(), "reading " + path.string());
  auto report = json::decode_report(*text);
  if (!report) return pass_up(report.error(), "reading " + path.string());
  return report;
}

std::string write(const Report& report, const std::string& form, const Streams& streams) {
  if (form == "html") return reports::html(report);
  if (form == "junit") return reports::junit(report);
  if (form == "json") return json::encode(report) + "\n";
  return reports::table(report, {streams.out_is_terminal, streams.width});
}

/// What is asked for, written: NodeReports, then marks on nodes.
Result<std::pair<std::size_t, std::size_t>> write_all(const ReportLine& line,
                                                      const Report& report) {
  auto access = access_to(line.cluster);
  if (!access) return tl::unexpected(std::move(access.error()));
  SystemClock clock;
  const auto deadline = Deadline::after(kTimeToPublish);
  std::pair<std::size_t, std::size_t> counts{0, 0};
  if (line.node_reports) {
    const auto written = netcheck::claims::publish_node_reports(report, *access, clock, deadline);
    if (!written) return tl::unexpected(written.error());
    counts.first = *written;
  }
  if (line.marks.labels || line.marks.conditions) {
    const auto marked =
        netcheck::claims::mark_nodes(report, line.marks, std::move(*access), clock, deadline);
    if (!marked) return tl::unexpected(marked.error());
    counts.second = *marked;
  }
  return counts;
}

/// Writes each node's part into the cluster.
int publish(const ReportLine& line, const Report& report, const CommonOptions& common,
            const Streams& streams) {
  if (!line.cluster.named()) {
    return tell_error(streams, Error{ErrorCode::invalid_input,
                                     "writing into a cluster needs --kubeconfig or --in-cluster"});
  }
  const auto counts = write_all(line, report);
  if (!counts) return tell_error(streams, counts.error());
  if (common.json()) {
    streams.out << R"({"schema":"plumbline.published/v1","node_reports":)" << counts->first
                << R"(,"nodes_marked":)" << counts->second << "}\n";
    return 0;
  }
  if (line.node_reports)
    streams.out << counts->first << " NodeReports written (kubectl get nodereports)\n";
  if (line.marks.labels || line.marks.conditions)
    streams.out << counts->second << " nodes marked (kubectl get nodes -L plumbline.dev/verdict)\n";
  return 0;
}

}  // namespace

void add_report(CLI::App& line, Chosen& chosen, const Streams& streams) {
  auto* const command =
      line.add_subcommand("report", "Writes any form of a finished stage's report to stdout");
  const auto options = std::make_shared<ReportLine>();
  command->add_option("results", options->results, "A stage's results folder")
      ->required()
      ->check(CLI::ExistingDirectory);
  command->add_option("--form", options->form, "table, json, html or junit (default: as -o says)")
      ->check(CLI::IsMember({"table", "json", "html", "junit"}));
  command->add_flag("--node-reports", options->node_reports,
                    "Write one NodeReport a node into a cluster instead");
  command->add_flag("--node-labels", options->marks.labels,
                    "Label the cluster's nodes plumbline.dev/verdict and plumbline.dev/run");
  command->add_flag("--node-conditions", options->marks.conditions,
                    "Set the nodes' condition PlumblineFabric");
  add_cluster_options(*command, options->cluster);
  add_common(*command, chosen.common,
             "plumbline report results --form html > report.html\n"
             "  plumbline report results --node-reports --kubeconfig ~/.kube/config");
  command->callback([&chosen, options, streams] {
    chosen.action = [&chosen, options, streams](Log& /*log*/) {
      const auto report = read_report(options->results);
      if (!report) return tell_error(streams, report.error());
      if (options->publishes()) return publish(*options, *report, chosen.common, streams);
      streams.out << write(*report, options->form.empty() ? chosen.common.output : options->form,
                           streams);
      return 0;
    };
  });
}

}  // namespace plumbline::agent
