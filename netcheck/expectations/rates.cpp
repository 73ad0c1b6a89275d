#include "netcheck/expectations/rates.hpp"

#include <algorithm>

#include "netcheck/lookup.hpp"
#include "netcheck/subnet.hpp"
#include "netcheck/transport.hpp"

namespace plumbline::netcheck {
namespace {

constexpr std::uint32_t kUsualMtu = 1500;
constexpr const char* kDeclared = "declared in stage.yaml";

bool is_six(const Facts& facts, const std::string& rail_name) {
  const DeclaredRail* rail = find_rail(facts, rail_name);
  if (rail == nullptr) return false;
  const auto subnet = parse_subnet(rail->subnet);
  return subnet && subnet->six;
}

std::optional<BytesPerSecond> declared_rate(const Facts& facts, const Component& hop) {
  const DeclaredRail* rail = find_rail(facts, hop.rail);
  if (rail == nullptr) return std::nullopt;
  if (hop.kind == ComponentKind::nic) return rail->nic_rate;
  const auto exception = rail->uplinks.find(hop.owner);
  if (exception != rail->uplinks.end()) return exception->second;
  return rail->uplink_rate;
}

/// A NIC with hardware behind it sends on a wire; veth and bridges do not.
bool on_a_wire(const Facts& facts, const Component& nic) {
  const NetworkDevice* device = nic_on(facts, nic.owner, nic.rail);
  return device != nullptr && !device->is_virtual;
}

/// The smallest MTU of the NICs on the path, which the TCP ends agree on.
std::uint32_t path_mtu(const Facts& facts, const std::vector<Component>& path) {
  std::uint32_t least = 0;
  for (const Component& hop : path) {
    if (hop.kind != ComponentKind::nic) continue;
    const NetworkDevice* device = nic_on(facts, hop.owner, hop.rail);
    if (device == nullptr || device->mtu == 0) continue;
    least = least == 0 ? device->mtu : std::min(least, device->mtu);
  }
  return least == 0 ? kUsualMtu : least;
}

/// The port of an RDMA device tells a rate where its network device does not (InfiniBand).
void limit_by_port(const Facts& facts, HopRate& hop) {
  const NetworkDevice* netdev = nic_on(facts, hop.hop.owner, hop.hop.rail);
  if (netdev == nullptr) return;
  const RdmaDevice* device = rdma_on(facts, {hop.hop.owner, netdev->name, hop.hop.rail});
  if (device == nullptr || device->ports.empty() || !device->ports.front().rate) return;
  const BytesPerSecond rate = *device->ports.front().rate;
  if (hop.rate.value > 0 && hop.rate.value <= rate.value) return;
  hop.rate = rate;
  hop.source = "sysfs rate of " + hop.hop.owner + "/" + device->name;
}

/// What a hop leaves to the rate that is asked for.
double leaves(const HopRate& hop) { return hop.rate.value * hop.payload.share / hop.share; }

}  // namespace

PayloadShare payload_share(std::uint32_t mtu, bool six, bool wire) {
  const std::uint32_t headers = (six ? 40U : 20U) + 20U + 12U;
  const std::uint32_t usable = std::max(mtu, headers + 1U);
  const std::uint32_t payload = usable - headers;
  const std::uint32_t frame = usable + 14U + (wire ? 24U : 0U);
  PayloadShare result;
  result.share = static_cast<double>(payload) / static_cast<double>(frame);
  result.because = std::to_string(payload) + " B payload in each " + std::to_string(frame) +
                   (wire ? " B on the wire" : " B frame") + ": TCP/IPv" + (six ? "6" : "4") +
                   " with timestamps at MTU " + std::to_string(usable);
  return result;
}

PayloadShare rdma_share(std::uint32_t mtu, bool six, bool wire, bool infiniband) {
  const std::uint32_t ethernet = (six ? 40U : 20U) + 8U + 12U + 4U + 14U + (wire ? 24U : 0U);
  const std::uint32_t payload = std::max(mtu, 256U);
  const std::uint32_t frame = payload + (infiniband ? 26U : ethernet);
  PayloadShare result;
  result.share = static_cast<double>(payload) / static_cast<double>(frame);
  result.because = std::to_string(payload) + " B payload in each packet of " +
                   std::to_string(frame) + " B: RC over " +
                   (infiniband ? "InfiniBand" : "RoCE v2") + " at path MTU " +
                   std::to_string(payload);
  return result;
}

std::optional<HopRate> hop_rate(const Facts& facts, const Component& hop, bool wire_uplink) {
  HopRate result{hop, {}, kDeclared, {}, 1};
  const bool wire = hop.kind == ComponentKind::nic ? on_a_wire(facts, hop) : wire_uplink;
  result.payload = payload_share(path_mtu(facts, {hop}), is_six(facts, hop.rail), wire);
  const auto declared = declared_rate(facts, hop);
  if (declared) result.rate = *declared;
  if (hop.kind == ComponentKind::nic && wire) {
    const NetworkDevice* device = nic_on(facts, hop.owner, hop.rail);
    if (device->link_rate && (!declared || *device->link_rate < *declared)) {
      result.rate = *device->link_rate;
      result.source = "sysfs speed of " + hop.owner + "/" + device->name;
    }
  }
  if (hop.kind == ComponentKind::nic) limit_by_port(facts, result);
  if (result.rate.value <= 0) return std::nullopt;
  return result;
}

std::optional<HopRate> slowest_hop(const Facts& facts, const std::vector<Component>& path,
                                   std::string& unknown, const std::vector<double>& shares) {
  bool wire = false;
  for (const Component& hop : path) {
    wire = wire || (hop.kind == ComponentKind::nic && on_a_wire(facts, hop));
  }
  const std::uint32_t mtu = path_mtu(facts, path);
  std::optional<HopRate> slowest;
  for (std::size_t at = 0; at < path.size(); ++at) {
    const Component& hop = path[at];
    auto rate = hop_rate(facts, hop, wire);
    if (!rate) {
      unknown = hop.name();
      return std::nullopt;
    }
    const bool counted_on_wire = hop.kind == ComponentKind::nic ? on_a_wire(facts, hop) : wire;
    rate->payload = payload_share(mtu, is_six(facts, hop.rail), counted_on_wire);
    if (at < shares.size()) rate->share = shares[at];
    if (!slowest || leaves(*rate) < leaves(*slowest)) slowest = *rate;
  }
  return slowest;
}

}  // namespace plumbline::netcheck
