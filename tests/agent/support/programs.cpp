#include "tests/agent/support/programs.hpp"

#include <stdlib.h>

#include <catch2/catch_test_macros.hpp>

#include "core/files.hpp"

namespace plumbline::agent::testing {

using std::chrono::milliseconds;
using std::chrono::seconds;

Scratch::Scratch() {
  std::string name = (std::filesystem::temp_directory_path() / "plumbline-test-XXXXXX").string();
  REQUIRE(::mkdtemp(name.data()) != nullptr);
  path_ = name;
}

Scratch::~Scratch() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

Ran run(const std::filesystem::path& program, const std::vector<std::string>& arguments) {
  const Scratch scratch;
  auto child = ChildProcess::start({.program = program,
                                    .arguments = arguments,
                                    .environment = environment_of({"PATH", "HOME"}),
                                    .error_log = scratch / "err"});
  REQUIRE(child);
  child->close_input();
  Ran ran;
  const auto deadline = Deadline::after(seconds(60));
  while (true) {
    const auto line = child->read_line(deadline);
    REQUIRE(line);
    if (!*line) break;
    ran.out += **line + "\n";
  }
  const auto exit = child->wait(deadline);
  REQUIRE(exit);
  ran.status = exit->status.value_or(-1);
  ran.err = read_file(scratch / "err").value_or("");
  return ran;
}

bool eventually(const std::function<bool()>& holds, std::chrono::nanoseconds span) {
  SystemClock clock;
  const auto deadline = Deadline::after(span);
  while (!holds()) {
    if (deadline.passed()) return false;
    clock.wait_until(clock.now() + milliseconds(10));
  }
  return true;
}

std::vector<std::string> alive(const std::filesystem::path& program) {
  const FileTree proc("/proc");
  std::vector<std::string> found;
  for (const auto& entry : proc.list(".").value_or(std::vector<std::string>{})) {
    if (entry.find_first_not_of("0123456789") != std::string::npos) continue;
    const auto line = proc.read(entry + "/cmdline");
    if (line && line->starts_with(program.string())) found.push_back(entry);
  }
  return found;
}

}  // namespace plumbline::agent::testing
