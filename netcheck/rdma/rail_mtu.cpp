#include <map>

#include "netcheck/fabric.hpp"
#include "netcheck/lookup.hpp"
#include "netcheck/rdma/rdma_rules.hpp"
#include "netcheck/rules/quote.hpp"
#include "netcheck/transport.hpp"

namespace plumbline::netcheck {
namespace {

/// A port on a rail with the MTU that is active on it.
struct Port {
  Endpoint end;
  std::uint32_t mtu = 0;
};

std::vector<Port> ports_on(const Facts& facts, const std::string& rail) {
  std::vector<Port> ports;
  for (const NodeFacts& node : facts.nodes) {
    const NetworkDevice* netdev = nic_on(facts, node.node, rail);
    if (netdev == nullptr) continue;
    const Endpoint end{node.node, netdev->name, rail};
    const RdmaDevice* device = rdma_on(facts, end);
    if (device == nullptr || device->ports.empty() || device->ports.front().active_mtu == 0)
      continue;
    ports.push_back({end, device->ports.front().active_mtu});
  }
  return ports;
}

/// What most ports have; of two that are as frequent, the larger.
std::uint32_t usual_of(const std::vector<Port>& ports) {
  std::map<std::uint32_t, std::size_t> counts;
  for (const Port& port : ports)
    ++counts[port.mtu];
  std::uint32_t usual = 0;
  std::size_t most = 0;
  for (const auto& [mtu, count] : counts) {  // the larger ones come last
    if (count < most) continue;
    most = count;
    usual = mtu;
  }
  return usual;
}

Finding odd(const Port& port, std::uint32_t usual, const std::string& rail) {
  Finding finding;
  finding.rule = "rail_mtu";
  finding.tier = "A";
  finding.verdict = Verdict::degraded;
  finding.subject = {"nic", port.end.node + "/" + port.end.device, port.end.node, rail};
  const std::string name = port.end.node + "/" + port.end.device;
  finding.evidence.push_back(
      {"active MTU of " + name + ", from verbs", std::to_string(port.mtu), ""});
  finding.message = "The RDMA port of " + name + " has MTU " + std::to_string(port.mtu) +
                    ", where the others of " + rail + " have " + std::to_string(usual) +
                    ": every path with it takes the smaller one, and other large packets to it may "
                    "be dropped.";
  finding.next_step =
      "Set the same MTU on " + name + " as on the others (ip link, its switch port).";
  return finding;
}

Finding equal(const std::vector<Port>& ports, const std::string& rail) {
  Finding finding;
  finding.rule = "rail_mtu";
  finding.tier = "A";
  finding.verdict = Verdict::match;
  finding.subject = {"rail", rail, "", rail};
  finding.message = "All " + std::to_string(ports.size()) + " RDMA ports of " + rail +
                    " have MTU " + std::to_string(ports.front().mtu) + ".";
  finding.next_step = "Nothing to do.";
  return finding;
}

}  // namespace

std::vector<Finding> rail_mtu(const Facts& facts) {
  std::vector<Finding> findings;
  for (const DeclaredRail& rail : facts.fabric.rails) {
    const auto ports = ports_on(facts, rail.name);
    if (ports.size() < 2) continue;
    const std::uint32_t usual = usual_of(ports);
    const std::size_t before = findings.size();
    for (const Port& port : ports) {
      if (port.mtu != usual) findings.push_back(odd(port, usual, rail.name));
    }
    if (findings.size() == before) findings.push_back(equal(ports, rail.name));
  }
  return findings;
}

}  // namespace plumbline::netcheck
