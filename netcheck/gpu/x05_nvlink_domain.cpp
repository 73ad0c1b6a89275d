#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "netcheck/expectations/gpu_paths.hpp"
#include "netcheck/gpu/claimed.hpp"
#include "netcheck/gpu/gpu_rules.hpp"
#include "netcheck/lookup.hpp"
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

bool holds(const GpuHolder& holder, const std::string& uuid) {
  return std::find(holder.uuids.begin(), holder.uuids.end(), uuid) != holder.uuids.end();
}

/// The slowest pair of the pod that is far below pairs with as many links.
std::optional<std::pair<MeasuredPair, double>> slow_pair(const Facts& facts, const NodeFacts& node,
                                                         const GpuHolder& holder) {
  const auto pairs = measured_pairs(facts, node);
  std::optional<std::pair<MeasuredPair, double>> slowest;
  for (const MeasuredPair& pair : pairs) {
    const auto median = median_with(pairs, pair.links);
    if (!median || pair.links == 0 || !holds(holder, pair.from) || !holds(holder, pair.to))
      continue;
    if (pair.value >= kLeastOfMedian * *median) continue;
    if (!slowest || pair.value < slowest->first.value) slowest = {pair, *median};
  }
  return slowest;
}

/// The first two GPUs of the pod that no NVLink joins.
std::optional<std::pair<std::string, std::string>> parted(const Topology& topology,
                                                          const GpuHolder& holder) {
  for (const std::string& from : holder.uuids) {
    for (const std::string& to : holder.uuids) {
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

Finding explained(Finding finding, const std::string& what, const std::string& why) {
  finding.verdict = Verdict::preference_not_met;
  finding.message = what + " " + why;
  finding.next_step =
      "Ask for GPUs of one NVLink domain by a claim (gpu.nvidia.com/partitionN), or for all of a "
      "node.";
  return finding;
}

Finding check(const Facts& facts, const NodeFacts& node, const GpuHolder& holder) {
  const Topology& topology = *node.topology;
  Finding finding = gpu_finding("X05", "A", Verdict::match, {"pod", holder.pod, node.node, ""});
  finding.evidence.push_back({"kubelet of " + node.node, listed(holder.uuids), ""});
  const std::string what = "Pod " + holder.pod + " on " + node.node + " was given " +
                           std::to_string(holder.uuids.size()) + " GPUs";
  if (std::any_of(holder.uuids.begin(), holder.uuids.end(), is_slice)) {
    return explained(std::move(finding), what,
                     "with MIG slices among them, which reach no other GPU.");
  }
  for (const std::string& uuid : holder.uuids) {
    if (find_gpu(topology, uuid) != nullptr) continue;
    finding.verdict = Verdict::unobservable;
    finding.message = what + ", of which the driver does not tell " + uuid + ".";
    finding.next_step = "Look for that GPU on " + node.node + " (dmesg, nvidia-smi -L).";
    return finding;
  }
  if (const auto pair = parted(topology, holder)) {
    if (!any_nvlink(topology)) {
      finding.verdict = Verdict::unclaimed;
      finding.message = what + "; no NVLink joins GPUs of this node.";
      return finding;
    }
    return explained(std::move(finding), what,
                     "of which no NVLink joins " + pair->first + " and " + pair->second + ".");
  }
  if (const auto slow = slow_pair(facts, node, holder)) {
    const auto& [pair, median] = *slow;
    finding.verdict = Verdict::degraded;
    finding.subject = {"gpu_pair", node.node + "/" + pair.from + " -> " + pair.to, node.node, ""};
    finding.measurement = pair.key;
    finding.message = what + ", joined by NVLink, but " + pair.from + " -> " + pair.to + " gives " +
                      format_rate({pair.value}) + ", less than 0.9 of " + format_rate({median}) +
                      ", the median of pairs with " + std::to_string(pair.links) + " links.";
    finding.next_step =
        "Look at the NVLinks of both GPUs (nvidia-smi nvlink -e) on " + node.node + ".";
    return finding;
  }
  finding.message = what + ", each pair of them joined by NVLink.";
  return finding;
}

}  // namespace

std::vector<Finding> x05_nvlink_domain(const Facts& facts) {
  std::vector<Finding> findings;
  for (const NodeFacts& node : facts.nodes) {
    const auto holders = gpu_holders(facts, node);
    if (!holders) continue;
    for (const GpuHolder& holder : *holders) {
      if (holder.uuids.size() < 2) continue;
      if (node.topology && node.topology->gpus) {
        findings.push_back(check(facts, node, holder));
        continue;
      }
      Finding finding =
          gpu_finding("X05", "A", Verdict::unobservable, {"pod", holder.pod, node.node, ""});
      finding.message = "Whether NVLink joins the GPUs of pod " + holder.pod + " on " + node.node +
                        " could not be seen: " + why_no_gpus(node) + ".";
      finding.next_step = "Make the node's agent tell its GPUs, and run again.";
      findings.push_back(std::move(finding));
    }
  }
  return findings;
}

}  // namespace plumbline::netcheck
