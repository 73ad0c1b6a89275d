#include <algorithm>

#include "probes/drivers/fake/fake_world.hpp"

namespace plumbline::probes {

namespace {

constexpr double kOtherSocket = 0.9;  ///< what host memory of another NUMA node leaves of the rate

/// A part of the machine and how fast it is.
struct Part {
  std::string name;
  double rate = 0;
};

double pcie_share(const FakeGpuNode& node, int index) {
  const PcieLink link = fake_pcie(node, index);
  const double lanes = static_cast<double>(link.width.value_or(1)) / node.pcie_width;
  return lanes * link.gigatransfers.value_or(1) / link.most_gigatransfers.value_or(1);
}

double nvlink_share(const FakeGpuNode& node, int index) {
  return node.nvlinks == 0 ? 0 : static_cast<double>(links_up(node, index)) / node.nvlinks;
}

std::vector<Part> host_parts(const FakeGpuNode& node, const CopyOrder& order) {
  const bool down = order.source->place().on_host();
  const GpuPlace& host = down ? order.source->place() : order.destination->place();
  const GpuPlace& gpu = down ? order.destination->place() : order.source->place();
  const int index = fake_index(node, gpu.gpu);
  double share = pcie_share(node, index);
  const auto near = fake_numa(node, index);
  if (near && host.numa && *near != *host.numa) share *= kOtherSocket;
  const std::string name = std::to_string(index);
  return {{(down ? "down " : "up ") + name, node.copies.host.value * share},
          {"pcie " + name, node.copies.host_total.value * share}};
}

std::vector<Part> peer_parts(const FakeGpuNode& node, const CopyOrder& order, int from, int to) {
  const bool linked = over_nvlink(node, order);
  const auto rate = [&](int index) {
    const double share = linked ? nvlink_share(node, index) : pcie_share(node, index);
    return node.copies.peer.value * share;
  };
  std::vector<Part> parts{{"out " + std::to_string(from), rate(from)},
                          {"in " + std::to_string(to), rate(to)}};
  if (const FakeFault* slow = fault_on(node, "slow_pair", order)) {
    parts.push_back({"way " + std::to_string(from) + ">" + std::to_string(to), slow->rate.value});
  }
  return parts;
}

std::vector<Part> parts_of(const FakeGpuNode& node, const CopyOrder& order) {
  const GpuPlace& source = order.source->place();
  const GpuPlace& destination = order.destination->place();
  if (source.on_host() || destination.on_host()) return host_parts(node, order);
  const int from = fake_index(node, source.gpu);
  const int to = fake_index(node, destination.gpu);
  if (from == to) return {{"memory " + source.gpu, node.copies.local.value}};
  return peer_parts(node, order, from, to);
}

}  // namespace

int fake_index(const FakeGpuNode& node, const std::string& uuid) {
  for (int index = 0; index < node.count; ++index) {
    if (fake_uuid(node, index) == uuid) return index;
  }
  for (const FakeSlices& slices : node.slices) {
    for (int slice = 0; slice < slices.count; ++slice) {
      if (fake_slice_uuid(node, slices.gpu, slice) == uuid) return slices.gpu;
    }
  }
  return -1;
}

bool over_nvlink(const FakeGpuNode& node, const CopyOrder& order) {
  const GpuPlace& source = order.source->place();
  const GpuPlace& destination = order.destination->place();
  if (source.on_host() || destination.on_host() || source == destination) return false;
  return links_up(node, fake_index(node, source.gpu)) > 0 &&
         links_up(node, fake_index(node, destination.gpu)) > 0;
}

const FakeFault* fault_on(const FakeGpuNode& node, const std::string& kind,
                          const CopyOrder& order) {
  const int from = fake_index(node, order.source->place().gpu);
  const int to = fake_index(node, order.destination->place().gpu);
  const auto found =
      std::find_if(node.faults.begin(), node.faults.end(), [&](const FakeFault& fault) {
        return fault.kind == kind && fault.from == from && fault.to == to;
      });
  return found == node.faults.end() ? nullptr : &*found;
}

double fake_noise(FakeWorld& world, double width) {
  std::uint64_t state = ++world.draws * 0x9E3779B97F4A7C15ULL;
  state = (state ^ (state >> 30U)) * 0xBF58476D1CE4E5B9ULL;
  state = (state ^ (state >> 27U)) * 0x94D049BB133111EBULL;
  const double share = static_cast<double>((state ^ (state >> 31U)) >> 11U) / 9007199254740992.0;
  return 1 + width * (2 * share - 1);
}

std::vector<BytesPerSecond> fake_rates(FakeWorld& world, const std::vector<CopyOrder>& orders) {
  std::vector<std::vector<Part>> uses;
  std::map<std::string, double> users;
  for (const CopyOrder& order : orders) {
    uses.push_back(parts_of(world.node, order));
    for (const Part& part : uses.back())
      users[part.name] += 1;
  }
  std::vector<BytesPerSecond> rates;
  for (std::size_t index = 0; index < orders.size(); ++index) {
    double least = 1e15;
    for (const Part& part : uses[index])
      least = std::min(least, part.rate / users[part.name]);
    if (orders[index].engine == CopyEngine::sm) least *= world.node.copies.sm;
    rates.push_back({least * fake_noise(world, 0.003)});
  }
  return rates;
}

}  // namespace plumbline::probes
