#include "netcheck/claims/holdings.hpp"

#include "podresources.pb.h"

namespace plumbline::netcheck::claims {
namespace {

constexpr std::size_t kMostHoldings = 100'000;

/// The NUMA nodes of a hint; -1 and none at all both mean that the plugin told none.
std::vector<int> numa_of(const v1::TopologyInfo& topology) {
  std::vector<int> nodes;
  for (const auto& node : topology.nodes()) {
    if (node.id() >= 0 && node.id() < 4096) nodes.push_back(static_cast<int>(node.id()));
  }
  return nodes;
}

/// What a container has for itself; nothing when it lives on the shared pool alone.
void add_share(const v1::ContainerResources& container, const Holding& base,
               std::vector<ContainerShare>& shares) {
  if (container.cpu_ids().empty() && container.memory().empty()) return;
  ContainerShare share{base.pod_namespace, base.pod_name, base.container, {}, {}};
  for (const auto cpu : container.cpu_ids())
    share.cpus.push_back(static_cast<int>(cpu));
  for (const auto& memory : container.memory()) {
    for (const int node : numa_of(memory.topology()))
      share.memory_numa.push_back(node);
  }
  shares.push_back(std::move(share));
}

void add_plugin_devices(const v1::ContainerResources& container, const Holding& base,
                        std::vector<Holding>& holdings) {
  for (const auto& devices : container.devices()) {
    for (const auto& id : devices.device_ids()) {
      Holding holding = base;
      holding.resource = devices.resource_name();
      holding.device = id;
      holding.numa = numa_of(devices.topology());
      holdings.push_back(std::move(holding));
    }
  }
}

void add_claimed_devices(const v1::ContainerResources& container, const Holding& base,
                         std::vector<Holding>& holdings) {
  for (const auto& claim : container.dynamic_resources()) {
    Holding holding = base;
    holding.claim = claim.claim_name();
    if (claim.claim_resources().empty()) holdings.push_back(holding);
    for (const auto& device : claim.claim_resources()) {
      holding.driver = device.driver_name();
      holding.pool = device.pool_name();
      holding.device = device.device_name();
      holdings.push_back(holding);
    }
  }
}

}  // namespace

Result<NodeHoldings> holdings_of(const v1::ListPodResourcesResponse& answer,
                                 const std::string& node, const std::string& source) {
  NodeHoldings found;
  found.node = node;
  found.source = source;
  for (const auto& pod : answer.pod_resources()) {
    for (const auto& container : pod.containers()) {
      Holding base;
      base.pod_namespace = pod.namespace_();
      base.pod_name = pod.name();
      base.container = container.name();
      add_plugin_devices(container, base, found.holdings);
      add_claimed_devices(container, base, found.holdings);
      add_share(container, base, found.containers);
      if (found.holdings.size() > kMostHoldings) {
        return fail(ErrorCode::invalid_input, "more than 100000 devices are held");
      }
    }
  }
  return found;
}

Result<Allocatable> allocatable_of(const v1::AllocatableResourcesResponse& answer) {
  Allocatable read;
  for (const auto& devices : answer.devices()) {
    for (const auto& id : devices.device_ids()) {
      read.devices.push_back({devices.resource_name(), id, numa_of(devices.topology())});
      if (read.devices.size() > kMostHoldings) {
        return fail(ErrorCode::invalid_input, "more than 100000 devices are allocatable");
      }
    }
  }
  for (const auto cpu : answer.cpu_ids())
    read.cpus.push_back(static_cast<int>(cpu));
  return read;
}

Result<NodeHoldings> parse_holdings(std::string_view bytes, const std::string& node,
                                    const std::string& source) {
  // The error below says it; protobuf would say it on stderr as well.
  const google::protobuf::LogSilencer silence;
  v1::ListPodResourcesResponse answer;
  const bool fits = bytes.size() <= (16U << 20U);
  if (!fits || !answer.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return fail(ErrorCode::invalid_input,
                source + " is not a PodResources answer of at most 16 MiB");
  }
  return holdings_of(answer, node, source);
}

}  // namespace plumbline::netcheck::claims
