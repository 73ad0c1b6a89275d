#include "netcheck/rules/inside_given.hpp"

#include <algorithm>

#include "netcheck/gpu/claimed.hpp"
#include "netcheck/rdma/published.hpp"
#include "netcheck/rules/lookup.hpp"

namespace plumbline::netcheck {
namespace {

constexpr const char* kGpuDriver = "gpu.nvidia.com";
constexpr const char* kDomainDriver = "compute-domain.nvidia.com";
constexpr std::string_view kChannel = "channel-";

void name_one(NamedSet& set, const std::string& name) {
  if (!name.empty() && !set.names.insert(name).second) return;
  ++set.count;
  set.whole = set.whole && !name.empty();
}

bool is_gpu(const Holding& holding) {
  return holding.driver == kGpuDriver || holding.resource.starts_with("nvidia.com/gpu") ||
         holding.resource.starts_with("nvidia.com/mig-");
}

/// The GPUs of the pod as gpu_holders() knows them, by UUID and by minor.
void add_gpus(const Facts& facts, const NodeFacts& node, const NodeFacts& told,
              GivenInside& given) {
  NodeFacts asked = told;
  asked.node = node.node;
  for (const GpuHolder& holder : gpu_holders(facts, asked).value_or(std::vector<GpuHolder>{})) {
    for (const std::string& uuid : holder.uuids) {
      name_one(given.uuids, uuid);
      const Gpu* gpu = node.topology ? gpu_of(*node.topology, uuid) : nullptr;
      const bool numbered = gpu != nullptr && gpu->minor.has_value();
      name_one(given.gpus, numbered ? std::to_string(*gpu->minor) : "");
    }
    for (std::size_t unknown = 0; unknown < holder.unresolved.size(); ++unknown) {
      name_one(given.uuids, "");
      name_one(given.gpus, "");
    }
  }
}

const NetworkDevice* nic_of(const NodeFacts& node, const std::string& id) {
  if (!node.topology) return nullptr;
  for (const NetworkDevice& device : node.topology->network_devices) {
    if (device.name == id || device.pci_address == id) return &device;
  }
  return nullptr;
}

bool add_published(const Facts& facts, const NodeFacts& node, const Holding& holding,
                   GivenInside& given) {
  const auto published = find_published(facts, holding.driver, holding.pool, holding.device);
  if (!published || !is_network_driver(facts, holding.driver)) return false;
  const std::string interface = attribute_text(*published, "ifName");
  if (!interface.empty()) name_one(given.nics, interface);
  if (!is_published_rdma(*published)) return !interface.empty();
  const RdmaDevice* const rdma = rdma_of(facts, node, *published);
  name_one(given.rdma, rdma == nullptr ? "" : rdma->name);
  return true;
}

/// False when nothing inside stands for it.
bool add_plugin(const NodeFacts& node, const Holding& holding, GivenInside& given) {
  given.plugin[holding.resource].insert(holding.device);
  if (const NetworkDevice* nic = nic_of(node, holding.device)) {
    name_one(given.nics, nic->name);
    if (nic->rdma_device) given.may_rdma.insert(*nic->rdma_device);
    return true;
  }
  const bool shared =
      holding.resource.starts_with("rdma/") || holding.resource.find("hca") != std::string::npos;
  given.any_rdma = given.any_rdma || shared;
  return false;
}

void add(const Facts& facts, const NodeFacts& node, const Holding& holding, GivenInside& given) {
  const bool plugin = holding.driver.empty();
  const std::string words = (plugin ? holding.resource : holding.driver) + "/" + holding.device;
  given.words.push_back(words);
  if (is_gpu(holding)) {
    if (plugin) given.plugin[holding.resource].insert(holding.device);
    return;
  }
  bool known = false;
  if (holding.driver == kDomainDriver && holding.device.starts_with(kChannel)) {
    name_one(given.channels, holding.device.substr(kChannel.size()));
    known = true;
  } else if (plugin) {
    known = add_plugin(node, holding, given);
  } else {
    known = add_published(facts, node, holding, given);
  }
  if (!known) given.opaque.push_back(words);
}

}  // namespace

GivenInside given_inside(const Facts& facts, const NodeFacts& node, const NodeFacts& told) {
  GivenInside given;
  if (!told.holdings) return given;
  for (const Holding& holding : told.holdings->holdings)
    add(facts, node, holding, given);
  add_gpus(facts, node, told, given);
  return given;
}

}  // namespace plumbline::netcheck
