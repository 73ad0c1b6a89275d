#include "collectives/nccl/carriers.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

#include "collectives/wire.hpp"
#include "probes/drivers/verbs/port_counters.hpp"

namespace plumbline::collectives {
namespace {

constexpr double kShare = 0.9;      // of what left the node
constexpr double kRingShare = 0.5;  // of a ring's load over NVLink
constexpr double kNothing = 1e6;    // bytes that other talk makes
constexpr std::size_t kMostNamed = 8;

const Carrier* find(const CarrierReading& reading, const Carrier& wanted) {
  for (const Carrier& one : reading.carriers)
    if (one.kind == wanted.kind && one.name == wanted.name) return &one;
  return nullptr;
}

std::string amount(double bytes) {
  std::array<char, 32> text{};
  static_cast<void>(std::snprintf(text.data(), text.size(), "%.1f MB", bytes / 1e6));
  return text.data();
}

/// Bytes that the carriers of a kind sent.
double sent_by(const std::vector<Carrier>& moved, CarrierKind kind) {
  double sum = 0;
  for (const Carrier& one : moved)
    if (one.kind == kind) sum += one.sent;
  return sum;
}

std::string words(const std::vector<Carrier>& moved) {
  std::vector<const Carrier*> busy;
  for (const Carrier& one : moved)
    if (one.kind != CarrierKind::nvlink && one.sent + one.received > kNothing) busy.push_back(&one);
  std::sort(busy.begin(), busy.end(), [](const auto* one, const auto* other) {
    return one->sent + one->received > other->sent + other->received;
  });
  std::string text;
  for (std::size_t i = 0; i < std::min(busy.size(), kMostNamed); ++i)
    text += (i == 0 ? "" : ", ") + busy[i]->name + " sent " + amount(busy[i]->sent) +
            " and received " + amount(busy[i]->received);
  return text.empty() ? "no interface and no RDMA port moved more than other talk" : text;
}

Proof network_proof(const std::vector<Carrier>& moved, const ClaimedWay& way, const Endpoint& at) {
  const bool sockets = way.network == "Socket";
  const bool through_kernel = std::any_of(moved.begin(), moved.end(),
                                          [](const Carrier& one) { return one.through_kernel; });
  const double by_rdma = sent_by(moved, CarrierKind::rdma);
  const double by_interface = sent_by(moved, CarrierKind::interface_);
  const double claimed = sockets ? by_interface : by_rdma;
  const double other = sockets || through_kernel ? 0 : by_interface;
  Proof proof;
  proof.kind = "counter";
  proof.at = at;
  proof.source = "/proc/net/dev and the data counters of all RDMA ports";
  proof.before = 0;
  proof.after = claimed;
  proof.expected = way.network_least;
  proof.statement = words(moved) + " above their idle rates; NCCL says its network is " +
                    (way.network.empty() ? "none" : way.network);
  if (way.network_least > 0)
    proof.statement += "; at least " + amount(way.network_least) + " had to leave the node (" +
                       way.derivation + ")";
  const bool quiet = claimed + other < kNothing && way.network_least < kNothing;
  const bool own = claimed >= kShare * (claimed + other) && claimed >= way.network_least;
  proof.holds = quiet || own;
  // Elastic Fabric Adapter and other plugins move bytes that a driver may not count at all.
  const bool known = sockets || way.network == "IB" || by_rdma > kNothing;
  if (!proof.holds && !known) {
    proof.before.reset();
    proof.after.reset();
    proof.statement += "; no counter of that network is known";
  }
  return proof;
}

Proof nvlink_proof(const Carrier& links, const ClaimedWay& way, const Endpoint& at) {
  Proof proof;
  proof.kind = "counter";
  proof.at = at;
  proof.source = "NVML, " + links.name;
  proof.before = 0;
  proof.after = links.sent;
  proof.expected = way.peer_to_peer ? kRingShare * way.nvlink_load : 0;
  proof.statement = links.name + " sent " + amount(links.sent) + " and received " +
                    amount(links.received) + " above their idle rate";
  if (way.nvlink_load > 0)
    proof.statement += "; a ring sends " + amount(way.nvlink_load) + " (" + way.derivation + ")";
  if (!way.peer_to_peer) proof.statement += "; NCCL tells of no GPU that reaches another";
  proof.holds = links.sent >= *proof.expected;
  return proof;
}

}  // namespace

CarrierReading read_carriers(const FileTree& root, probes::GpuInstruments* instruments,
                             const std::string& uuid, const Clock& clock, Deadline deadline) {
  CarrierReading reading;
  reading.at = clock.now();
  if (const auto wire = read_wire(root, clock)) {
    for (const DeviceCounters& one : wire->devices)
      reading.carriers.push_back({CarrierKind::interface_, one.name, static_cast<double>(one.sent),
                                  static_cast<double>(one.received), false});
  }
  for (const probes::PortCount& port : probes::count_ports(root)) {
    if (!port.sent || !port.received || port.packets) continue;
    const double factor = port.factor;
    reading.carriers.push_back({CarrierKind::rdma, port.port,
                                static_cast<double>(*port.sent) * factor,
                                static_cast<double>(*port.received) * factor, port.through_kernel});
  }
  if (instruments == nullptr || uuid.empty()) return reading;
  const auto counted = instruments->counters(uuid, deadline);
  if (counted && counted->nvlink_sent && counted->nvlink_received)
    reading.carriers.push_back({CarrierKind::nvlink, "NVLinks of " + uuid,
                                static_cast<double>(counted->nvlink_sent->count),
                                static_cast<double>(counted->nvlink_received->count), false});
  return reading;
}

std::vector<Carrier> moved_by(const CarrierReading& idle, const CarrierReading& before,
                              const CarrierReading& after) {
  const double quiet = in_seconds(before.at - idle.at).value;
  const double busy = in_seconds(after.at - before.at).value;
  const double share = quiet > 0 ? busy / quiet : 0;
  std::vector<Carrier> moved;
  for (Carrier one : after.carriers) {
    const Carrier* const first = find(idle, one);
    const Carrier* const second = find(before, one);
    if (first == nullptr || second == nullptr) continue;
    const auto grown = [&](double Carrier::*which) {
      const double idle_growth = (second->*which - first->*which) * share;
      return std::max(0.0, one.*which - second->*which - idle_growth);
    };
    const double sent = grown(&Carrier::sent);
    const double received = grown(&Carrier::received);
    one.sent = sent;
    one.received = received;
    moved.push_back(std::move(one));
  }
  return moved;
}

std::vector<Proof> prove_carriers(const std::vector<Carrier>& moved, const ClaimedWay& way,
                                  const Endpoint& at) {
  std::vector<Proof> proofs{network_proof(moved, way, at)};
  for (const Carrier& one : moved)
    if (one.kind == CarrierKind::nvlink) proofs.push_back(nvlink_proof(one, way, at));
  return proofs;
}

}  // namespace plumbline::collectives
