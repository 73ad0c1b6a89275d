#include "agent/supervisor/gpu_release.hpp"

#include <chrono>

namespace plumbline::agent {
namespace {

constexpr std::chrono::milliseconds kEvery{200};

}  // namespace

std::set<std::string> occupied_gpus(const Topology& topology) {
  std::set<std::string> occupied;
  if (!topology.gpus) return occupied;
  for (const Gpu& gpu : topology.gpus->gpus) {
    if (!gpu.processes || !gpu.processes->empty()) occupied.insert(gpu.uuid);
  }
  return occupied;
}

std::map<std::string, std::string> unreleased_gpus(const Topology& topology,
                                                   const std::set<std::string>& spared,
                                                   const FileTree& proc) {
  std::map<std::string, std::string> left;
  if (!topology.gpus) return left;
  for (const Gpu& gpu : topology.gpus->gpus) {
    if (spared.count(gpu.uuid) > 0 || !gpu.processes) continue;
    for (const GpuProcess& process : *gpu.processes) {
      const std::string pid = std::to_string(process.pid);
      if (proc.read(pid + "/stat", 4096)) continue;
      left[gpu.uuid] = "process " + pid + ", which is not alive here, still has GPU " + gpu.uuid;
    }
  }
  return left;
}

Status prove_gpus_free(const AskGpus& ask, const std::set<std::string>& spared,
                       const FileTree& proc, Clock& clock, Deadline deadline) {
  while (true) {
    const auto topology = ask(deadline);
    if (!topology)
      return pass_up(topology.error(), "asking the driver whether the GPUs were released");
    const auto left = unreleased_gpus(*topology, spared, proc);
    if (left.empty()) return {};
    if (deadline.passed()) {
      std::string words;
      for (const auto& [uuid, what] : left)
        words += (words.empty() ? "" : "; ") + what;
      return fail(ErrorCode::deadline_exceeded, words);
    }
    clock.wait_until(clock.now() + kEvery);
  }
}

}  // namespace plumbline::agent
