#include "agent/command/inventory_gpus.hpp"

#include <algorithm>
#include <map>
#include <sstream>
#include <utility>

#include "core/units.hpp"
#include "netcheck/expectations/gpu_paths.hpp"

namespace plumbline::agent {
namespace {

std::string rounded(double value) {
  std::ostringstream out;
  out << value;
  return out.str();
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const auto& word : words)
    text += (text.empty() ? "" : ", ") + word;
  return text;
}

/// "18 NVLinks of generation 4 to switches, 1 down (link 5)".
std::string links_text(const Gpu& gpu) {
  std::vector<std::string> down;
  std::map<std::string, int> kinds;
  for (const NvLink& link : gpu.links) {
    if (!link.active) {
      down.push_back(std::to_string(link.index));
    } else {
      ++kinds[link.remote_kind];
    }
  }
  std::string text = std::to_string(gpu.links.size()) + " NVLinks";
  const auto& generation = gpu.links.front().generation;
  if (generation) text += " of generation " + rounded(*generation);
  for (const auto& [kind, count] : kinds)
    text += ", " + std::to_string(count) + " to " + (kind == "gpu" ? "GPUs" : kind + "es");
  if (!down.empty()) text += ", DOWN: link " + joined(down);
  return text;
}

std::string fabric_text(const GpuFabric& fabric) {
  std::string text = "fabric " + fabric.state;
  if (!fabric.cluster_uuid.empty()) {
    text += ", cluster " + fabric.cluster_uuid + " clique " + std::to_string(fabric.clique);
  }
  if (!fabric.problem.empty()) text += ", " + fabric.problem;
  if (!fabric.unhealthy.empty()) text += ", UNHEALTHY: " + joined(fabric.unhealthy);
  return text;
}

std::string memory_text(const GpuMemoryHealth& health) {
  std::vector<std::string> words;
  if (health.ecc) words.emplace_back(*health.ecc ? "ECC on" : "ECC OFF");
  if (health.uncorrected.value_or(0) > 0) {
    words.push_back(std::to_string(*health.uncorrected) + " uncorrected errors");
  }
  if (health.remapped_rows.value_or(0) > 0) {
    words.push_back(std::to_string(*health.remapped_rows) + " rows remapped");
  }
  if (health.retired_pages.value_or(0) > 0) {
    words.push_back(std::to_string(*health.retired_pages) + " pages retired");
  }
  if (health.pending.value_or(false)) words.emplace_back("a RESET IS PENDING");
  if (health.remap_failed.value_or(false)) words.emplace_back("REMAPPING FAILED");
  return joined(words);
}

std::string use_text(const Gpu& gpu) {
  std::vector<std::string> words;
  if (!gpu.processes) {
    words.emplace_back("processes not told");
  } else if (gpu.processes->empty()) {
    words.emplace_back("no process");
  }
  for (const GpuProcess& process : gpu.processes.value_or(std::vector<GpuProcess>{}))
    words.push_back(process.kind + " process " + std::to_string(process.pid));
  if (gpu.state.sm_clock_mhz) words.push_back(std::to_string(*gpu.state.sm_clock_mhz) + " MHz");
  if (gpu.state.temperature) words.push_back(std::to_string(*gpu.state.temperature) + " C");
  if (!gpu.state.throttled.empty()) words.push_back("THROTTLED: " + joined(gpu.state.throttled));
  if (gpu.compute_mode != "default" && !gpu.compute_mode.empty()) {
    words.push_back("compute mode " + gpu.compute_mode);
  }
  return joined(words);
}

/// What paths have in common, so that they share a line.
using Kind = std::pair<std::string, std::string>;

std::string path_title(const netcheck::GpuPath& path, std::size_t count) {
  const std::string what = path.from == "host" ? "host <-> GPU" : "GPU -> GPU";
  const std::string rate = path.expected.expectation
                               ? "expected " + format_rate(path.expected.expectation->rate)
                               : "no expected rate";
  return what + " over " + path.by + ", " + std::to_string(count) +
         (count == 1 ? " path: " : " paths: ") + rate;
}

std::string derivation_of(const netcheck::Expected& expected) {
  return expected.expectation ? expected.expectation->derivation : expected.reason;
}

}  // namespace

std::string link_text(const PcieLink& link) {
  if (!link.gigatransfers || !link.width) return {};
  std::string text = rounded(*link.gigatransfers) + " GT/s x" + std::to_string(*link.width);
  const bool slower = (link.most_gigatransfers && *link.most_gigatransfers > *link.gigatransfers) ||
                      (link.most_width && *link.most_width > *link.width);
  if (slower && link.most_gigatransfers && link.most_width) {
    text += " (can do " + rounded(*link.most_gigatransfers) + " GT/s x" +
            std::to_string(*link.most_width) + ")";
  }
  return text;
}

Branch gpu_branch(const Gpu& gpu) {
  Branch branch{gpu.uuid + "  " + gpu.product + "  " + format_size(gpu.memory), {}};
  if (gpu.compute_capability) branch.text += "  compute " + *gpu.compute_capability;
  if (!gpu.links.empty()) branch.below.push_back({links_text(gpu), {}});
  if (gpu.fabric && gpu.fabric->state != "not_supported") {
    branch.below.push_back({fabric_text(*gpu.fabric), {}});
  }
  if (gpu.platform) {
    branch.below.push_back({"chassis " + gpu.platform->chassis_serial + " slot " +
                                std::to_string(gpu.platform->slot) + " tray " +
                                std::to_string(gpu.platform->tray) + " module " +
                                std::to_string(gpu.platform->module),
                            {}});
  }
  if (gpu.mig.value_or(false)) {
    Branch slices{"MIG", {}};
    for (const MigInstance& slice : gpu.instances) {
      slices.below.push_back(
          {slice.uuid + "  " + slice.profile + "  " + format_size(slice.memory), {}});
    }
    branch.below.push_back(std::move(slices));
  }
  for (const std::string& text : {memory_text(gpu.health), use_text(gpu)}) {
    if (!text.empty()) branch.below.push_back({text, {}});
  }
  for (const std::string& problem : gpu.problems)
    branch.below.push_back({"unknown: " + problem, {}});
  return branch;
}

std::vector<Branch> gpu_path_branches(const Topology& topology) {
  const auto paths = netcheck::gpu_paths(topology);
  if (paths.empty()) return {};
  std::map<Kind, std::vector<const netcheck::GpuPath*>> kinds;
  std::vector<Kind> order;
  for (const netcheck::GpuPath& path : paths) {
    // A derivation names its slowest link: those of one rate are one kind.
    const double rate = path.expected.expectation ? path.expected.expectation->rate.value : 0;
    const Kind kind{(path.from == "host" ? "h " : "p ") + path.by,
                    rounded(rate) + (rate > 0 ? "" : path.expected.reason)};
    if (kinds[kind].empty()) order.push_back(kind);
    kinds[kind].push_back(&path);
  }
  Branch branch{"paths of the GPUs", {}};
  for (const Kind& kind : order) {
    const auto& same = kinds[kind];
    Branch line{path_title(*same.front(), same.size()), {}};
    line.below.push_back({derivation_of(same.front()->expected), {}});
    if (same.size() < paths.size() / 4) {
      for (const netcheck::GpuPath* path : same)
        line.below.push_back({path->from + " -> " + path->to, {}});
    }
    branch.below.push_back(std::move(line));
  }
  return {branch};
}

}  // namespace plumbline::agent
