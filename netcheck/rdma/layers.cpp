#include "netcheck/rdma/layers.hpp"

#include <algorithm>

#include "netcheck/expectations/gpu_paths.hpp"
#include "netcheck/expectations/rate_table.hpp"
#include "netcheck/expectations/rates.hpp"
#include "netcheck/lookup.hpp"
#include "netcheck/transport.hpp"

namespace plumbline::netcheck {
namespace {

constexpr int kDeepest = 32;  ///< a PCI tree is never that deep: a loop in the data
constexpr double kPayload = 256;
constexpr double kAround = 16 + 2 + 4 + 4;

const PciDevice* function_at(const Topology& topology, const std::string& address) {
  const auto& all = topology.pci_devices;
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const auto& one) { return one.address == address; });
  return found == all.end() ? nullptr : &*found;
}

bool is_software(const RdmaDevice& device) {
  return device.driver == "rdma_rxe" || device.driver == "siw";
}

std::optional<Layer> lanes_of(const PciDevice& function) {
  const PcieLink& link = function.link;
  if (!link.gigatransfers || !link.width || *link.width <= 0) return std::nullopt;
  const int generation = pcie_generation(*link.gigatransfers);
  const RateRow* row = known_rates().find("pcie_lane", generation);
  if (row == nullptr) return std::nullopt;
  const double share = kPayload / (kPayload + kAround);
  return Layer{"PCIe",
               {row->value * *link.width * share},
               (function.kind == "bridge" ? "bridge " : "function ") + function.address +
                   ", generation " + std::to_string(generation) + " x" +
                   std::to_string(*link.width) + ", 256 B payload in each packet of 282 B"};
}

}  // namespace

std::optional<Layer> pcie_layer(const Facts& facts, const Endpoint& end) {
  const RdmaDevice* device = rdma_on(facts, end);
  if (device == nullptr || is_software(*device) || !device->pci_address) return std::nullopt;
  const Topology& topology = *facts_of(facts, end.node)->topology;
  const PciDevice* function =
      function_at(topology, device->physical.value_or(*device->pci_address));
  std::optional<Layer> least;
  for (int depth = 0; function != nullptr && depth < kDeepest; ++depth) {
    const auto lanes = lanes_of(*function);
    if (depth == 0 && !lanes) return std::nullopt;
    if (lanes && (!least || lanes->rate.value < least->rate.value)) least = lanes;
    function = function->parent.empty() ? nullptr : function_at(topology, function->parent);
  }
  return least;
}

std::optional<Layer> port_layer(const Facts& facts, const Endpoint& end) {
  const RdmaDevice* device = rdma_on(facts, end);
  if (device == nullptr || device->ports.empty()) return std::nullopt;
  const RdmaPort& port = device->ports.front();
  if (!port.rate) return std::nullopt;
  const auto share = rdma_share(port.active_mtu, false, true, port.link_layer == "InfiniBand");
  return Layer{"port",
               {port.rate->value * share.share},
               format_link_rate(*port.rate) + ", " + share.because};
}

std::optional<Layer> memory_layer(const Facts& facts, const Endpoint& end) {
  const RdmaDevice* device = rdma_on(facts, end);
  if (device == nullptr) return std::nullopt;
  const std::string node = "numa" + std::to_string(device->numa.value_or(0));
  for (const Outcome* outcome : latest_outcomes(facts)) {
    const bool its = outcome->probe == "memory_copy" && outcome->from.node == end.node &&
                     outcome->from.device == node && outcome->to.device == node;
    if (!its || outcome->measured() == nullptr) continue;
    return Layer{"memory", {outcome->measured()->value}, "memory_copy within " + node};
  }
  return std::nullopt;
}

std::vector<Layer> layers_between(const Facts& facts, const Endpoint& from, const Endpoint& to) {
  std::vector<Layer> layers;
  for (const Endpoint& end : {from, to}) {
    for (const auto& find : {pcie_layer, port_layer, memory_layer}) {
      auto layer = find(facts, end);
      if (!layer) continue;
      layer->name += " of " + end.node + "/" + end.device;
      layers.push_back(std::move(*layer));
    }
  }
  std::stable_sort(layers.begin(), layers.end(), [](const Layer& one, const Layer& other) {
    return one.rate.value < other.rate.value;
  });
  return layers;
}

std::string words_of(const std::vector<Layer>& layers) {
  std::string text;
  for (const Layer& layer : layers) {
    text += (text.empty() ? "" : "; ") + layer.name + " " + format_rate(layer.rate) + " (" +
            layer.because + ")";
  }
  return text;
}

}  // namespace plumbline::netcheck
