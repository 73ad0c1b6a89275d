#include "tests/support/virtual_fabric.hpp"

#include <algorithm>
#include <cmath>

namespace plumbline::testing {
namespace {

constexpr double kPayload = 1448.0 / 1514.0;

int number_in(const std::string& name) { return std::stoi(name.substr(name.find('-') + 1)); }

bool is_direction(const Outcome& outcome, const char* direction) {
  const auto found = outcome.parameters.find("direction");
  return found != outcome.parameters.end() && found->second == direction;
}

}  // namespace

VirtualFabric::VirtualFabric(Shape shape, double noise, std::uint32_t seed)
    : shape_(shape), noise_(noise), random_(seed) {
  for (int node = 1; node <= nodes(); ++node)
    labels_[node] = rack_name(rack_of(node));
}

void VirtualFabric::slow_nic(int node, int rail, double rate, bool out, bool in) {
  const std::string hop = "nic " + node_name(node) + "/" + rail_name(rail);
  if (out) rates_[hop + " out"] = rate;
  if (in) rates_[hop + " in"] = rate;
}

void VirtualFabric::slow_uplink(int rack, int rail, double rate) {
  const std::string hop = "uplink " + rack_name(rack) + "/" + rail_name(rail);
  rates_[hop + " out"] = rates_[hop + " in"] = rate;
}

void VirtualFabric::dead_link(int node, int rail, bool told) {
  dead_.insert({node_name(node), rail_name(rail)});
  if (told) told_dead_.insert({node_name(node), rail_name(rail)});
}

void VirtualFabric::cut_later() { cut_later_ = true; }

void VirtualFabric::flapping_link(int node, int rail) {
  flapping_.insert({node_name(node), rail_name(rail)});
}

void VirtualFabric::lossy_link(int node, int rail, double share, double least, double most) {
  lossy_[{node_name(node), rail_name(rail)}] = {share, least, most};
}

void VirtualFabric::mislabel(int node, const std::string& rack) { labels_[node] = rack; }
void VirtualFabric::unlabel(int node) { labels_[node].clear(); }
void VirtualFabric::dead_agent(int node) { dead_agents_.insert(node_name(node)); }
void VirtualFabric::hung_probe(int node) { hung_probes_.insert(node_name(node)); }

void VirtualFabric::corrupt_nic(int node, int rail) {
  corrupt_.insert({node_name(node), rail_name(rail)});
}

void VirtualFabric::forget_pairs(double share) { forgotten_ = share; }

void VirtualFabric::off_rail(int node, int rail) {
  absent_.insert({node_name(node), rail_name(rail)});
}

double VirtualFabric::uniform(double low, double high) {
  return low + (high - low) * static_cast<double>(random_()) / 4294967296.0;
}

double VirtualFabric::normal() {
  double sum = 0;
  for (int draw = 0; draw < 12; ++draw)
    sum += uniform(0, 1);
  return sum - 6.0;
}

netcheck::NodeFacts VirtualFabric::node_facts(int node) const {
  netcheck::NodeFacts facts;
  facts.node = node_name(node);
  if (dead_agents_.count(facts.node) != 0) {
    facts.topology_problem = "the agent on " + facts.node + " does not answer: connection refused";
    facts.holdings_problem = facts.topology_problem;
    return facts;
  }
  facts.topology.emplace();
  facts.topology->node = facts.node;
  for (int rail = 0; rail < shape_.rails; ++rail) {
    if (absent_.count({facts.node, rail_name(rail)}) != 0) continue;
    NetworkDevice device;
    device.name = "ens" + std::to_string(rail + 1);
    device.mtu = 1500;
    device.driver = "veth";
    device.is_virtual = true;
    const bool down = told_dead_.count({facts.node, rail_name(rail)}) != 0;
    device.state = down && !cut_later_ ? "lowerlayerdown" : "up";
    device.addresses = {"10.70." + std::to_string(rail + 1) + "." + std::to_string(10 + node) +
                        "/24"};
    facts.topology->network_devices.push_back(device);
  }
  facts.holdings = NodeHoldings{facts.node, "kubelet.sock", {}, {}};
  return facts;
}

netcheck::Facts VirtualFabric::before() const {
  netcheck::Facts facts;
  facts.fabric.rack_label = "fabric.topograph.run/tier-0";
  facts.own_namespace = "plumbline";
  for (int rail = 0; rail < shape_.rails; ++rail) {
    netcheck::DeclaredRail declared;
    declared.name = rail_name(rail);
    declared.subnet = "10.70." + std::to_string(rail + 1) + ".0/24";
    if (shape_.declared) declared.nic_rate = BytesPerSecond{shape_.nic};
    if (shape_.declared) declared.uplink_rate = BytesPerSecond{shape_.uplink};
    facts.fabric.rails.push_back(declared);
  }
  facts.claims.emplace();
  for (int node = 1; node <= nodes(); ++node) {
    facts.nodes.push_back(node_facts(node));
    NodeClaim claim;
    claim.meta.name = node_name(node);
    claim.meta.uid = "uid-" + std::to_string(node);
    claim.meta.resource_version = "1";
    if (!labels_.at(node).empty()) claim.meta.labels[facts.fabric.rack_label] = labels_.at(node);
    facts.claims->nodes.push_back(claim);
  }
  return facts;
}

double VirtualFabric::capacity(const std::string& hop) const {
  const auto rate = rates_.find(hop);
  if (rate != rates_.end()) return rate->second;
  return hop.rfind("nic", 0) == 0 ? shape_.nic : shape_.uplink;
}

/// The true path with its directions.
std::vector<std::string> VirtualFabric::hops(const Outcome& outcome) const {
  const std::string rail = "/" + outcome.from.rail;
  const int from = rack_of(number_in(outcome.from.node));
  const int to = rack_of(number_in(outcome.to.node));
  std::vector<std::string> path{"nic " + outcome.from.node + rail + " out"};
  if (from != to) {
    path.push_back("uplink " + rack_name(from) + rail + " out");
    path.push_back("uplink " + rack_name(to) + rail + " in");
  }
  path.push_back("nic " + outcome.to.node + rail + " in");
  return path;
}

bool VirtualFabric::has_link_fault(const std::set<End>& faults, const Outcome& outcome) const {
  return faults.count({outcome.from.node, outcome.from.rail}) != 0 ||
         faults.count({outcome.to.node, outcome.to.rail}) != 0;
}

double VirtualFabric::goodput(const Outcome& outcome, const std::map<std::string, int>& load) {
  double rate = 1e18;
  for (const std::string& hop : hops(outcome)) {
    const auto flows = load.find(hop);
    rate = std::min(rate, capacity(hop) / (flows == load.end() ? 1 : std::max(1, flows->second)));
  }
  const auto lossy = lossy_.find({outcome.to.node, outcome.to.rail});
  if (lossy != lossy_.end()) {
    rate = std::min(rate, shape_.nic * uniform(lossy->second.least, lossy->second.most));
  }
  if (has_link_fault(flapping_, outcome)) rate *= uniform(0.2, 0.65);
  return rate * kPayload * 0.99;
}

Measured VirtualFabric::measured(double mean, const Outcome& outcome) {
  constexpr int batches = 8;
  constexpr double student = 2.365;  // 7 degrees of freedom, 95 %
  Measured measured;
  double sum = 0;
  double squares = 0;
  for (int batch = 0; batch < batches; ++batch) {
    const double value = std::max(0.0, mean * (1.0 + noise_ * normal()));
    measured.batches.push_back(value);
    sum += value;
    squares += value * value;
  }
  measured.value = sum / batches;
  const double variance = std::max(0.0, squares / batches - measured.value * measured.value);
  const double half = student * std::sqrt(variance / (batches - 1));
  measured.interval = {measured.value - half, measured.value + half};
  measured.conclusive = half <= 0.01 * measured.value;
  add_counters(measured, outcome);
  return measured;
}

/// Loss of a shaped path: queues overflow, the more the narrower the hop, and unevenly.
void VirtualFabric::add_counters(Measured& measured, const Outcome& outcome) {
  double narrowest = 1e18;
  for (const std::string& hop : hops(outcome))
    narrowest = std::min(narrowest, capacity(hop));
  double loss = uniform(0.0, shape_.overflow) * shape_.nic / std::max(narrowest, 1.0);
  const auto lossy = lossy_.find({outcome.to.node, outcome.to.rail});
  if (lossy != lossy_.end()) loss += lossy->second.share;
  if (has_link_fault(flapping_, outcome)) loss += uniform(0, 0.02);
  const double segments = measured.value * 2.4 / 1448.0;
  measured.counters["from.segments"] = segments;
  measured.counters["from.retransmits"] = std::round(loss * segments);
  measured.counters["to.retransmits"] = 0;
  for (const bool from : {true, false}) {
    const Endpoint& end = from ? outcome.from : outcome.to;
    const bool flaps = flapping_.count({end.node, end.rail}) != 0;
    measured.counters[from ? "from.carrier_downs" : "to.carrier_downs"] =
        flaps ? std::floor(uniform(3, 20)) : 0;
  }
}

/// What the pair probe says of a link without carrier, when its NIC can tell.
Failed VirtualFabric::dead_result(const Outcome& outcome) const {
  for (const Endpoint& end : {outcome.from, outcome.to}) {
    if (told_dead_.count({end.node, end.rail}) == 0) continue;
    const std::string at = end.node + "/" + end.device;
    return {{ErrorCode::no_carrier, "nothing arrived within 4 s; " + at + " is lowerlayerdown"},
            end.node};
  }
  return {{ErrorCode::unavailable, "nothing arrived within 4 s"}, ""};
}

Outcome VirtualFabric::result(Outcome outcome, const std::map<std::string, int>& load) {
  outcome.finished_at = "2026-11-23T07:00:00.000Z";
  for (const std::string& node : {outcome.from.node, outcome.to.node}) {
    if (hung_probes_.count(node) == 0) continue;
    const Error error{ErrorCode::deadline_exceeded,
                      "the probe on " + node + " said nothing for 3 s"};
    outcome.result = Failed{error, node};
    return outcome;
  }
  if (has_link_fault(dead_, outcome)) {
    outcome.result = dead_result(outcome);
    return outcome;
  }
  if (corrupt_.count({outcome.to.node, outcome.to.rail}) != 0) {
    outcome.result = Failed{{ErrorCode::data_corrupt, "byte 7 of message 3 differs"}, ""};
    return outcome;
  }
  if (has_link_fault(flapping_, outcome) && uniform(0, 1) < 0.15) {
    outcome.result = Failed{{ErrorCode::unavailable, "Connection reset by remote peer"}, ""};
    return outcome;
  }
  double mean = goodput(outcome, load);
  if (is_direction(outcome, "both_ways")) {
    Outcome back = outcome;
    std::swap(back.from, back.to);
    mean = (mean + goodput(back, load)) * 0.975;
  }
  outcome.result = measured(mean, outcome);
  return outcome;
}

/// Pairs of one round run at once; each direction of a shared hop is split evenly.
void VirtualFabric::measure(netcheck::Facts& facts, const netcheck::Round& round) {
  std::map<std::string, int> load;
  for (const netcheck::PlannedPair& pair : round.pairs) {
    Outcome there;
    there.from = pair.from;
    there.to = pair.to;
    Outcome back = there;
    std::swap(back.from, back.to);
    for (const std::string& hop : hops(there))
      ++load[hop];
    for (const std::string& hop : hops(back))
      ++load[hop];
  }
  for (const netcheck::PlannedPair& pair : round.pairs) {
    if (forgotten_ > 0 && uniform(0, 1) < forgotten_) continue;
    for (Outcome& outcome : netcheck::identities(facts.asked, pair, false)) {
      facts.outcomes.push_back(result(std::move(outcome), load));
    }
  }
}

void VirtualFabric::add_latency(netcheck::Facts& facts, const netcheck::Plan& plan) {
  for (const netcheck::Round& round : plan.latency) {
    for (Outcome& outcome : netcheck::identities(facts.asked, round.pairs.front(), true)) {
      Outcome done = result(std::move(outcome), {});
      if (Measured* measured = std::get_if<Measured>(&done.result)) {
        measured->unit = Unit::seconds;
        measured->value = 40e-6;
        measured->interval = {39e-6, 41e-6};
      }
      facts.outcomes.push_back(std::move(done));
    }
  }
}

void VirtualFabric::add_node_probes(netcheck::Facts& facts) {
  for (const netcheck::NodeFacts& node : facts.nodes) {
    Outcome outcome;
    outcome.probe = "memory_copy";
    outcome.from = outcome.to = {node.node, "numa0", ""};
    if (!node.topology) {
      outcome.result = Skipped{node.topology_problem};
    } else if (hung_probes_.count(node.node) != 0) {
      const Error error{ErrorCode::deadline_exceeded, "the probe said nothing for 3 s"};
      outcome.result = Failed{error, node.node};
    } else {
      Measured measured;
      measured.value = 9e9;
      measured.interval = {8.9e9, 9.1e9};
      outcome.result = measured;
    }
    facts.outcomes.push_back(outcome);
  }
}

Outcome VirtualFabric::collective(const netcheck::Facts& facts, const std::string& group,
                                  const std::string& rail) {
  Outcome outcome;
  outcome.probe = "all_reduce";
  outcome.from = outcome.to = {"", "", rail};
  outcome.parameters = {{"group", group}, {"size", "4194304"}};
  double rate = 1e18;
  std::vector<std::string> members;
  for (const netcheck::NodeFacts& node : facts.nodes) {
    const int number = number_in(node.node);
    if (absent_.count({node.node, rail}) != 0) continue;
    if (group == "all" || labels_.at(number) == group) members.push_back(node.node);
  }
  for (std::size_t place = 0; place < members.size(); ++place) {
    const std::string& next = members[(place + 1) % members.size()];
    const bool out = dead_.count({members[place], rail}) != 0;
    if (out || dead_agents_.count(members[place]) != 0 || hung_probes_.count(members[place]) != 0) {
      outcome.result =
          Failed{{ErrorCode::deadline_exceeded, "the launcher did not end in time"}, ""};
      return outcome;
    }
    Outcome leg;
    leg.from = {members[place], "", rail};
    leg.to = {next, "", rail};
    if (members[place] != next) rate = std::min(rate, goodput(leg, {}));
  }
  if (members.size() < 2) {
    outcome.result = Skipped{"the group has one node"};
    return outcome;
  }
  Measured measured;
  measured.value = rate * 0.85;
  measured.interval = {measured.value * 0.98, measured.value * 1.02};
  outcome.result = measured;
  return outcome;
}

void VirtualFabric::add_collectives(netcheck::Facts& facts) {
  std::set<std::string> groups{"all"};
  for (const auto& [node, label] : labels_) {
    const auto members =
        std::count_if(labels_.begin(), labels_.end(),
                      [&label = label](const auto& other) { return other.second == label; });
    if (members > 1 && !label.empty()) groups.insert(label);
  }
  for (const std::string& group : groups) {
    for (const netcheck::DeclaredRail& rail : facts.fabric.rails) {
      facts.outcomes.push_back(collective(facts, group, rail.name));
    }
  }
}

netcheck::Facts VirtualFabric::stage() {
  netcheck::Facts facts = before();
  const netcheck::Plan plan = netcheck::plan(facts);
  facts.outcomes = plan.skipped;
  for (const netcheck::Round& round : plan.goodput)
    measure(facts, round);
  for (const netcheck::Round& round : netcheck::suspects(facts))
    measure(facts, round);
  add_latency(facts, plan);
  add_node_probes(facts);
  add_collectives(facts);
  return facts;
}

}  // namespace plumbline::testing
