#include "netcheck/transport.hpp"

#include <algorithm>

#include "netcheck/lookup.hpp"

namespace plumbline::netcheck {
namespace {

/// Less than a measurement's buffers, queues and rings take together.
constexpr std::uint64_t kLeastMemlock = 96U << 20U;

const Topology* topology_of(const Facts& facts, const std::string& node) {
  const NodeFacts* told = facts_of(facts, node);
  return told != nullptr && told->topology ? &*told->topology : nullptr;
}

/// The port of a device that stands over the network device, else its first.
const RdmaPort* port_of(const RdmaDevice& device, const std::string& netdev) {
  for (const RdmaPort& port : device.ports) {
    for (const RdmaGid& gid : port.gids) {
      if (gid.netdev == netdev) return &port;
    }
  }
  return device.ports.empty() ? nullptr : &device.ports.front();
}

std::string broken_port(const RdmaDevice& device, const std::string& netdev) {
  const RdmaPort* port = port_of(device, netdev);
  if (port == nullptr) return device.name + " has no port";
  const std::string name = "port " + device.name + "/" + std::to_string(port->number);
  if (port->state != "ACTIVE") {
    return name + " is " + (port->state.empty() ? "not readable" : port->state) + ", " +
           port->physical_state;
  }
  if (!port->used_gid) return name + ": " + port->gid_problem;
  if (port->link_layer == "InfiniBand" && port->sm_lid.value_or(0) == 0) {
    return name + " has no subnet manager";
  }
  return {};
}

std::string broken_host(const Topology& topology) {
  if (!topology.rdma_host) return {};
  const RdmaHost& host = *topology.rdma_host;
  if (host.memlock && *host.memlock < kLeastMemlock && !host.ipc_lock) {
    return "locked memory is limited to " + format_size(Bytes{*host.memlock}) +
           " and CAP_IPC_LOCK is not effective";
  }
  return {};
}

std::string gid_words(const RdmaDevice& device, const std::string& netdev) {
  const RdmaPort* port = port_of(device, netdev);
  return device.name + " (GID " + std::to_string(port->used_gid.value_or(0)) + ")";
}

std::string name_of(const Endpoint& end) { return end.node + "/" + end.device; }

}  // namespace

const RdmaDevice* rdma_on(const Facts& facts, const Endpoint& end) {
  const Topology* topology = topology_of(facts, end.node);
  if (topology == nullptr) return nullptr;
  for (const RdmaDevice& device : topology->rdma_devices) {
    const auto& over = device.netdevs;
    const bool there = std::find(over.begin(), over.end(), end.device) != over.end();
    if (there || device.name == end.device) return &device;
  }
  return nullptr;
}

bool used_rdma(const Outcome& outcome) {
  const Measured* measured = outcome.measured();
  if (measured == nullptr) return false;
  return std::any_of(measured->proof.begin(), measured->proof.end(), [](const Proof& proof) {
    return proof.kind == "library" && proof.statement.find(" rc_") != std::string::npos;
  });
}

std::string broken_precondition(const Facts& facts, const Endpoint& end) {
  const RdmaDevice* device = rdma_on(facts, end);
  if (device == nullptr) return {};
  std::string broken = broken_port(*device, end.device);
  if (broken.empty() && device->uverbs.empty() && !device->problems.empty()) {
    broken = device->problems.front();
  }
  if (broken.empty()) broken = broken_host(*topology_of(facts, end.node));
  if (broken.empty() && device->unusable) broken = *device->unusable;
  return broken.empty() ? broken : end.node + ": " + broken;
}

Transport predict_transport(const Facts& facts, const Endpoint& from, const Endpoint& to) {
  const RdmaDevice* one = rdma_on(facts, from);
  const RdmaDevice* other = rdma_on(facts, to);
  if (one == nullptr && other == nullptr) {
    return {false, "no RDMA device is over " + name_of(from) + " or " + name_of(to), {}};
  }
  Transport transport;
  transport.broken = broken_precondition(facts, from);
  if (transport.broken.empty()) transport.broken = broken_precondition(facts, to);
  if (one == nullptr || other == nullptr) {
    const Endpoint& without = one == nullptr ? from : to;
    transport.broken = without.node + ": no RDMA device is over " + without.device;
  }
  if (!transport.broken.empty()) {
    transport.because = transport.broken;
    return transport;
  }
  transport.rdma = true;
  transport.because = gid_words(*one, from.device) + " and " + gid_words(*other, to.device);
  return transport;
}

}  // namespace plumbline::netcheck
