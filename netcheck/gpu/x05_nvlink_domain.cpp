#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <string_view>
#include <utility>

#include "netcheck/expectations/gpu_paths.hpp"
#include "netcheck/gpu/claimed.hpp"
#include "netcheck/gpu/gpu_rules.hpp"
#include "netcheck/lookup.hpp"
#include "netcheck/rules/claim_devices.hpp"
#include "netcheck/rules/quote.hpp"

namespace plumbline::netcheck {
namespace {

constexpr double kLeastOfMedian = 0.9;  ///< kubernetes cross-check X05: below it a pair is slow
constexpr std::size_t kLeastPairs = 4;  ///< a median of fewer says nothing

/// A measured pair: its NVLinks and what one way by copy engine gave.
struct MeasuredPair {
  std::string from;
  std::string to;
  int links = 0;
  double value = 0;
  std::string key;
};

std::vector<MeasuredPair> measured_pairs(const Facts& facts, const NodeFacts& node) {
  std::map<std::string, MeasuredPair> largest;
  std::map<std::string, std::size_t> sizes;
  for (const Outcome* outcome : latest_outcomes(facts)) {
    const Measured* measured = outcome->measured();
    if (outcome->probe != "gpu_copy" || measured == nullptr || outcome->from.node != node.node)
      continue;
    const Gpu* from = find_gpu(*node.topology, outcome->from.device);
    const Gpu* to = find_gpu(*node.topology, outcome->to.device);
    if (from == nullptr || to == nullptr || from == to ||
        parameter(*outcome, "traffic") != "one_way" || parameter(*outcome, "engine") != "dma" ||
        parameter(*outcome, "direction") != "write")
      continue;
    const std::string pair = from->uuid + ">" + to->uuid;
    const std::string size = parameter(*outcome, "size");
    const std::size_t bytes = size.empty() ? 0 : std::stoull(size.substr(0, 15));
    if (largest.count(pair) > 0 && bytes < sizes[pair]) continue;
    sizes[pair] = bytes;
    largest[pair] = {from->uuid, to->uuid, nvlinks_between(*from, *to), measured->value,
                     outcome->key()};
  }
  std::vector<MeasuredPair> pairs;
  for (auto& [name, pair] : largest)
    pairs.push_back(std::move(pair));
  return pairs;
}

std::optional<double> median_with(const std::vector<MeasuredPair>& pairs, int links) {
  std::vector<double> values;
  for (const MeasuredPair& pair : pairs) {
    if (pair.links == links) values.push_back(pair.value);
  }
  if (values.size() < kLeastPairs) return std::nullopt;
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

/// GPUs that should be joined: what a pod was given, or what a claim's constraint covers.
struct Wanted {
  Subject subject;
  std::string title;  ///< "Pod ns/name on node-1 was given 4 GPUs"
  std::vector<std::string> uuids;
  std::optional<ClaimRef> claim;  ///< present: NVLink was asked for, not only to be hoped for
};

bool holds(const Wanted& wanted, const std::string& uuid) {
  return std::find(wanted.uuids.begin(), wanted.uuids.end(), uuid) != wanted.uuids.end();
}

/// The slowest pair of them that is far below pairs with as many links.
std::optional<std::pair<MeasuredPair, double>> slow_pair(const Facts& facts, const NodeFacts& node,
                                                         const Wanted& wanted) {
  const auto pairs = measured_pairs(facts, node);
  std::optional<std::pair<MeasuredPair, double>> slowest;
  for (const MeasuredPair& pair : pairs) {
    const auto median = median_with(pairs, pair.links);
    if (!median || pair.links == 0 || !holds(wanted, pair.from) || !holds(wanted, pair.to))
      continue;
    if (pair.value >= kLeastOfMedian * *median) continue;
    if (!slowest || pair.value < slowest->first.value) slowest = {pair, *median};
  }
  return slowest;
}

/// The first two of them that no NVLink joins.
std::optional<std::pair<std::string, std::string>> parted(const Topology& topology,
                                                          const Wanted& wanted) {
  for (const std::string& from : wanted.uuids) {
    for (const std::string& to : wanted.uuids) {
      const Gpu* one = find_gpu(topology, from);
      const Gpu* other = find_gpu(topology, to);
      if (one == nullptr || other == nullptr || one == other) continue;
      if (nvlinks_between(*one, *other) == 0) return std::make_pair(from, to);
    }
  }
  return std::nullopt;
}

bool any_nvlink(const Topology& topology) {
  for (const Gpu& gpu : topology.gpus->gpus) {
    for (const NvLink& link : gpu.links) {
      if (link.active) return true;
    }
  }
  return false;
}

/// No NVLink where one was asked for is a violation, where nobody asked a wish that was not met.
Finding without_nvlink(Finding finding, const Wanted& wanted, const std::string& why) {
  finding.message = wanted.title + " " + why;
  if (wanted.claim) {
    finding.verdict = Verdict::violation;
    finding.next_step =
        "Delete the pod and its claim so that it is allocated again; look at fabricmanager's "
        "partitions and at what the driver publishes for this attribute.";
  } else {
    finding.verdict = Verdict::preference_not_met;
    finding.next_step =
        "Ask for GPUs of one NVLink domain by a claim (gpu.nvidia.com/partitionN), or for all of a "
        "node.";
  }
  return finding;
}

Finding begin(const NodeFacts& node, const Wanted& wanted) {
  Finding finding = gpu_finding("X05", "A", Verdict::match, wanted.subject);
  finding.claim = wanted.claim;
  const std::string source = wanted.claim ? "ResourceSlices of " : "kubelet of ";
  finding.evidence.push_back({source + node.node, listed(wanted.uuids), ""});
  return finding;
}

Finding unseen(const NodeFacts& node, const Wanted& wanted, const std::string& why) {
  Finding finding = begin(node, wanted);
  finding.verdict = Verdict::unobservable;
  finding.message = wanted.title + "; whether NVLink joins them could not be seen: " + why + ".";
  finding.next_step = "Make the node's agent tell its GPUs, and run again.";
  return finding;
}

Finding too_slow(Finding finding, const NodeFacts& node, const Wanted& wanted,
                 const std::pair<MeasuredPair, double>& slow) {
  const auto& [pair, median] = slow;
  finding.verdict = Verdict::degraded;
  finding.subject = {"gpu_pair", node.node + "/" + pair.from + " -> " + pair.to, node.node, ""};
  finding.measurement = pair.key;
  finding.message = wanted.title + ", joined by NVLink, but " + pair.from + " -> " + pair.to +
                    " gives " + format_rate({pair.value}) + ", less than 0.9 of " +
                    format_rate({median}) + ", the median of pairs with " +
                    std::to_string(pair.links) + " links.";
  finding.next_step =
      "Look at the NVLinks of both GPUs (nvidia-smi nvlink -e) on " + node.node + ".";
  return finding;
}

Finding check(const Facts& facts, const NodeFacts& node, const Wanted& wanted) {
  if (!node.topology || !node.topology->gpus) return unseen(node, wanted, why_no_gpus(node));
  const Topology& topology = *node.topology;
  Finding finding = begin(node, wanted);
  if (std::any_of(wanted.uuids.begin(), wanted.uuids.end(), is_slice)) {
    return without_nvlink(std::move(finding), wanted,
                          "with MIG slices among them, which reach no other GPU.");
  }
  for (const std::string& uuid : wanted.uuids) {
    if (find_gpu(topology, uuid) == nullptr)
      return unseen(node, wanted, "the driver does not tell " + uuid);
  }
  if (const auto pair = parted(topology, wanted)) {
    if (!any_nvlink(topology) && !wanted.claim) {
      finding.verdict = Verdict::unclaimed;
      finding.message = wanted.title + "; no NVLink joins GPUs of this node.";
      return finding;
    }
    return without_nvlink(std::move(finding), wanted,
                          "of which no NVLink joins " + pair->first + " and " + pair->second + ".");
  }
  if (const auto slow = slow_pair(facts, node, wanted))
    return too_slow(std::move(finding), node, wanted, *slow);
  finding.message = wanted.title + ", each pair of them joined by NVLink.";
  return finding;
}

void add_given(const Facts& facts, std::vector<Finding>& findings) {
  for (const NodeFacts& node : facts.nodes) {
    const auto holders = gpu_holders(facts, node);
    if (!holders) continue;
    for (const GpuHolder& holder : *holders) {
      if (holder.uuids.size() < 2) continue;
      const Wanted wanted{{"pod", holder.pod, node.node, ""},
                          "Pod " + holder.pod + " on " + node.node + " was given " +
                              std::to_string(holder.uuids.size()) + " GPUs",
                          holder.uuids,
                          std::nullopt};
      findings.push_back(check(facts, node, wanted));
    }
  }
}

/// True for an attribute by which NVIDIA's driver tells which GPUs NVLink joins: partition2,
/// partition4, ... (the NVSwitch partitions of the Fabric Manager), clique, nvlinkDomain.
bool tells_nvlink(const std::string& attribute) {
  constexpr std::array<std::string_view, 3> names{"partition", "clique", "nvlink"};
  const auto slash = attribute.find('/');
  if (slash == std::string::npos || attribute.substr(0, slash) != "gpu.nvidia.com") return false;
  const std::string name = attribute.substr(slash + 1);
  return std::any_of(names.begin(), names.end(),
                     [&](std::string_view begin) { return name.rfind(begin, 0) == 0; });
}

/// The GPUs that a constraint covers, by UUID; of one that no slice tells, its name.
std::vector<std::string> covered(const Facts& facts, const DeviceClaim& claim,
                                 const DeviceConstraint& constraint) {
  std::vector<std::string> uuids;
  for (const AllocatedDevice& given : claim.devices) {
    if (given.admin_access || !covers(constraint, given.request)) continue;
    std::string uuid = given.device;
    for (const Published& published : published_gpus(facts, claim.node)) {
      const bool same =
          published.slice->driver == given.driver && published.slice->pool == given.pool;
      if (!same || published.device->name != given.device) continue;
      const std::string told = attribute_text(published, "uuid");
      if (!told.empty()) uuid = told;
    }
    uuids.push_back(std::move(uuid));
  }
  return uuids;
}

/// Claims that asked for GPUs of one NVLink domain and were allocated.
void add_claimed(const Facts& facts, std::vector<Finding>& findings) {
  if (!facts.claims) return;
  for (const DeviceClaim& claim : facts.claims->claims) {
    const NodeFacts* const node = find_node(facts, claim.node);
    if (!claim.allocated || claim.is_template || node == nullptr) continue;
    for (std::size_t i = 0; i < claim.constraints.size(); ++i) {
      const DeviceConstraint& asked = claim.constraints[i];
      if (asked.distinct || !tells_nvlink(asked.attribute)) continue;
      auto uuids = covered(facts, claim, asked);
      if (uuids.size() < 2) continue;
      Wanted wanted{{"claim", full_name(claim.meta), node->node, ""},
                    "",
                    std::move(uuids),
                    quote_constraint(claim, i)};
      wanted.title = "Claim " + full_name(claim.meta) + " asks for GPUs of one " + asked.attribute +
                     " and was given " + std::to_string(wanted.uuids.size());
      findings.push_back(check(facts, *node, wanted));
    }
  }
}

}  // namespace

std::vector<Finding> x05_nvlink_domain(const Facts& facts) {
  std::vector<Finding> findings;
  add_given(facts, findings);
  add_claimed(facts, findings);
  return findings;
}

}  // namespace plumbline::netcheck
