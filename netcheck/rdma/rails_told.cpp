#include "netcheck/rdma/rails_told.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <string_view>

#include "netcheck/rdma/rdma_rules.hpp"
#include "netcheck/rules/quote.hpp"
#include "netcheck/subnet.hpp"

namespace plumbline::netcheck {
namespace {

/// A NIC in one of its subnets.
struct Member {
  std::string node;
  const NetworkDevice* device = nullptr;
};

using Members = std::map<std::string, std::vector<Member>>;  // by subnet

/// "10.70.1.0/24" of "10.70.1.11/24"; empty for an address that cannot be read, or that is alone in
/// its network.
std::string network_of(const std::string& address) {
  const auto subnet = parse_subnet(address);
  if (!subnet || subnet->length == 0 || subnet->length >= (subnet->six ? 128 : 32)) return {};
  return text_of(*subnet);
}

bool counts(const NetworkDevice& device, int kind) {
  if (kind == 0) return device.rdma_device.has_value();
  return kind == 1 ? !device.is_virtual : true;
}

Members members_of(const Facts& facts, const std::vector<std::string>& others, int kind) {
  Members members;
  for (const NodeFacts& node : facts.nodes) {
    if (!node.topology) continue;
    for (const NetworkDevice& device : node.topology->network_devices) {
      if (!counts(device, kind)) continue;
      for (const std::string& address : device.addresses) {
        const std::string network = network_of(address);
        if (!network.empty()) members[network].push_back({node.node, &device});
      }
    }
  }
  std::erase_if(members, [&](const auto& entry) {
    const auto subnet = parse_subnet(entry.first);
    const bool management = std::any_of(others.begin(), others.end(),
                                        [&](const auto& other) { return holds(*subnet, other); });
    std::set<std::string> nodes;
    for (const Member& member : entry.second)
      nodes.insert(member.node);
    return management || nodes.size() < 2;
  });
  return members;
}

/// The chassis of each member; empty when one of them has heard none, or several.
std::vector<const Neighbour*> switches_of(const std::vector<Member>& members) {
  std::vector<const Neighbour*> switches;
  for (const Member& member : members) {
    if (member.device->neighbours.size() != 1) return {};
    switches.push_back(&member.device->neighbours.front());
  }
  return switches;
}

bool several_of_one_node(const std::vector<Member>& members) {
  std::set<std::string> nodes;
  return std::any_of(members.begin(), members.end(),
                     [&](const Member& member) { return !nodes.insert(member.node).second; });
}

/// A rail's name as agents take it: letters, digits and ".-_/".
std::string as_name(std::string text) {
  const std::string_view plain(
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_/");
  std::replace_if(
      text.begin(), text.end(),
      [&](char letter) { return plain.find(letter) == std::string_view::npos; }, '-');
  return text;
}

std::string name_of(const Neighbour& neighbour) {
  return as_name("switch-" +
                 (neighbour.system_name.empty() ? neighbour.chassis_id : neighbour.system_name));
}

void add_rail(Fabric& fabric, const std::string& name, const std::string& subnet) {
  DeclaredRail rail;
  rail.name = name;
  rail.subnet = subnet;
  fabric.rails.push_back(std::move(rail));
}

void add_rails(Fabric& fabric, const std::string& subnet, const std::vector<Member>& members) {
  const auto switches = switches_of(members);
  if (!several_of_one_node(members) || switches.empty()) {
    add_rail(fabric, as_name("subnet-" + subnet), subnet);
    return;
  }
  std::map<std::string, std::string> names;  // by chassis
  for (const Neighbour* neighbour : switches)
    names.emplace(neighbour->chassis_id, name_of(*neighbour));
  for (const auto& [chassis, name] : names) {
    // Two switches may have one name.
    const std::string unique = fabric.switches.contains(name) ? as_name("switch-" + chassis) : name;
    add_rail(fabric, unique, subnet);
    fabric.switches[unique] = chassis;
  }
}

}  // namespace

void tell_rails(Facts& facts, const std::vector<std::string>& others) {
  if (!facts.fabric.rails.empty()) return;
  constexpr const char* kKinds[] = {"NICs with an RDMA device", "NICs with hardware behind them",
                                    "all network devices"};
  for (int kind = 0; kind < 3 && facts.fabric.rails.empty(); ++kind) {
    const Members members = members_of(facts, others, kind);
    for (const auto& [subnet, there] : members)
      add_rails(facts.fabric, subnet, there);
    facts.fabric.told_by = "the subnets of " + std::string(kKinds[kind]);
  }
  if (!facts.fabric.switches.empty()) facts.fabric.told_by += " and their switches by LLDP";
  if (facts.fabric.rails.empty()) {
    facts.fabric.told_by = "no subnet but the agents' own has NICs of two nodes in it";
  }
}

std::vector<Finding> rails_told(const Facts& facts) {
  if (facts.fabric.told_by.empty()) return {};
  Finding finding;
  finding.rule = "rails_told";
  finding.tier = "A";
  finding.subject = {"rail", "fabric.rails", "", ""};
  finding.next_step =
      "Declare the rails under fabric.rails of the stage file, with the rates that software cannot "
      "see.";
  if (facts.fabric.rails.empty()) {
    finding.verdict = Verdict::unobservable;
    finding.message = "No rail is declared and none could be found: " + facts.fabric.told_by + ".";
    return {finding};
  }
  std::vector<std::string> names;
  for (const DeclaredRail& rail : facts.fabric.rails)
    names.push_back(rail.name);
  finding.verdict = Verdict::unclaimed;
  finding.message = "No rail is declared; " + facts.fabric.told_by + " show " +
                    std::to_string(names.size()) + ": " + listed(names) + ".";
  return {finding};
}

}  // namespace plumbline::netcheck
