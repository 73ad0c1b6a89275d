#include <algorithm>
#include <optional>
#include <tuple>

#include "netcheck/expectations/rates.hpp"
#include "netcheck/inference/levels.hpp"
#include "netcheck/lookup.hpp"

namespace plumbline::netcheck {
namespace {

/// What a NIC's payload rate is, when it is known.
std::optional<double> nic_carries(const Facts& facts, const std::string& node,
                                  const std::string& rail) {
  const auto rate = hop_rate(facts, {ComponentKind::nic, node, rail}, false);
  if (!rate) return std::nullopt;
  return rate->rate.value * rate->payload.share;
}

/// The better direction of each pair of nodes on each rail, as measured.
std::vector<Edge> measured_edges(const Facts& facts, const std::vector<std::string>& nodes) {
  const auto outcomes = latest_outcomes(facts);
  const std::string size = judged_size(outcomes);
  std::map<std::pair<std::size_t, std::size_t>, Edge> found;
  for (const Outcome* outcome : outcomes) {
    const Measured* measured = outcome->measured();
    if (measured == nullptr || !is_judged_goodput(*outcome, size)) continue;
    if (parameter(*outcome, "direction") != "one_way") continue;
    const auto from = std::find(nodes.begin(), nodes.end(), outcome->from.node);
    const auto to = std::find(nodes.begin(), nodes.end(), outcome->to.node);
    if (from == nodes.end() || to == nodes.end() || from == to) continue;
    const auto a = static_cast<std::size_t>(std::min(from, to) - nodes.begin());
    const auto b = static_cast<std::size_t>(std::max(from, to) - nodes.begin());
    Edge& edge = found[{a, b}];
    std::tie(edge.a, edge.b) = std::make_pair(a, b);
    RailShare& share = edge.rails[outcome->from.rail];
    if (measured->value <= share.value.value) continue;
    share.value = {measured->value};
    share.key = outcome->key();
  }
  std::vector<Edge> edges;
  for (auto& [ends, edge] : found)
    edges.push_back(std::move(edge));
  return edges;
}

/// Best goodput seen on each rail: what a NIC carries where nothing is known of it.
std::map<std::string, double> best_by_rail(const std::vector<Edge>& edges) {
  std::map<std::string, double> best;
  for (const Edge& edge : edges) {
    for (const auto& [rail, share] : edge.rails) {
      best[rail] = std::max(best[rail], share.value.value);
    }
  }
  return best;
}

/// The least declared uplink of each rail, as a share of a declared NIC.
std::map<std::string, double> uplink_shares(const Facts& facts) {
  std::map<std::string, double> shares;
  if (facts.fabric.rack_label.empty()) return shares;
  for (const DeclaredRail& rail : facts.fabric.rails) {
    if (!rail.nic_rate || rail.nic_rate->value <= 0) continue;
    std::optional<double> least;
    if (rail.uplink_rate) least = rail.uplink_rate->value;
    for (const auto& [rack, rate] : rail.uplinks) {
      least = std::min(least.value_or(rate.value), rate.value);
    }
    if (least) shares[rail.name] = *least / rail.nic_rate->value;
  }
  return shares;
}

}  // namespace

Edges edges_of(const Facts& facts) {
  Edges edges;
  for (const NodeFacts& node : facts.nodes)
    edges.nodes.push_back(node.node);
  edges.edges = measured_edges(facts, edges.nodes);
  edges.uplink_shares = uplink_shares(facts);
  const auto best = best_by_rail(edges.edges);
  for (Edge& edge : edges.edges) {
    for (auto& [rail, share] : edge.rails) {
      const auto one = nic_carries(facts, edges.nodes[edge.a], rail);
      const auto other = nic_carries(facts, edges.nodes[edge.b], rail);
      const double full = one && other ? std::min(*one, *other) : best.at(rail);
      share.share = full > 0 ? share.value.value / full : 0;
    }
  }
  return edges;
}

}  // namespace plumbline::netcheck
