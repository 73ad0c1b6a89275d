#include <algorithm>
#include <array>

#include "netcheck/requirements/placed_evidence.hpp"
#include "netcheck/rules/attributes.hpp"
#include "netcheck/rules/inside.hpp"
#include "netcheck/rules/lookup.hpp"
#include "netcheck/rules/quote.hpp"

namespace plumbline::netcheck {
namespace {

using Judgements = std::vector<InsideJudgement>;

PlacedEvidence missing(const std::string& why) { return {false, why}; }

std::string pod_text(const InsideJudgement& one) {
  return "pod " + one.pod->binding.name + " on " + one.pod->binding.value;
}

/// The first pod that cannot be judged, or sees what it must not; null when every one is exact.
const InsideJudgement* first_inexact(const Judgements& all) {
  const auto found =
      std::find_if(all.begin(), all.end(), [](const auto& one) { return !one.exact(); });
  return found == all.end() ? nullptr : &*found;
}

PlacedEvidence inexact(const InsideJudgement& one) {
  return missing(pod_text(one) + (one.unknown.empty() ? " does not find what it was given (X04)"
                                                      : " could not be judged: " + one.unknown));
}

/// How many accelerators a node has by its own agent, described ones left out.
std::size_t accelerators_of(const NodeFacts* node) {
  if (node == nullptr || !node->topology) return 0;
  const Topology& topology = *node->topology;
  const bool real = topology.gpus && !topology.gpus->fake;
  return (real ? topology.gpus->gpus.size() : 0) + topology.rdma_devices.size();
}

/// Pods with a claim that can open accelerators of their node, and not all that there are: alone
/// they show that the rest is kept from them.
bool shows_rest(const Judgements& all, const InsideJudgement& one) {
  if (accelerators_of(one.node) > one.accelerators) return true;
  return std::any_of(all.begin(), all.end(), [&](const auto& other) {
    return other.pod != one.pod && other.node == one.node && other.accelerators > 0 &&
           other.pod->workload == one.pod->workload;
  });
}

PlacedEvidence bare_pod(const Judgements& all) {
  const auto bare = std::find_if(
      all.begin(), all.end(), [](const auto& one) { return one.pod->workload == kBareWorkload; });
  if (bare == all.end()) return missing("no pod that asks for no device was looked into");
  const bool something =
      accelerators_of(bare->node) > 0 || std::any_of(all.begin(), all.end(), [&](const auto& one) {
        return one.node == bare->node && one.accelerators > 0;
      });
  if (!something)
    return missing("on " + bare->pod->binding.value + ", where " + pod_text(*bare) +
                   " asked for no device, there is no GPU, RDMA or IMEX node to be kept from it: "
                   "stage it where accelerators are");
  return {true, pod_text(*bare) + ", which asked for no device, found none."};
}

/// Why the driver's word on GPUs inside, and so on peers, is missing; empty when it is there.
std::string driver_silent(const InsideJudgement& one) {
  const Topology& seen = *one.told->topology;
  if (one.given.gpus.count == 0 || seen.gpus) return "";
  return "the GPUs' driver told nothing in " + pod_text(one) +
         (seen.gpus_problem.empty() ? "" : " (" + seen.gpus_problem + ")") +
         ", so that which peers it reaches is not known";
}

PlacedEvidence isolation(const Judgements& all) {
  if (const auto* const one = first_inexact(all)) return inexact(*one);
  const PlacedEvidence bare = bare_pod(all);
  if (!bare.whole) return bare;
  std::string told;
  for (const InsideJudgement& one : all) {
    if (one.stand_ins)
      return missing("the device nodes in " + pod_text(one) +
                     " are stand-ins, which are no evidence");
    if (one.accelerators == 0 || !one.asked) continue;
    if (const std::string why = driver_silent(one); !why.empty()) return missing(why);
    if (told.empty() && shows_rest(all, one))
      told = pod_text(one) + " found its own " + std::to_string(one.accelerators) +
             " and none of the others there.";
  }
  if (told.empty())
    return missing(
        "no pod that was given some of a node's accelerators and not all was looked "
        "into");
  return {true, bare.text + " " + told};
}

PlacedEvidence interfaces(const Judgements& all) {
  if (const auto* const one = first_inexact(all)) return inexact(*one);
  std::size_t pods = 0;
  for (const InsideJudgement& one : all) {
    if (one.given.nics.count == 0) continue;
    if (one.shares_network)
      return missing(pod_text(one) +
                     " is in its node's network namespace: the interfaces that it sees are the "
                     "node's and not its own");
    if (one.interfaces <= one.given.nics.count)
      return missing(pod_text(one) + " sees " + std::to_string(one.interfaces) +
                     " interfaces, not one beside the " + std::to_string(one.given.nics.count) +
                     " that it was given");
    ++pods;
  }
  if (pods == 0) return missing("no pod that was given a network device was looked into");
  return {true, std::to_string(pods) + (pods == 1 ? " pod" : " pods") +
                    " found the interfaces that they were given beside their first, and no other."};
}

/// The published network devices that a pod was given by DRA.
std::vector<Published> given_published(const Facts& facts, const InsideJudgement& one) {
  std::vector<Published> all;
  if (!one.told->holdings) return all;
  for (const Holding& holding : one.told->holdings->holdings) {
    if (holding.driver.empty() || !is_network_driver(facts, holding.driver)) continue;
    const auto found = find_published(facts, holding.driver, holding.pool, holding.device);
    if (found) all.push_back(*found);
  }
  return all;
}

const NetworkDevice* seen_as(const Topology& seen, const Published& published) {
  for (const NetworkDevice& device : seen.network_devices) {
    const std::string pci = device.pci_address.value_or("");
    const bool its = (!pci.empty() && (attribute_text(published, "pciAddress") == pci ||
                                       attribute_text(published, "pciBusID") == pci)) ||
                     (!device.mac.empty() && attribute_text(published, "mac") == device.mac);
    if (its) return &device;
  }
  return nullptr;
}

/// A characteristic that KAR-0010 names, and the attributes by which drivers publish it.
struct Characteristic {
  const char* name;
  std::array<const char*, 4> attributes;
};
constexpr std::array<Characteristic, 5> kCharacteristics{{
    {"interface type", {"type", "encapsulation", "linkType", ""}},
    {"bandwidth", {"bandwidth", "linkSpeed", "speed", ""}},
    {"RDMA capability", {"rdma", "rdmaCapable", "rdmaDevice", ""}},
    {"PCI bus ID", {"pciBusID", "pciAddress", "", ""}},
    {"NUMA node affinity", {"numaNode", "numa", "", ""}},
}};

std::string unpublished(const Published& published) {
  std::vector<std::string> names;
  for (const Characteristic& one : kCharacteristics) {
    const bool there = std::any_of(one.attributes.begin(), one.attributes.end(), [&](auto* name) {
      return name[0] != '\0' && find_attribute(published, name) != nullptr;
    });
    if (!there) names.emplace_back(one.name);
  }
  return names.empty() ? "" : listed(names);
}

/// What one device's slice publishes against what its pod sees; empty text when all of it holds.
PlacedEvidence published_truly(const InsideJudgement& one, const Published& published) {
  const std::string device =
      published.slice->driver + "/" + published.slice->pool + "/" + published.device->name;
  const NetworkDevice* const seen = seen_as(*one.told->topology, published);
  if (seen == nullptr)
    return missing(device + " cannot be told among what " + pod_text(one) + " sees");
  PodSandbox inside;  // the pod's own names and addresses are not what the slice means
  for (const Compared& compared : compare_attributes(published, {seen, &inside, nullptr})) {
    if (compared.agreement != Agreement::different) continue;
    return {false,
            "slice " + published.slice->meta.name + " publishes " + compared.key + " = " +
                compared.claimed + " of " + device + ", and " + pod_text(one) + " sees " +
                compared.there,
            true};
  }
  if (const std::string lacks = unpublished(published); !lacks.empty())
    return missing("no slice publishes " + lacks + " of " + device);
  return {true, ""};
}

PlacedEvidence characteristics(const Facts& facts, const Judgements& all) {
  std::size_t devices = 0;
  PlacedEvidence first{true, ""};
  for (const InsideJudgement& one : all) {
    if (!one.unknown.empty()) continue;
    for (const Published& published : given_published(facts, one)) {
      ++devices;
      const PlacedEvidence told = published_truly(one, published);
      if (told.contradicts) return told;
      if (first.whole && !told.whole) first = told;
    }
  }
  if (devices == 0)
    return missing(
        "no pod holds a network device that a slice publishes: without DRA nothing in "
        "the cluster tells of its type, bandwidth, RDMA, PCI bus ID and NUMA node");
  if (!first.whole) return first;
  return {true, std::to_string(devices) + " given devices are published as their pods see them."};
}

PlacedEvidence claimed(const Judgements& all) {
  if (const auto* const one = first_inexact(all)) return inexact(*one);
  std::size_t devices = 0;
  for (const InsideJudgement& one : all) {
    if (!one.told->holdings) continue;
    const auto& held = one.told->holdings->holdings;
    const auto own = std::count_if(held.begin(), held.end(),
                                   [](const Holding& holding) { return !holding.driver.empty(); });
    if (own > 0 && one.stand_ins)
      return missing("the device nodes in " + pod_text(one) + " are stand-ins, no evidence");
    if (own > 0 && !one.given.opaque.empty())
      return missing("nothing in " + pod_text(one) + " tells of " + one.given.opaque.front());
    devices += static_cast<std::size_t>(own);
  }
  if (devices == 0) return missing("no pod that was given a device by a claim was looked into");
  return {true, std::to_string(devices) +
                    " devices that claims gave to pods are what these found inside."};
}

/// The driver version that a node's GPUs are published with: by DRA first, then by label.
std::pair<std::string, std::string> advertised(const Facts& facts, const std::string& node) {
  if (!facts.claims) return {};
  for (const SliceClaim& slice : facts.claims->slices) {
    if (slice.node != node || slice.driver != "gpu.nvidia.com") continue;
    for (const SliceDevice& device : slice.devices) {
      const std::string version = attribute_text({&slice, &device}, "driverVersion");
      if (!version.empty()) return {version, "slice " + slice.meta.name};
    }
  }
  constexpr const char* kLabel = "nvidia.com/cuda.driver-version.full";
  for (const NodeClaim& claim : facts.claims->nodes) {
    const auto found = claim.meta.labels.find(kLabel);
    if (claim.meta.name == node && found != claim.meta.labels.end())
      return {found->second, std::string("label ") + kLabel + " of node " + node};
  }
  return {};
}

/// "550.54.15" and "550.54.15.0" are one.
bool same_version(const std::string& one, const std::string& other) {
  const auto& [shorter, longer] =
      one.size() < other.size() ? std::tie(one, other) : std::tie(other, one);
  return longer.starts_with(shorter) &&
         longer.find_first_not_of(".0", shorter.size()) == std::string::npos;
}

PlacedEvidence driver(const Facts& facts, const Judgements& all) {
  std::size_t pods = 0;
  for (const InsideJudgement& one : all) {
    if (!one.told->topology || one.given.gpus.count == 0) continue;
    const auto& gpus = one.told->topology->gpus;
    if (!gpus) return missing(driver_silent(one));
    if (gpus->fake) return missing("the driver in " + pod_text(one) + " is a fake, no evidence");
    const auto [version, source] = advertised(facts, one.pod->binding.value);
    if (version.empty())
      return missing("neither a slice nor a label publishes the driver version of " +
                     one.pod->binding.value);
    if (!same_version(version, gpus->driver_version)) {
      return {false,
              source + " says driver version " + version + ", and the driver in " + pod_text(one) +
                  " says " + gpus->driver_version,
              true};
    }
    ++pods;
  }
  if (pods == 0) return missing("no pod that was given a GPU was looked into");
  return {true, "In " + std::to_string(pods) + (pods == 1 ? " pod" : " pods") +
                    " the driver says the version that the cluster publishes."};
}

}  // namespace

PlacedEvidence evidence_inside(const Facts& facts, SeenInside what) {
  const auto all = judge_inside(facts);
  if (all.empty()) return missing("no pod of the stage's own was looked into");
  switch (what) {
    case SeenInside::isolation:
      return isolation(all);
    case SeenInside::interfaces:
      return interfaces(all);
    case SeenInside::characteristics:
      return characteristics(facts, all);
    case SeenInside::claimed:
      return claimed(all);
    case SeenInside::driver:
      return driver(facts, all);
    case SeenInside::nothing:
      break;
  }
  return missing("nothing");
}

}  // namespace plumbline::netcheck
