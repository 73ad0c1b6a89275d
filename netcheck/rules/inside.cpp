#include "netcheck/rules/inside.hpp"

#include <algorithm>
#include <cctype>

#include "netcheck/lookup.hpp"
#include "netcheck/rules/lookup.hpp"

namespace plumbline::netcheck {
namespace {

using Names = std::set<std::string>;

Names without(const Names& all, const Names& less) {
  Names rest;
  std::set_difference(all.begin(), all.end(), less.begin(), less.end(),
                      std::inserter(rest, rest.end()));
  return rest;
}

/// One wrong device is one fault, where one lacks and one is too many; else each is its own.
void add_faults(const std::string& kind, const Names& lacks, const Names& has,
                std::vector<InsideFault>& faults) {
  if (lacks.size() == 1 && has.size() == 1) {
    faults.push_back({kind, *lacks.begin(), *has.begin(), ""});
    return;
  }
  for (const std::string& name : lacks)
    faults.push_back({kind, name, "", ""});
  for (const std::string& name : has)
    faults.push_back({kind, "", name, ""});
}

std::string name_of(const DeviceNode& node) {
  if (node.kind != "rdma") return node.path;
  return node.device.empty() ? node.path : node.path + " (" + node.device + ")";
}

/// The nodes of one kind by what they stand for.
std::map<std::string, const DeviceNode*> nodes_of(const InsideView& inside,
                                                  const std::string& kind) {
  std::map<std::string, const DeviceNode*> nodes;
  for (const DeviceNode& node : inside.nodes) {
    if (node.kind == kind) nodes[node.device.empty() ? node.path : node.device] = &node;
  }
  return nodes;
}

/// Words for a device that must be there, by its kind.
std::string path_of(const std::string& kind, const std::string& device) {
  if (kind == "gpu") return "/dev/nvidia" + device;
  if (kind == "imex_channel") return "/dev/nvidia-caps-imex-channels/channel" + device;
  return "the uverbs node of " + device;
}

void judge_nodes(const std::string& kind, const NamedSet& given, const Names& allowed,
                 const InsideView& inside, std::vector<InsideFault>& faults) {
  const auto there = nodes_of(inside, kind);
  Names lacks;
  Names has;
  for (const std::string& device : given.names) {
    const auto found = there.find(device);
    if (found == there.end()) {
      lacks.insert(path_of(kind, device));
    } else if (!found->second->opens) {
      faults.push_back({kind, name_of(*found->second), "",
                        "the node is there, but opening it fails: " + found->second->problem});
    }
  }
  for (const auto& [device, node] : there) {
    if (!given.names.contains(device) && !allowed.contains(device)) has.insert(name_of(*node));
  }
  if (given.whole) return add_faults(kind, lacks, has, faults);
  // Not every given one has a name: then their number must agree at least.
  if (there.size() > given.count) {
    add_faults(kind, {}, has, faults);
  } else if (there.size() < given.count) {
    faults.push_back({kind,
                      std::to_string(given.count - there.size()) + " of " +
                          std::to_string(given.count) + " given device nodes",
                      "", ""});
  }
}

/// What the driver tells of GPUs inside, where it was asked.
void judge_driver(const GivenInside& given, const Topology& seen,
                  std::vector<InsideFault>& faults) {
  if (!seen.gpus || !given.uuids.whole) return;
  Names there;
  for (const Gpu& gpu : seen.gpus->gpus) {
    // In a MIG slice the driver tells of the slice's GPU, too.
    const bool by_slice =
        std::any_of(gpu.instances.begin(), gpu.instances.end(),
                    [&](const auto& one) { return given.uuids.names.contains(one.uuid); });
    if (!by_slice) there.insert(gpu.uuid);
  }
  Names whole;
  for (const std::string& uuid : given.uuids.names) {
    if (uuid.starts_with("GPU-")) whole.insert(uuid);
  }
  add_faults("gpu", without(whole, there), without(there, whole), faults);
}

/// PCIDEVICE_EXAMPLE_COM_NIC for example.com/nic.
std::string variable_of(const std::string& resource) {
  std::string name = "PCIDEVICE_";
  for (const char c : resource) {
    const bool plain = std::isalnum(static_cast<unsigned char>(c)) != 0;
    name.push_back(plain ? static_cast<char>(std::toupper(static_cast<unsigned char>(c))) : '_');
  }
  return name;
}

Names split(const std::string& list) {
  Names parts;
  std::size_t begin = 0;
  while (begin <= list.size()) {
    const auto end = std::min(list.find(',', begin), list.size());
    if (end > begin) parts.insert(list.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

void judge_variable(const std::string& name, const Names& given, const Names& told,
                    std::vector<InsideFault>& faults) {
  const std::size_t before = faults.size();
  add_faults("environment", without(given, told), without(told, given), faults);
  for (std::size_t at = before; at < faults.size(); ++at)
    faults[at].problem = "by its variable " + name;
}

/// What plugins and runtimes say inside, by variables, against what they told the kubelet.
void judge_environment(const GivenInside& given, const InsideView& inside,
                       std::vector<InsideFault>& faults) {
  Names known;
  for (const auto& [resource, ids] : given.plugin) {
    const std::string name = variable_of(resource);
    known.insert(name);
    const auto told = inside.environment.find(name);
    if (told != inside.environment.end()) judge_variable(name, ids, split(told->second), faults);
  }
  for (const auto& [name, value] : inside.environment) {
    const bool uuids = name == "NVIDIA_VISIBLE_DEVICES" &&
                       (value.starts_with("GPU-") || value.starts_with("MIG-"));
    if (uuids && given.uuids.whole) judge_variable(name, given.uuids.names, split(value), faults);
    const bool device = name.starts_with("PCIDEVICE_") && !name.ends_with("_INFO");
    if (device && !known.contains(name)) judge_variable(name, {}, split(value), faults);
  }
}

/// True when one of the pod's interfaces is one of the node's own: a device is in one network
/// namespace alone.
bool shares_network(const Topology& seen, const Topology& node) {
  return std::any_of(seen.network_devices.begin(), seen.network_devices.end(), [&](const auto& in) {
    return !in.mac.empty() &&
           std::any_of(node.network_devices.begin(), node.network_devices.end(),
                       [&](const auto& out) { return out.mac == in.mac && out.name == in.name; });
  });
}

/// Interfaces inside that a claim or a plugin could have given to somebody else: by PCI address.
Names foreign_nics(const Facts& facts, const InsideJudgement& one) {
  Names foreign;
  for (const NetworkDevice& device : one.told->topology->network_devices) {
    if (!device.pci_address || one.given.nics.names.contains(device.name)) continue;
    for (const Published& published : published_devices(facts, one.node->node)) {
      const bool its = attribute_text(published, "pciAddress") == *device.pci_address ||
                       attribute_text(published, "pciBusID") == *device.pci_address;
      const bool given = one.given.nics.names.contains(attribute_text(published, "ifName"));
      if (its && !given) foreign.insert(device.name);
    }
  }
  return foreign;
}

void judge_interfaces(const Facts& facts, InsideJudgement& one) {
  const Topology& seen = *one.told->topology;
  Names there;
  for (const NetworkDevice& device : seen.network_devices)
    there.insert(device.name);
  one.interfaces = there.size();
  one.shares_network = one.node->topology && shares_network(seen, *one.node->topology);
  const Names has = one.shares_network ? Names{} : foreign_nics(facts, one);
  // A driver may give an interface another name inside, beside the pod's first; then only one too
  // few can be told.
  const Names lacks = without(one.given.nics.names, there);
  const bool renamed = !one.shares_network && there.size() > one.given.nics.count && has.empty();
  if (!renamed) add_faults("nic", lacks, has, one.faults);
}

void judge_devices(const Facts& facts, InsideJudgement& one) {
  const Topology& seen = *one.told->topology;
  const InsideView& inside = *seen.inside;
  judge_nodes("gpu", one.given.gpus, {}, inside, one.faults);
  if (!one.given.any_rdma)
    judge_nodes("rdma", one.given.rdma, one.given.may_rdma, inside, one.faults);
  judge_nodes("imex_channel", one.given.channels, {}, inside, one.faults);
  judge_driver(one.given, seen, one.faults);
  judge_environment(one.given, inside, one.faults);
  judge_interfaces(facts, one);
  for (const DeviceNode& node : inside.nodes) {
    one.accelerators += node.opens ? 1 : 0;
    one.stand_ins = one.stand_ins || node.stand_in;
  }
  one.stand_ins = one.stand_ins || (seen.gpus && seen.gpus->fake);
}

const NodeFacts* told_inside(const Facts& facts, const PlacedPod& pod) {
  for (const NodeFacts& told : facts.placed) {
    if (told.node == pod.binding.name) return &told;
  }
  return nullptr;
}

/// Why a pod cannot be judged; empty when it can.
std::string obstacle(const InsideJudgement& one) {
  if (one.node == nullptr) return "its node " + one.pod->binding.value + " is not of the stage";
  if (!one.told->topology) return "the agent in it told nothing: " + one.told->topology_problem;
  if (!one.told->topology->inside) return "the agent in it did not look at its device nodes";
  if (!one.asked) return "";
  if (!one.told->holdings)
    return "the kubelet's word on it is missing: " + one.told->holdings_problem;
  if (!one.given.words.empty() && one.given.opaque.size() == one.given.words.size())
    return "nothing inside tells what " + one.given.opaque.front() + " is";
  return "";
}

}  // namespace

std::vector<InsideJudgement> judge_inside(const Facts& facts) {
  std::vector<InsideJudgement> all;
  if (!facts.workloads) return all;
  for (const PlacedPod& pod : facts.workloads->pods) {
    const NodeFacts* const told = told_inside(facts, pod);
    if (told == nullptr) continue;
    InsideJudgement one;
    one.pod = &pod;
    one.told = told;
    one.node = facts_of(facts, pod.binding.value);
    one.asked = pod.workload != kBareWorkload;
    if (one.node != nullptr) one.given = given_inside(facts, *one.node, *told);
    one.unknown = obstacle(one);
    if (one.unknown.empty()) judge_devices(facts, one);
    all.push_back(std::move(one));
  }
  return all;
}

}  // namespace plumbline::netcheck
