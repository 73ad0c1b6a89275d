#include "netcheck/plan.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "netcheck/components.hpp"
#include "netcheck/gate.hpp"
#include "netcheck/lookup.hpp"
#include "netcheck/rounds.hpp"

namespace plumbline::netcheck {
namespace {

/// One end as far as it can be measured.
struct End {
  Endpoint at;
  std::string problem;  ///< why it cannot; empty: it can
};

/// Where a NIC of the rail is when it is not in the node's own network namespace.
std::string in_a_pod(const Facts& facts, const NodeFacts& node, const std::string& rail) {
  for (const PodSandbox& sandbox : node.topology->sandboxes) {
    if (!sandbox.devices) continue;
    for (const NetworkDevice& device : *sandbox.devices) {
      if (rail_of(facts.fabric, device) != rail) continue;
      return device.name + " of " + node.node + " (" + rail +
             ") is in the network namespace of pod " + sandbox.pod_namespace + "/" +
             sandbox.pod_name;
    }
  }
  return {};
}

End end_of(const Facts& facts, const NodeFacts& node, const DeclaredRail& rail) {
  End end{{node.node, "", rail.name}, ""};
  if (!node.topology) {
    end.problem = node.topology_problem.empty() ? node.node + " told nothing of its devices"
                                                : node.topology_problem;
    if (end.problem.find(node.node) == std::string::npos) {
      end.problem = node.node + ": " + end.problem;
    }
    return end;
  }
  const NetworkDevice* device = nic_on(facts, node.node, rail.name);
  if (device == nullptr) {
    end.problem = in_a_pod(facts, node, rail.name);
    if (end.problem.empty()) {
      end.problem = node.node + " has no NIC on " + rail.name + " (" + rail.subnet + ")";
    }
    return end;
  }
  end.at.device = device->name;
  const GateAnswer answer = gate(facts, end.at);
  if (!answer.allowed) end.problem = answer.reason;
  return end;
}

PlannedPair planned(const Racks& racks, const Endpoint& from, const Endpoint& to, bool& alone) {
  PlannedPair pair{from, to, {}};
  const auto path = path_between(racks, from.rail, from.node, to.node);
  alone = !path;
  if (!path) {
    pair.hops = {Component{ComponentKind::nic, from.node, from.rail}.name(),
                 Component{ComponentKind::nic, to.node, to.rail}.name()};
    return pair;
  }
  for (const Component& component : *path)
    pair.hops.push_back(component.name());
  return pair;
}

void skip(const Facts& facts, Plan& plan, const End& from, const End& to) {
  std::string reason = from.problem;
  if (!to.problem.empty() && to.problem != from.problem) {
    reason += (reason.empty() ? "" : "; ") + to.problem;
  }
  for (const bool latency : {false, true}) {
    if (latency && !facts.asked.latency) continue;
    for (Outcome& outcome : identities(facts.asked, {from.at, to.at, {}}, latency)) {
      outcome.result = Skipped{reason};
      plan.skipped.push_back(std::move(outcome));
    }
  }
}

Outcome identity(const char* probe, const Endpoint& from, const Endpoint& to) {
  Outcome outcome;
  outcome.probe = probe;
  outcome.from = from;
  outcome.to = to;
  return outcome;
}

}  // namespace

std::vector<Outcome> identities(const Asked& asked, const PlannedPair& pair, bool latency) {
  std::vector<Outcome> outcomes;
  if (latency) {
    outcomes.push_back(identity("pair_latency", pair.from, pair.to));
    outcomes.back().parameters["size"] = "8";
    return outcomes;
  }
  const auto add = [&](const Endpoint& from, const Endpoint& to, Bytes size,
                       const char* direction) {
    outcomes.push_back(identity("pair_goodput", from, to));
    outcomes.back().parameters["size"] = std::to_string(size.count);
    outcomes.back().parameters["direction"] = direction;
  };
  Bytes largest;
  for (const Bytes size : asked.sizes) {
    add(pair.from, pair.to, size, "one_way");
    add(pair.to, pair.from, size, "one_way");
    largest = std::max(largest, size);
  }
  if (asked.both_ways && largest.count > 0) add(pair.from, pair.to, largest, "both_ways");
  return outcomes;
}

Plan plan(const Facts& facts) {
  Plan result;
  if (!facts.asked.pairs) return result;
  const Racks racks = labelled_racks(facts);
  std::vector<WaitingPair> waiting;
  for (const DeclaredRail& rail : facts.fabric.rails) {
    std::vector<End> ends;
    for (const NodeFacts& node : facts.nodes)
      ends.push_back(end_of(facts, node, rail));
    for (std::size_t from = 0; from < ends.size(); ++from) {
      for (std::size_t to = from + 1; to < ends.size(); ++to) {
        if (!ends[from].problem.empty() || !ends[to].problem.empty()) {
          skip(facts, result, ends[from], ends[to]);
          continue;
        }
        WaitingPair pair;
        pair.pair = planned(racks, ends[from].at, ends[to].at, pair.alone);
        if (facts.asked.latency) result.latency.push_back(Round{{pair.pair}});
        waiting.push_back(std::move(pair));
      }
    }
  }
  result.goodput = pack(waiting);
  return result;
}

}  // namespace plumbline::netcheck
