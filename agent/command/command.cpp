#include "agent/command/command.hpp"

#include <CLI/CLI.hpp>
#include <ostream>

#include "agent/version.hpp"
#include "core/files.hpp"
#include "core/json/codec.hpp"
#include "reports/forms.hpp"

namespace plumbline::agent {
namespace {

constexpr const char* kAbout =
    "Tells with measured numbers whether a cluster has the network and topology that its scheduler "
    "says it has.";
constexpr const char* kExits =
    "Exit codes: 0 pass, 1 fail, 2 inconclusive, 64 usage, 70 internal error.";

std::string first_line(std::string text) {
  text.resize(std::min(text.find('\n'), text.size()));
  return text;
}

/// --help and --version come as parse errors too, with exit code 0.
int tell_parse_error(CLI::App& line, const CLI::ParseError& error, const Streams& streams) {
  if (error.get_exit_code() == 0) {
    line.exit(error, streams.out, streams.err);
    return 0;
  }
  streams.err << "plumbline: " << first_line(error.what()) << " (see plumbline";
  for (const auto* const chosen : line.get_subcommands())
    streams.err << " " << chosen->get_name();
  streams.err << " --help)\n";
  return kUsageError;
}

int run_chosen(const Chosen& chosen, const Streams& streams) {
  const auto format = chosen.common.log_format == "json" ? LogFormat::json : LogFormat::text;
  const auto log = open_log(chosen.common.log_level, format);
  if (!log) return tell_error(streams, log.error());
  return chosen.action(**log);
}

void add_commands(CLI::App& line, Chosen& chosen, const Streams& streams) {
  add_inventory(line, chosen, streams);
  add_probe(line, chosen, streams);
  add_pair(line, chosen, streams);
  add_collective(line, chosen, streams);
  add_agent(line, chosen, streams);
  add_stage(line, chosen, streams);
  add_check(line, chosen, streams);
  add_collect(line, chosen, streams);
  add_report(line, chosen, streams);
  add_sweep(line, chosen, streams);
}

}  // namespace

void add_common(CLI::App& command, CommonOptions& common, const std::string& example) {
  command.add_option("-o,--output", common.output, "What stdout gets: table or json")
      ->check(CLI::IsMember({"table", "json"}))
      ->capture_default_str();
  add_log_options(command, common);
  command.footer("Example:\n  " + example);
}

void add_log_options(CLI::App& command, CommonOptions& common) {
  command.add_option("--log-level", common.log_level, "debug, info, warn or error")
      ->check(CLI::IsMember({"debug", "info", "warn", "error"}))
      ->capture_default_str();
  command.add_option("--log-format", common.log_format, "How stderr looks: text or json")
      ->check(CLI::IsMember({"text", "json"}))
      ->capture_default_str();
}

void add_exit_contract(CLI::App& command, std::string& contract) {
  command
      .add_option("--exit-contract", contract,
                  "plumbline (2 = inconclusive) or aicr (inconclusive is 1, nothing applicable 2)")
      ->check(CLI::IsMember({"plumbline", "aicr"}))
      ->capture_default_str();
}

std::string wrong_drivers(const std::string& text) {
  constexpr std::string_view fake = "fake:";
  if (!text.starts_with(fake) || text.size() == fake.size()) {
    return "\"" + text + "\" is no choice of drivers: write fake:FILE";
  }
  const auto read = read_file(text.substr(fake.size()), 1U << 20U);
  return read ? std::string{} : read.error().message;
}

int exit_code_of(const Report& report, const std::string& contract) {
  if (contract != "aicr" || report.verdict != StageVerdict::inconclusive) {
    return exit_code(report.verdict);
  }
  return report.outcomes.empty() && report.findings.empty() ? 2 : 1;
}

int tell_error(const Streams& streams, const Error& error) {
  std::string text = error.message;
  for (char& letter : text) {
    if (static_cast<unsigned char>(letter) < 0x20 || letter == 0x7f) letter = '?';
  }
  streams.err << "plumbline: " << text << "\n";
  switch (error.code) {
    case ErrorCode::invalid_input:
    case ErrorCode::not_found:
    case ErrorCode::conflict:
      return kUsageError;
    default:
      return kInternalError;
  }
}

void show_report(const Streams& streams, const CommonOptions& common, const Report& report) {
  if (common.json()) {
    streams.out << json::encode(report) << "\n";
  } else {
    streams.out << reports::table(report, {streams.out_is_terminal, streams.width});
  }
}

int run_command_line(int count, const char* const* words, const Streams& streams) {
  CLI::App line(kAbout, "plumbline");
  line.set_version_flag("--version", std::string("plumbline ") + version());
  line.require_subcommand(1);
  line.footer(kExits);
  Chosen chosen;
  add_commands(line, chosen, streams);
  try {
    line.parse(count, words);
  } catch (const CLI::ParseError& error) {
    return tell_parse_error(line, error, streams);
  }
  return run_chosen(chosen, streams);
}

}  // namespace plumbline::agent
