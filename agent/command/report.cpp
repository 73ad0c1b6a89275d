#include <CLI/CLI.hpp>
#include <filesystem>
#include <ostream>

#include "agent/command/command.hpp"
#include "core/files.hpp"
#include "core/json/codec.hpp"
#include "reports/forms.hpp"

namespace plumbline::agent {
namespace {

struct ReportLine {
  std::filesystem::path results;
  std::string form;
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
  add_common(*command, chosen.common, "plumbline report results --form html > report.html");
  command->callback([&chosen, options, streams] {
    chosen.action = [&chosen, options, streams](Log& /*log*/) {
      const auto report = read_report(options->results);
      if (!report) return tell_error(streams, report.error());
      streams.out << write(*report, options->form.empty() ? chosen.common.output : options->form,
                           streams);
      return 0;
    };
  });
}

}  // namespace plumbline::agent
