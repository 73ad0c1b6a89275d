#pragma once

#include <functional>
#include <iosfwd>
#include <memory>
#include <string>

#include "core/log.hpp"
#include "core/model/report.hpp"
#include "core/result.hpp"

namespace CLI {
class App;
}

namespace plumbline::agent {

/// Exit codes beside those of a verdict.
inline constexpr int kUsageError = 64;
inline constexpr int kInternalError = 70;

/// Where a command writes: results to `out`, all else to `err`.
struct Streams {
  std::ostream& out;
  std::ostream& err;
  bool out_is_terminal = false;
  bool err_is_terminal = false;
  int width = 100;  ///< columns of the terminal
};

/// What every command takes.
struct CommonOptions {
  std::string output = "table";  ///< table | json
  std::string log_level = "info";
  std::string log_format = "text";
  bool json() const { return output == "json"; }
};

/// What the command line chose: filled in while it is read, run afterwards.
struct Chosen {
  CommonOptions common;
  std::function<int(Log& log)> action;
};

/// Adds -o, --log-level and --log-format to a command, and an example to its help.
void add_common(CLI::App& command, CommonOptions& common, const std::string& example);

/// Adds --log-level and --log-format alone, for a command with an -o of its own.
void add_log_options(CLI::App& command, CommonOptions& common);

/// Adds --exit-contract to a command that ends with a verdict.
void add_exit_contract(CLI::App& command, std::string& contract);

/// Why this is no choice of drivers ("fake:FILE", a file that can be read); empty when it is one.
std::string wrong_drivers(const std::string& text);

/// The exit code of a report: 0 pass, 1 fail, 2 inconclusive; by the contract "aicr" inconclusive
/// is 1, and 2 means that nothing was applicable.
int exit_code_of(const Report& report, const std::string& contract);

/// Writes one line "plumbline: TEXT" and returns the exit code: usage for what the user gave wrong,
/// internal otherwise.
int tell_error(const Streams& streams, const Error& error);

/// Writes a report as the command's result: a table or report.json's text.
void show_report(const Streams& streams, const CommonOptions& common, const Report& report);

/// One function a command: adds it to the line.
void add_inventory(CLI::App& line, Chosen& chosen, const Streams& streams);
void add_probe(CLI::App& line, Chosen& chosen, const Streams& streams);
void add_pair(CLI::App& line, Chosen& chosen, const Streams& streams);
void add_collective(CLI::App& line, Chosen& chosen, const Streams& streams);
void add_agent(CLI::App& line, Chosen& chosen, const Streams& streams);
void add_stage(CLI::App& line, Chosen& chosen, const Streams& streams);
void add_check(CLI::App& line, Chosen& chosen, const Streams& streams);
void add_collect(CLI::App& line, Chosen& chosen, const Streams& streams);
void add_report(CLI::App& line, Chosen& chosen, const Streams& streams);
void add_sweep(CLI::App& line, Chosen& chosen, const Streams& streams);

/// The whole program behind main(): reads the line, runs the command, returns the exit code.
int run_command_line(int count, const char* const* words, const Streams& streams);

}  // namespace plumbline::agent
