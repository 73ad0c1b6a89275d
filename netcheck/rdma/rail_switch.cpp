#include <algorithm>
#include <map>
#include <set>

#include "netcheck/lookup.hpp"
#include "netcheck/rdma/rdma_rules.hpp"
#include "netcheck/rules/quote.hpp"

namespace plumbline::netcheck {
namespace {

/// A NIC of a rail with the one switch that it hears.
struct Heard {
  Endpoint end;
  std::string rack;  ///< by label; empty: not known
  const Neighbour* neighbour = nullptr;
};

using Counts = std::map<std::string, std::size_t>;

/// Who has most NICs on a switch: at least two, and twice as many as `stranger`.
std::string owner_beside(const Counts& counts, const std::string& stranger) {
  std::string owner;
  std::size_t most = 1;
  for (const auto& [name, count] : counts) {
    if (count > most) owner = name;
    most = std::max(most, count);
  }
  const auto own = counts.find(stranger);
  const std::size_t strangers = own == counts.end() ? 0 : own->second;
  return owner != stranger && 2 * strangers <= most ? owner : std::string{};
}

/// All that was heard, and how often each rail, and each rack on a rail, stands behind a switch.
struct Hearing {
  std::vector<Heard> nics;
  std::map<std::string, Counts> rails;                          ///< by chassis
  std::map<std::pair<std::string, std::string>, Counts> racks;  ///< by rail and chassis
};

Hearing listen_to(const Facts& facts) {
  Hearing hearing;
  for (const DeclaredRail& rail : facts.fabric.rails) {
    for (const NodeFacts& node : facts.nodes) {
      const NetworkDevice* device = nic_on(facts, node.node, rail.name);
      if (device == nullptr || device->neighbours.size() != 1) continue;
      const Neighbour& neighbour = device->neighbours.front();
      const std::string rack = labelled_rack(facts, node.node).value_or("");
      hearing.nics.push_back({{node.node, device->name, rail.name}, rack, &neighbour});
      ++hearing.rails[neighbour.chassis_id][rail.name];
      if (!rack.empty()) ++hearing.racks[{rail.name, neighbour.chassis_id}][rack];
    }
  }
  return hearing;
}

/// The rail whose switch a NIC of another rail hears; empty where the switch is its own rail's, or
/// nobody's, or its rail has no switch of its own elsewhere.
std::string rail_behind(const Hearing& hearing, const Heard& nic) {
  const auto& counts = hearing.rails.at(nic.neighbour->chassis_id);
  const std::string owner = owner_beside(counts, nic.end.rail);
  if (owner.empty()) return {};
  const bool own_elsewhere = std::any_of(
      hearing.rails.begin(), hearing.rails.end(),
      [&](const auto& entry) { return owner_beside(entry.second, owner) == nic.end.rail; });
  return own_elsewhere ? owner : std::string{};
}

/// The rack whose switch a node of another rack hears on a rail; empty as above.
std::string rack_behind(const Hearing& hearing, const Heard& nic) {
  const auto here = hearing.racks.find({nic.end.rail, nic.neighbour->chassis_id});
  if (nic.rack.empty() || here == hearing.racks.end()) return {};
  const std::string owner = owner_beside(here->second, nic.rack);
  if (owner.empty()) return {};
  const bool own_elsewhere =
      std::any_of(hearing.racks.begin(), hearing.racks.end(), [&](const auto& entry) {
        return entry.first.first == nic.end.rail && owner_beside(entry.second, owner) == nic.rack;
      });
  return own_elsewhere ? owner : std::string{};
}

std::string name_of(const Neighbour& neighbour) {
  return neighbour.system_name.empty() ? neighbour.chassis_id : neighbour.system_name;
}

std::string name_of(const Endpoint& end) { return end.node + "/" + end.device; }

Finding begin(const Heard& nic, Verdict verdict) {
  Finding finding;
  finding.rule = "rail_switch";
  finding.tier = "A";
  finding.verdict = verdict;
  finding.subject = {"nic", name_of(nic.end), nic.end.node, nic.end.rail};
  finding.evidence.push_back({"LLDP of " + name_of(nic.end) + ", " + nic.neighbour->source,
                              "chassis " + nic.neighbour->chassis_id + " port " +
                                  nic.neighbour->port_id + " name " + nic.neighbour->system_name,
                              ""});
  return finding;
}

Finding wrong_rail(const Heard& nic, const std::string& owner) {
  Finding finding = begin(nic, Verdict::violation);
  finding.message = name_of(nic.end) + " has an address of " + nic.end.rail +
                    ", but its cable ends at port " + nic.neighbour->port_id + " of " +
                    name_of(*nic.neighbour) + ", where the NICs of " + owner + " are.";
  finding.next_step = "Look at the cable of " + name_of(nic.end) + " and at its address: one of " +
                      "the two is another rail's.";
  return finding;
}

Finding wrong_rack_cable(const Heard& nic, const std::string& owner) {
  Finding finding = begin(nic, Verdict::violation);
  finding.message = name_of(nic.end) + " is cabled to " + name_of(*nic.neighbour) +
                    ", the switch of " + owner + " on " + nic.end.rail + "; on its other rails " +
                    nic.end.node + " is in " + nic.rack + ", as its label says.";
  finding.next_step =
      "Move the cable of " + name_of(nic.end) + " to the switch of " + nic.rack + ".";
  return finding;
}

Finding wrong_label(const Facts& facts, const Heard& nic, const std::string& owner, bool surely) {
  Finding finding = begin(nic, Verdict::drift);
  const std::string& label = facts.fabric.rack_label;
  finding.subject = {"label", label, nic.end.node, ""};
  if (const NodeClaim* node = find_node_claim(facts, nic.end.node)) {
    finding.claim = ClaimRef{"Node",
                             node->meta.name,
                             node->meta.uid,
                             node->meta.resource_version,
                             "metadata.labels[" + label + "]",
                             nic.rack};
  }
  finding.message = "the label " + label + " says that " + nic.end.node + " is in " + nic.rack +
                    ", but it hears " + name_of(*nic.neighbour) + ", the switch of " + owner +
                    (surely ? ", and so on every rail."
                            : "; with one rail the cable may as well be the one that is wrong.");
  finding.next_step = "Look where " + nic.end.node + " stands and correct its label or its cables.";
  return finding;
}

Finding agreed(const std::string& rail, const std::vector<const Heard*>& nics) {
  std::map<std::string, std::size_t> switches;
  for (const Heard* nic : nics)
    ++switches[name_of(*nic->neighbour)];
  std::vector<std::string> words;
  for (const auto& [name, count] : switches)
    words.push_back(name + " (" + std::to_string(count) + ")");
  Finding finding;
  finding.rule = "rail_switch";
  finding.tier = "A";
  finding.verdict = Verdict::match;
  finding.subject = {"rail", rail, "", rail};
  finding.message = "The NICs of " + rail + " that hear a switch by LLDP hear " + listed(words) +
                    ", which contradicts neither rails nor racks.";
  finding.next_step = "Nothing to do.";
  return finding;
}

/// How many of a node's NICs hear a switch, and how many of them one of another rack.
struct Share {
  std::size_t all = 0;
  std::size_t elsewhere = 0;
};

std::map<std::string, Share> shares_of(const Hearing& hearing) {
  std::map<std::string, Share> shares;
  for (const Heard& nic : hearing.nics) {
    Share& share = shares[nic.end.node];
    ++share.all;
    share.elsewhere += rack_behind(hearing, nic).empty() ? 0 : 1;
  }
  return shares;
}

}  // namespace

std::vector<Finding> rail_switch(const Facts& facts) {
  const Hearing hearing = listen_to(facts);
  const auto shares = shares_of(hearing);
  std::vector<Finding> findings;
  std::set<std::string> told;      // nodes whose label is told of
  std::set<std::string> disputed;  // rails
  std::map<std::string, std::vector<const Heard*>> by_rail;
  for (const Heard& nic : hearing.nics) {
    by_rail[nic.end.rail].push_back(&nic);
    const std::string rail = rail_behind(hearing, nic);
    const std::string rack = rail.empty() ? rack_behind(hearing, nic) : std::string{};
    if (rail.empty() && rack.empty()) continue;
    disputed.insert(nic.end.rail);
    const Share& share = shares.at(nic.end.node);
    if (!rail.empty()) {
      findings.push_back(wrong_rail(nic, rail));
    } else if (share.elsewhere < share.all) {
      findings.push_back(wrong_rack_cable(nic, rack));
    } else if (told.insert(nic.end.node).second) {
      findings.push_back(wrong_label(facts, nic, rack, share.all > 1));
    }
  }
  for (const auto& [rail, nics] : by_rail) {
    if (nics.size() > 1 && !disputed.contains(rail)) findings.push_back(agreed(rail, nics));
  }
  return findings;
}

}  // namespace plumbline::netcheck
