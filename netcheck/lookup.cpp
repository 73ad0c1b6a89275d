#include "netcheck/lookup.hpp"

#include <charconv>
#include <cstdint>
#include <map>

#include "netcheck/rules/facts_index.hpp"

namespace plumbline::netcheck {
namespace {

std::uint64_t number(const std::string& text) {
  std::uint64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

/// Probe, ends and direction: what is left of an identity when its size is not known.
std::string sizeless_key(const Outcome& outcome) {
  Outcome bare;
  bare.probe = outcome.probe;
  bare.from = outcome.from;
  bare.to = outcome.to;
  bare.parameters = outcome.parameters;
  bare.parameters.erase("size");
  return bare.key();
}

}  // namespace

const NodeFacts* facts_of(const Facts& facts, const std::string& node) {
  if (const FactsIndex* index = facts.index.get()) return found_under(index->nodes, node);
  for (const NodeFacts& candidate : facts.nodes) {
    if (candidate.node == node) return &candidate;
  }
  return nullptr;
}

const DeclaredRail* find_rail(const Facts& facts, const std::string& rail) {
  for (const DeclaredRail& candidate : facts.fabric.rails) {
    if (candidate.name == rail) return &candidate;
  }
  return nullptr;
}

const NetworkDevice* nic_on(const Facts& facts, const std::string& node, const std::string& rail) {
  const NodeFacts* told = facts_of(facts, node);
  if (told == nullptr || !told->topology) return nullptr;
  for (const NetworkDevice& device : told->topology->network_devices) {
    if (rail_of(facts.fabric, device) == rail) return &device;
  }
  return nullptr;
}

const NodeClaim* find_node_claim(const Facts& facts, const std::string& node) {
  if (!facts.claims) return nullptr;
  if (const FactsIndex* index = facts.index.get()) return found_under(index->node_claims, node);
  for (const NodeClaim& claim : facts.claims->nodes) {
    if (claim.meta.name == node) return &claim;
  }
  return nullptr;
}

std::optional<std::string> labelled_rack(const Facts& facts, const std::string& node) {
  if (facts.fabric.rack_label.empty()) return std::nullopt;
  const NodeClaim* claim = find_node_claim(facts, node);
  if (claim == nullptr) return std::nullopt;
  const auto label = claim->meta.labels.find(facts.fabric.rack_label);
  if (label == claim->meta.labels.end() || label->second.empty()) return std::nullopt;
  return label->second;
}

std::vector<const Outcome*> latest_outcomes(const Facts& facts) {
  std::vector<const Outcome*> order;
  std::map<std::string, std::size_t> place;
  std::map<std::string, bool> sized;
  for (const Outcome& outcome : facts.outcomes) {
    const auto [at, fresh] = place.emplace(outcome.key(), order.size());
    if (fresh) {
      order.push_back(&outcome);
    } else {
      order[at->second] = &outcome;
    }
    if (outcome.parameters.count("size") != 0) sized[sizeless_key(outcome)] = true;
  }
  std::vector<const Outcome*> kept;
  for (const Outcome* outcome : order) {
    const bool superseded =
        outcome->parameters.count("size") == 0 && sized.count(outcome->key()) != 0;
    if (!superseded) kept.push_back(outcome);
  }
  return kept;
}

std::string judged_size(const std::vector<const Outcome*>& outcomes) {
  std::string largest;
  for (const Outcome* outcome : outcomes) {
    if (outcome->probe != "pair_goodput") continue;
    const std::string size = parameter(*outcome, "size");
    if (number(size) > number(largest)) largest = size;
  }
  return largest;
}

std::string parameter(const Outcome& outcome, const std::string& name) {
  const auto found = outcome.parameters.find(name);
  return found == outcome.parameters.end() ? std::string() : found->second;
}

bool is_judged_goodput(const Outcome& outcome, const std::string& size) {
  if (outcome.probe != "pair_goodput") return false;
  const std::string own = parameter(outcome, "size");
  return own.empty() || own == size;
}

}  // namespace plumbline::netcheck
