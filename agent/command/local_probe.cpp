#include "agent/command/local_probe.hpp"

#include <unistd.h>

#include <array>

#include "agent/supervisor/child_run.hpp"

namespace plumbline::agent {

LocalRun run_probe(const std::filesystem::path& program, const Request& request) {
  std::filesystem::path path = program;
  if (path.empty()) {
    const auto directory = program_directory();
    if (!directory) return {{}, directory.error()};
    path = *directory / "plumbline-probe";
  }
  SystemClock clock;
  LocalRun run;
  LocalAnswer& answer = run.answer;
  const auto keep = [&](const Event& event) {
    if (const auto* const told = std::get_if<TopologyEvent>(&event)) {
      answer.topology = told->topology;
    }
    if (const auto* const told = std::get_if<OutcomeEvent>(&event)) {
      answer.outcomes.push_back(told->outcome);
    }
    return true;
  };
  ChildRun child({path, host_name(), child_environment(), kSilence}, clock);
  const auto end = child.run(request, keep, [] { return std::optional<Error>{}; });
  if (!end.failed) return run;
  Error error = end.failed->error;
  if (!end.last_words.empty()) error.message += "; its last words: " + end.last_words;
  // What is wrong is the machine or the program, not what the user typed.
  if (error.code == ErrorCode::invalid_input || error.code == ErrorCode::not_found) {
    error.code = ErrorCode::unavailable;
  }
  run.failed = error;
  return run;
}

Result<LocalAnswer> ask_probe(const std::filesystem::path& program, const Request& request) {
  auto run = run_probe(program, request);
  if (run.failed) return tl::unexpected(*run.failed);
  return std::move(run.answer);
}

std::string host_name() {
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "this machine";
}

}  // namespace plumbline::agent
