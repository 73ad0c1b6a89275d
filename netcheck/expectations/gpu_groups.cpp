#include "netcheck/expectations/gpu_groups.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdio>
#include <set>
#include <string_view>

#include "netcheck/expectations/rate_table.hpp"
#include "netcheck/groups/domains.hpp"
#include "netcheck/groups/group_scene.hpp"
#include "netcheck/lookup.hpp"

namespace plumbline::netcheck {
namespace {

constexpr double kLeast = 0.90;  ///< share of a healthy machine's figure from which a number is ok
constexpr std::array<const char*, 7> kNumbered{"TREE", "RING",     "COLLNET", "COLLNET",
                                               "NVLS", "NVLSTREE", "PAT"};

/// One GPU's active NVLinks and what is known of one.
struct Links {
  double count = 0;
  double generation = 0;
};

/// The least of all GPUs of these nodes; nothing where a GPU tells of no active link.
std::optional<Links> least_links(const Facts& facts, const std::vector<std::string>& nodes) {
  std::optional<Links> least;
  for (const std::string& name : nodes) {
    const NodeFacts* node = facts_of(facts, name);
    for (std::size_t index = 0; node != nullptr && index < gpu_count(*node); ++index) {
      Links links;
      for (const NvLink& link : node->topology->gpus->gpus[index].links) {
        if (!link.active) continue;
        links.count += 1;
        links.generation = link.generation.value_or(0);
      }
      if (links.count == 0) return std::nullopt;
      if (!least || links.count < least->count) least = links;
    }
  }
  return least;
}

/// The least sum of a node's RDMA port rates.
std::optional<double> least_egress(const Facts& facts, const std::vector<std::string>& nodes) {
  std::optional<double> least;
  for (const std::string& name : nodes) {
    const NodeFacts* node = facts_of(facts, name);
    double sum = 0;
    if (node == nullptr || !node->topology) return std::nullopt;
    for (const RdmaDevice& device : node->topology->rdma_devices) {
      for (const RdmaPort& port : device.ports) {
        if (port.rate) sum += port.rate->value;
      }
    }
    if (sum <= 0) return std::nullopt;
    least = least ? std::min(*least, sum) : sum;
  }
  return least;
}

std::string words(const char* format, double value) {
  std::array<char, 64> text{};
  static_cast<void>(std::snprintf(text.data(), text.size(), format, value));
  return text.data();
}

Expected over_links(const Links& links, const char* what, const std::string& note) {
  const RateRow* rate = known_rates().find(what, links.generation);
  const RateRow* share = known_rates().find("nccl_ring", links.generation);
  const bool ring = std::string(what) == "nccl_link";
  if (rate == nullptr || (ring && share == nullptr))
    return {{}, {}, "nothing is known of NCCL over NVLink " + words("%g", links.generation)};
  Expectation expectation;
  const double reached = ring ? share->value : 1;
  expectation.rate = {links.count * rate->value * reached};
  expectation.derivation = words("%g", links.count) + " NVLinks " +
                           words("of generation %g", links.generation) + " x " +
                           format_rate({rate->value}) + " (" + rate->source + ")";
  if (ring) expectation.derivation += " x " + words("%.3f", reached) + " (" + share->source + ")";
  expectation.derivation += note + "; ok from " + words("%.2f", kLeast) + " of it on";
  expectation.source = rate->source;
  expectation.threshold = kLeast;
  Expected expected;
  expected.ceiling = {expectation.rate.value / reached * 1.2};
  expected.expectation = std::move(expectation);
  return expected;
}

Expected within(Expected ring, double egress, std::size_t nodes) {
  if (ring.expectation && ring.expectation->rate.value <= egress) return ring;
  Expectation expectation;
  expectation.rate = {egress};
  expectation.derivation = "a ring over " + std::to_string(nodes) +
                           " nodes leaves each with its bus bandwidth: " + format_rate({egress}) +
                           " over the NICs of the node with least; ok from " +
                           words("%.2f", kLeast) + " of it on";
  expectation.source = "port rates of the RDMA devices";
  expectation.threshold = kLeast;
  return {expectation, {egress}, {}};
}

}  // namespace

bool is_gpu_collective(const Outcome& outcome) {
  return is_collective(outcome) && outcome.from.rail.empty() &&
         parameter(outcome, "transport").empty();
}

namespace {

/// The algorithm that NCCL's profiler interface told of all collectives: "24 collectives
/// (RING/SIMPLE 24)". Empty for several, or none.
std::string profiled_algorithm(const Measured& measured) {
  constexpr std::string_view mark = " collectives (";
  std::set<std::string> algorithms;
  for (const Proof& proof : measured.proof) {
    const std::size_t at = proof.statement.find(mark);
    if (proof.kind != "profiler" || at == std::string::npos) continue;
    std::string list = proof.statement.substr(at + mark.size());
    list = list.substr(0, list.find(')'));
    for (std::size_t from = 0; from < list.size();) {
      const std::size_t comma = std::min(list.find(", ", from), list.size());
      std::string word = list.substr(from, comma - from);
      word = word.substr(0, word.find('/'));
      std::erase(word, '_');
      algorithms.insert(word.starts_with("COLLNET") ? "COLLNET" : word);
      from = comma + 2;
    }
  }
  return algorithms.size() == 1 ? *algorithms.begin() : std::string();
}

}  // namespace

std::string nccl_algorithm(const Outcome& outcome) {
  const Measured* measured = outcome.measured();
  if (measured == nullptr) return {};
  const std::string mark = " " + parameter(outcome, "size") + " B: Algo ";
  for (const Proof& proof : measured->proof) {
    const std::size_t at = proof.statement.find(mark);
    if (proof.kind != "library" || at == std::string::npos) continue;
    std::string word = proof.statement.substr(at + mark.size());
    word = word.substr(0, word.find_first_of(" ,;"));
    std::erase(word, '_');
    const bool number = word.size() == 1 && word[0] >= '0' && word[0] <= '6';
    if (number) return kNumbered.at(static_cast<std::size_t>(word[0] - '0'));
    return word;
  }
  return profiled_algorithm(*measured);
}

Expected expect_gpu_group(const Facts& facts, const Outcome& outcome,
                          const std::vector<std::string>& nodes) {
  const std::string algorithm = nccl_algorithm(outcome);
  if (algorithm.empty())
    return {{}, {}, "NCCL did not tell its algorithm, and each has another wire load"};
  std::set<std::string> domains;
  for (const std::string& name : nodes) {
    const NodeFacts* node = facts_of(facts, name);
    domains.insert(node == nullptr ? name : nvlink_domain(*node, 0));
  }
  const auto links = least_links(facts, nodes);
  if (algorithm == "NVLS" && domains.size() == 1 && links)
    return over_links(*links, "nccl_nvls", " (calibrated, not derived: NVLS adds in the switch)");
  if (algorithm != "RING")
    return {{}, {}, "the bus bandwidth of " + algorithm + " is no wire load, only peers judge it"};
  const Expected ring = links ? over_links(*links, "nccl_link", "")
                              : Expected{{}, {}, "a GPU of the group tells of no active NVLink"};
  if (domains.size() == 1) return ring;
  const auto egress = least_egress(facts, nodes);
  if (!egress) return {{}, {}, "the rates of a node's NICs are not known"};
  return within(ring, *egress, nodes.size());
}

}  // namespace plumbline::netcheck
