#include <algorithm>
#include <map>
#include <set>

#include "netcheck/expectations/rates.hpp"
#include "netcheck/expectations/thresholds.hpp"
#include "netcheck/lookup.hpp"
#include "netcheck/rdma/published.hpp"
#include "netcheck/rdma/rdma_rules.hpp"
#include "netcheck/rules/pod_view.hpp"
#include "netcheck/rules/quote.hpp"

namespace plumbline::netcheck {
namespace {

/// One virtual function that a pod was given.
struct Member {
  const RdmaDevice* device = nullptr;
  Published published;
  std::string owner;  ///< "pod ns/name by claim ns/name"
};

using Shared = std::map<std::string, std::vector<Member>>;  ///< by physical function

Shared shared_of(const Facts& facts, const NodeFacts& node) {
  Shared shared;
  for (const Published& published : published_devices(facts, node.node)) {
    const RdmaDevice* device = rdma_of(facts, node, published);
    if (device == nullptr || !device->physical) continue;
    const auto owners = owners_of(facts, published);
    if (!owners.empty()) shared[*device->physical].push_back({device, published, owners.front()});
  }
  std::erase_if(shared, [](const auto& entry) {
    std::set<std::string> owners;
    for (const Member& member : entry.second)
      owners.insert(member.owner);
    return owners.size() < 2;
  });
  return shared;
}

bool is_of(const RdmaDevice& device, const std::string& name) {
  const auto& over = device.netdevs;
  return device.name == name || std::find(over.begin(), over.end(), name) != over.end();
}

/// What the functions gave at the same time, and how many of them were measured so.
struct Together {
  double sum = 0;
  std::size_t functions = 0;
};

Together together(const Facts& facts, const std::string& node, const std::vector<Member>& members) {
  Together found;
  for (const Member& member : members) {
    for (const Outcome* outcome : latest_outcomes(facts)) {
      const bool its = outcome->probe == "pair_together" && outcome->from.node == node &&
                       is_of(*member.device, outcome->from.device);
      if (!its || outcome->measured() == nullptr) continue;
      found.sum += outcome->measured()->value;
      ++found.functions;
      break;
    }
  }
  return found;
}

Finding begin(const NodeFacts& node, const std::string& physical,
              const std::vector<Member>& members) {
  Finding finding;
  finding.rule = "X18";
  finding.tier = "A";
  finding.subject = {"nic", node.node + "/" + physical, node.node, ""};
  finding.claim = quote_device(members.front().published, "");
  std::vector<std::string> names;
  for (const Member& member : members)
    names.push_back(member.device->name + " of " + member.owner);
  finding.message = "Physical function " + physical + " of " + node.node + " carries " +
                    listed(names) + ", which share its port";
  return finding;
}

Finding judge(const Facts& facts, const NodeFacts& node, const std::string& physical,
              const std::vector<Member>& members) {
  Finding finding = begin(node, physical, members);
  const Together measured = together(facts, node.node, members);
  const RdmaPort* port =
      members.front().device->ports.empty() ? nullptr : &members.front().device->ports.front();
  if (measured.functions < members.size() || port == nullptr || !port->rate) {
    finding.verdict = Verdict::unobservable;
    finding.message += measured.functions < members.size()
                           ? "; they were not measured together, and alone each may have all of it."
                           : "; its rate is not told, so nothing can be said of their sum.";
    finding.next_step =
        "Measure them at the same time; a low number of one alone may be another's "
        "traffic.";
    return finding;
  }
  const auto share = rdma_share(port->active_mtu, false, true, port->link_layer == "InfiniBand");
  const double whole = port->rate->value * share.share;
  const Threshold* threshold = threshold_for("pair_goodput", "one_way");
  const bool enough = measured.sum >= threshold->least * whole;
  finding.verdict = enough ? Verdict::match : Verdict::degraded;
  finding.message += "; together they give " + format_rate({measured.sum}) + " of " +
                     format_rate({whole}) + (enough ? "." : ", too little.");
  finding.next_step = enough ? "Nothing to do."
                             : "Look at rate limits of the functions (ip link show, devlink rate) "
                               "and at the PCIe link of " +
                                   physical + ".";
  return finding;
}

}  // namespace

std::vector<Finding> x18_functions(const Facts& facts) {
  std::vector<Finding> findings;
  if (!facts.claims) return findings;
  for (const NodeFacts& node : facts.nodes) {
    if (!node.topology) continue;
    for (const auto& [physical, members] : shared_of(facts, node))
      findings.push_back(judge(facts, node, physical, members));
  }
  return findings;
}

}  // namespace plumbline::netcheck
