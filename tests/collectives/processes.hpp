#pragma once

#include <signal.h>
#include <sys/types.h>

#include <filesystem>
#include <map>
#include <string>

#include "agent/stage/mpi_launch.hpp"
#include "core/files.hpp"

namespace plumbline::agent {

/// The processes of `program` that run now on this machine: rank and process id.
inline std::map<int, pid_t> ranks_running(const std::string& program) {
  std::map<int, pid_t> found;
  const FileTree proc("/proc");
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    const std::string name = entry.path().filename();
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    const auto command = proc.read(name + "/cmdline");
    if (!command || !command->starts_with(program)) continue;
    const auto environment = proc.read(name + "/environ", 1U << 20U);
    const std::string mark = "OMPI_COMM_WORLD_RANK=";
    const std::size_t at = environment ? environment->find(mark) : std::string::npos;
    const int rank =
        at == std::string::npos ? -1 : std::stoi(environment->substr(at + mark.size()));
    found.emplace(rank, std::stoi(name));
  }
  return found;
}

/// The parent of a process: of a rank, its launcher's daemon.
inline pid_t parent_of(pid_t process) {
  const auto stat = FileTree("/proc").read(std::to_string(process) + "/stat");
  return stat ? std::stoi(stat->substr(stat->rfind(')') + 4)) : 0;
}

/// A watch that does `act` once, with the rank's process id, as soon as batches are measured.
template <typename Act>
MpiWatch once_measuring(const std::string& program, int rank, bool& acted, Act act) {
  MpiWatch watch;
  watch.progress = [program, rank, &acted, act](const ProgressEvent& progress) {
    if (acted || progress.step.find("batch") == std::string::npos) return;
    const auto running = ranks_running(program);
    const auto found = running.find(rank);
    if (found == running.end()) return;
    act(found->second);
    acted = true;
  };
  return watch;
}

}  // namespace plumbline::agent
