#include "netcheck/expectations/gpu_paths.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <optional>

#include "netcheck/expectations/rate_table.hpp"
#include "netcheck/expectations/thresholds.hpp"
#include "netcheck/lookup.hpp"

namespace plumbline::netcheck {
namespace {

constexpr int kDeepest = 32;  ///< a PCI tree is never that deep: a loop in the data

/// Lanes of one link and what they carry.
struct Lanes {
  std::string where;
  int generation = 0;
  int width = 0;
  double rate = 0;
  const RateRow* row = nullptr;
};

std::string decimals(double value, int places) {
  std::array<char, 32> text{};
  static_cast<void>(std::snprintf(text.data(), text.size(), "%.*f", places, value));
  return text.data();
}

std::optional<Lanes> lanes_of(const std::string& where, const PcieLink& link) {
  if (!link.gigatransfers || !link.width || *link.width <= 0) return std::nullopt;
  Lanes lanes{where, pcie_generation(*link.gigatransfers), *link.width, 0, nullptr};
  lanes.row = known_rates().find("pcie_lane", lanes.generation);
  if (lanes.row == nullptr) return std::nullopt;
  lanes.rate = lanes.row->value * lanes.width;
  return lanes;
}

/// The GPU's own link: the generation that it has under load, since an idle one is clocked down.
PcieLink under_load(const Gpu& gpu) {
  PcieLink link = gpu.pcie;
  const auto most = gpu.slot_gigatransfers ? gpu.slot_gigatransfers : link.most_gigatransfers;
  if (most && link.gigatransfers && *most > *link.gigatransfers) link.gigatransfers = most;
  return link;
}

const PciDevice* function_at(const Topology& topology, const std::string& address) {
  for (const PciDevice& device : topology.pci_devices) {
    if (device.address == address) return &device;
  }
  return nullptr;
}

/// The narrowest link from the GPU to the root; nothing when the GPU's own is not known.
std::optional<Lanes> narrowest(const Topology& topology, const Gpu& gpu) {
  auto least = lanes_of("GPU " + gpu.pci_address, under_load(gpu));
  if (!least) return std::nullopt;
  const PciDevice* device = function_at(topology, gpu.pci_address);
  for (int depth = 0; device != nullptr && depth < kDeepest; ++depth) {
    device = device->parent.empty() ? nullptr : function_at(topology, device->parent);
    if (device == nullptr) break;
    PcieLink link = device->link;
    // A bridge too rests while nothing moves; its width does not.
    if (link.most_gigatransfers) link.gigatransfers = link.most_gigatransfers;
    const auto lanes = lanes_of("bridge " + device->address, link);
    if (lanes && lanes->rate < least->rate) least = lanes;
  }
  return least;
}

/// A path's raw rate in words and the share that copies reach of it.
struct Base {
  double rate = 0;
  std::string derivation;
  std::string source;
};

Expected expected_of(const Base& base, std::string_view share, double generation, double ways) {
  Expected expected;
  expected.ceiling = {base.rate * ways};
  const RateRow* row = known_rates().find(share, generation);
  if (row == nullptr) {
    expected.reason = "no figure is cited for " + std::string(share) + " of generation " +
                      decimals(std::floor(generation), 0);
    return expected;
  }
  const Threshold* threshold = threshold_for("gpu_copy", "");
  Expectation expectation;
  expectation.rate = {base.rate * ways * row->value};
  expectation.derivation = base.derivation + (ways > 1 ? " x 2 (both ways at once)" : "") + " x " +
                           decimals(row->value, 3) + " (" + row->source + ", " + row->date +
                           "); ok from " + decimals(threshold->least, 2) + " of it on (" +
                           threshold->source + ", " + threshold->date + ")";
  expectation.source = base.source;
  expectation.threshold = threshold->least;
  expected.expectation = std::move(expectation);
  return expected;
}

/// Grace reaches its GPUs over NVLink-C2C, not over the PCIe link that both show too.
bool beside_grace(const Gpu& gpu) {
  return gpu.product.find(" GB") != std::string::npos ||
         gpu.product.find(" GH") != std::string::npos;
}

Expected expect_host(const Topology& topology, const Gpu& gpu, bool both_ways) {
  if (beside_grace(gpu)) {
    return {{}, {}, "the host's memory is reached over NVLink-C2C, for which no figure is cited"};
  }
  const auto lanes = narrowest(topology, gpu);
  if (!lanes) return {{}, {}, "its PCIe link's generation and width could not be read"};
  Base base;
  base.rate = lanes->rate;
  base.derivation = "slowest link: " + lanes->where + ", PCIe " +
                    std::to_string(lanes->generation) + " x" + std::to_string(lanes->width) +
                    " = " + format_rate({lanes->rate}) + " (" + lanes->row->source + ")";
  base.source = "PCIe link as the driver and sysfs tell it";
  return expected_of(base, both_ways ? "host_copy_both" : "host_copy", lanes->generation,
                     both_ways ? 2 : 1);
}

bool told_nvlink(const Topology& topology, const Gpu& from, const Gpu& to) {
  for (const GpuPeer& peer : topology.gpus->peers) {
    if (peer.from == from.uuid && peer.to == to.uuid) return peer.nvlink == "ok";
  }
  return false;
}

Expected expect_peers(const Topology& topology, const Gpu& from, const Gpu& to, bool both_ways,
                      bool by_kernel) {
  const int links = told_nvlink(topology, from, to) ? nvlinks_between(from, to) : 0;
  if (links == 0) {
    const auto one = narrowest(topology, from);
    const auto other = narrowest(topology, to);
    Expected none{{}, {}, "no NVLink joins them, and no figure is cited for peers over PCIe"};
    if (one && other) none.ceiling = {std::min(one->rate, other->rate) * (both_ways ? 2 : 1)};
    return none;
  }
  const double generation = from.links.front().generation.value_or(0);
  const RateRow* row = known_rates().find("nvlink_link", generation);
  if (row == nullptr) return {{}, {}, "no figure is cited for NVLinks of this generation"};
  if (both_ways && by_kernel) {
    return {{}, {}, "no figure is cited for kernels that copy both ways at once"};
  }
  Base base;
  base.rate = links * row->value;
  base.derivation = std::to_string(links) + " NVLinks of generation " +
                    decimals(std::floor(generation), 0) + " x " + format_rate({row->value}) + " (" +
                    row->source + ", " + row->date + ")";
  base.source = "NVLinks that NVML tells are up";
  const char* share = by_kernel ? "nvlink_sm" : both_ways ? "nvlink_both" : "nvlink_copy";
  return expected_of(base, share, generation, both_ways ? 2 : 1);
}

bool is_host(const std::string& device) { return device.rfind("numa", 0) == 0; }

}  // namespace

int pcie_generation(double gigatransfers) {
  constexpr std::array<double, 7> rates{2.5, 5, 8, 16, 32, 64, 128};
  for (std::size_t index = 0; index < rates.size(); ++index) {
    if (std::abs(rates.at(index) - gigatransfers) < 0.1) return static_cast<int>(index) + 1;
  }
  return 0;
}

const Gpu* find_gpu(const Topology& topology, const std::string& uuid) {
  if (!topology.gpus) return nullptr;
  for (const Gpu& gpu : topology.gpus->gpus) {
    if (gpu.uuid == uuid) return &gpu;
  }
  return nullptr;
}

bool is_slice(const std::string& uuid) { return uuid.rfind("MIG-", 0) == 0; }

int nvlinks_between(const Gpu& one, const Gpu& other) {
  const auto to_switches = [](const Gpu& gpu) {
    return std::count_if(gpu.links.begin(), gpu.links.end(), [](const NvLink& link) {
      return link.active && link.remote_kind == "switch";
    });
  };
  const auto direct = [](const Gpu& from, const Gpu& to) {
    return std::count_if(from.links.begin(), from.links.end(), [&](const NvLink& link) {
      return link.active && link.remote_kind == "gpu" && link.remote_pci == to.pci_address;
    });
  };
  const auto switched = std::min(to_switches(one), to_switches(other));
  return static_cast<int>(switched + std::min(direct(one, other), direct(other, one)));
}

Expected expect_gpu_copy(const Topology& topology, const Outcome& outcome) {
  const std::string& from = outcome.from.device;
  const std::string& to = outcome.to.device;
  if (is_slice(from) || is_slice(to)) {
    return {{}, {}, "a MIG slice has a share of its GPU's engines that nothing cites"};
  }
  const bool both_ways = parameter(outcome, "traffic") == "both_ways";
  const bool by_kernel = parameter(outcome, "engine") == "sm";
  const Gpu* source = find_gpu(topology, from);
  const Gpu* destination = find_gpu(topology, to);
  if (is_host(from) || is_host(to)) {
    const Gpu* gpu = is_host(from) ? destination : source;
    if (gpu == nullptr) return {{}, {}, "the driver tells of no such GPU"};
    if (by_kernel) return {{}, {}, "no figure is cited for kernels that read or write the host"};
    const std::string& host = is_host(from) ? from : to;
    if (gpu->numa && host != "numa" + std::to_string(*gpu->numa)) {
      return {{}, {}, "no figure is cited for host memory of another NUMA node than the GPU's"};
    }
    return expect_host(topology, *gpu, both_ways);
  }
  if (source == nullptr || destination == nullptr) {
    return {{}, {}, "the driver tells of no such GPU"};
  }
  if (source == destination) return {{}, {}, "no figure is cited for copies within a GPU"};
  return expect_peers(topology, *source, *destination, both_ways, by_kernel);
}

std::vector<GpuPath> gpu_paths(const Topology& topology) {
  std::vector<GpuPath> paths;
  if (!topology.gpus) return paths;
  for (const Gpu& gpu : topology.gpus->gpus) {
    if (gpu.mig.value_or(false)) continue;
    paths.push_back({"host", gpu.uuid, beside_grace(gpu) ? "NVLink-C2C" : "PCIe",
                     expect_host(topology, gpu, false)});
  }
  for (const GpuPeer& peer : topology.gpus->peers) {
    const Gpu* from = find_gpu(topology, peer.from);
    const Gpu* to = find_gpu(topology, peer.to);
    if (from == nullptr || to == nullptr || from->mig.value_or(false) || to->mig.value_or(false))
      continue;
    const int links = peer.nvlink == "ok" ? nvlinks_between(*from, *to) : 0;
    const std::string by = links > 0            ? std::to_string(links) + " NVLinks"
                           : peer.write == "ok" ? "PCIe"
                                                : "no peer access";
    paths.push_back({peer.from, peer.to, by, expect_peers(topology, *from, *to, false, false)});
  }
  return paths;
}

}  // namespace plumbline::netcheck
