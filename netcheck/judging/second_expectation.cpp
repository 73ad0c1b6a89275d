#include "netcheck/judging/second_expectation.hpp"

#include <charconv>
#include <set>
#include <utility>

#include "netcheck/expectations/gpu_paths.hpp"
#include "netcheck/expectations/peers.hpp"
#include "netcheck/groups/group_scene.hpp"
#include "netcheck/lookup.hpp"

namespace plumbline::netcheck {
namespace {

constexpr double kLeastOfPeers = 0.9;  ///< the share from which a link's own rate is ok too

std::uint64_t size_of(const Outcome& outcome) {
  const std::string text = parameter(outcome, "size");
  std::uint64_t size = 0;
  std::from_chars(text.data(), text.data() + text.size(), size);
  return size;
}

/// The same measurement at another size.
bool same_but_size(const Outcome& one, const Outcome& other) {
  auto mine = one.parameters;
  auto its = other.parameters;
  mine.erase("size");
  its.erase("size");
  return one.probe == other.probe && one.from == other.from && one.to == other.to && mine == its;
}

std::string pair_kind(const Judged& judged, const Outcome& outcome) {
  if (!is_judged_goodput(outcome, judged.size)) return {};
  const auto from = judged.racks.of.find(outcome.from.node);
  const auto to = judged.racks.of.find(outcome.to.node);
  const bool known = from != judged.racks.of.end() && to != judged.racks.of.end();
  const std::string distance = !judged.racks.declared       ? "flat"
                               : !known                     ? "unknown"
                               : from->second == to->second ? "in a rack"
                                                            : "between racks";
  return "pair " + parameter(outcome, "direction") + " " + outcome.from.rail + " " + distance;
}

/// Groups of as many ranks that cross as many racks do the same work.
std::string group_kind(const Judged& judged, const Outcome& outcome) {
  std::set<std::string> racks;
  for (const std::string& node : group_nodes(*judged.facts, outcome)) {
    const auto rack = judged.racks.of.find(node);
    racks.insert(rack == judged.racks.of.end() ? "" : rack->second);
  }
  std::string kind = "collective " + outcome.probe + " " + std::to_string(racks.size()) + " racks";
  for (const char* name : {"ranks", "size", "type", "redop", "place", "transport", "scope"})
    kind += " " + parameter(outcome, name);
  return kind;
}

bool is_host(const std::string& device) { return device.rfind("numa", 0) == 0; }

/// Near when the host's memory hangs where the GPU does.
std::string host_distance(const Gpu& gpu, const std::string& host) {
  if (!gpu.numa) return "anywhere";
  return host == "numa" + std::to_string(*gpu.numa) ? "near" : "far";
}

std::string copy_kind(const Facts& facts, const Outcome& outcome) {
  const NodeFacts* node = facts_of(facts, outcome.from.node);
  if (node == nullptr || !node->topology) return {};
  const Gpu* from = find_gpu(*node->topology, outcome.from.device);
  const Gpu* to = find_gpu(*node->topology, outcome.to.device);
  std::string way;
  if (from != nullptr && to != nullptr) {
    way = from == to ? "local" : std::to_string(nvlinks_between(*from, *to)) + " links";
  } else if (to != nullptr && is_host(outcome.from.device)) {
    way = "down " + host_distance(*to, outcome.from.device);
  } else if (from != nullptr && is_host(outcome.to.device)) {
    way = "up " + host_distance(*from, outcome.to.device);
  } else {
    return {};  // a MIG slice: its share is its own
  }
  const Gpu& gpu = from != nullptr ? *from : *to;
  std::string kind = "copy " + gpu.product + " " + way;
  for (const char* name : {"engine", "traffic", "direction", "size"})
    kind += " " + parameter(outcome, name);
  return kind;
}

/// A latency has no rate to be held against: its peers alone say whether it is long.
void take_latency(JudgedOutcome& entry, const PeerStanding& standing) {
  entry.number.verdict = standing.low ? NumberVerdict::degraded : NumberVerdict::ok;
  entry.number.why = "median of " + std::to_string(standing.count) + " peers " +
                     format_time({1 / standing.median}) + ", this is " +
                     format_time({entry.outcome->measured()->value}) +
                     (standing.low ? ": an outlier" : "");
}

void take_standing(JudgedOutcome& entry, const PeerStanding& standing) {
  if (entry.outcome->measured()->unit == Unit::seconds) return take_latency(entry, standing);
  const double value = entry.outcome->measured()->value;
  const std::string text = text_of(standing, value);
  JudgedNumber& number = entry.number;
  if (number.expected.expectation) {
    number.expected.expectation->derivation += "; second: " + text;
    return;
  }
  const std::string first = number.expected.reason;
  Expectation expectation;
  expectation.rate = {standing.median};
  expectation.derivation = text + " (" + first + ")";
  expectation.source = "peers of the same kind";
  expectation.threshold = kLeastOfPeers;
  number.expected.expectation = std::move(expectation);
  number.verdict = standing.low ? NumberVerdict::degraded : NumberVerdict::ok;
  number.why.clear();
}

}  // namespace

bool is_judged_copy(const std::vector<const Outcome*>& outcomes, const Outcome& outcome) {
  const std::uint64_t size = size_of(outcome);
  for (const Outcome* other : outcomes) {
    if (size_of(*other) > size && same_but_size(*other, outcome)) return false;
  }
  return true;
}

std::string kind_of(const Judged& judged, const Outcome& outcome) {
  if (outcome.probe == "pair_goodput") return pair_kind(judged, outcome);
  if (outcome.probe == "gpu_copy") return copy_kind(*judged.facts, outcome);
  if (is_collective(outcome) && !is_group_test(outcome)) return group_kind(judged, outcome);
  return {};
}

void add_peers(Judged& judged) {
  std::vector<PeerValue> values;
  std::vector<JudgedOutcome*> entries;
  for (JudgedOutcome& entry : judged.outcomes) {
    const Measured* measured = entry.outcome->measured();
    if (measured == nullptr || measured->value <= 0) continue;
    const bool latency = measured->unit == Unit::seconds;
    if (latency && !is_collective(*entry.outcome)) continue;
    // What is impossible is no peer, and no small message is held against anything.
    if (entry.number.impossible || !entry.compared) continue;
    const std::string kind = kind_of(judged, *entry.outcome);
    if (kind.empty()) continue;
    values.push_back({kind, latency ? 1 / measured->value : measured->value});
    entries.push_back(&entry);
  }
  const auto standings = among_peers(values);
  for (std::size_t index = 0; index < entries.size(); ++index) {
    if (standings[index]) take_standing(*entries[index], *standings[index]);
  }
}

}  // namespace plumbline::netcheck
