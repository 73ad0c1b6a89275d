#include "agent/supervisor/release.hpp"

#include <signal.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>

#include "core/files.hpp"

namespace plumbline::agent {
namespace {

struct Survivor {
  std::string pid;
  std::string name;
  char state = '?';
};

/// Reads "pid (name) state ppid pgrp ..."; the name may hold anything, ')' included.
std::optional<Survivor> member_of(const std::string& stat, pid_t group) {
  const auto open = stat.find('(');
  const auto close = stat.rfind(')');
  if (open == std::string::npos || close == std::string::npos || close + 4 > stat.size()) return {};
  const auto parent = stat.find_first_not_of(' ', close + 3);
  const auto number = stat.find(' ', parent);
  if (parent == std::string::npos || number == std::string::npos) return {};
  pid_t found = 0;
  std::from_chars(stat.data() + number + 1, stat.data() + stat.size(), found);
  if (found != group) return {};
  return Survivor{stat.substr(0, open - 1), stat.substr(open + 1, close - open - 1),
                  stat[close + 2]};
}

Result<std::optional<Survivor>> survivor_of(pid_t group) {
  const FileTree proc("/proc");
  const auto entries = proc.list(".");
  if (!entries) return pass_up(entries.error(), "looking for what is left of a child");
  for (const auto& entry : *entries) {
    if (entry.find_first_not_of("0123456789") != std::string::npos) continue;
    const auto stat = proc.read(entry + "/stat", 4096);
    if (!stat) continue;  // it left between the two looks
    const auto survivor = member_of(*stat, group);
    if (survivor && survivor->state != 'Z' && survivor->state != 'X') return survivor;
  }
  return std::optional<Survivor>{};
}

}  // namespace

Status prove_released(pid_t group, Clock& clock, Deadline deadline) {
  while (true) {
    const auto survivor = survivor_of(group);
    if (!survivor) return tl::unexpected(survivor.error());
    if (!*survivor) return {};
    if (deadline.passed()) {
      const auto& left = **survivor;
      return fail(ErrorCode::deadline_exceeded,
                  "process " + left.pid + " (" + left.name + ") is left in state " + left.state);
    }
    ::kill(-group, SIGKILL);
    clock.wait_until(clock.now() + std::chrono::milliseconds(10));
  }
}

}  // namespace plumbline::agent
