#pragma once

#include <cstdint>
#include <map>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "netcheck/facts.hpp"
#include "netcheck/plan.hpp"

namespace plumbline::testing {

/// How a simulated fabric is built. Rates are of frames, bytes a second.
struct Shape {
  int racks = 3;
  int nodes_per_rack = 2;
  int rails = 2;
  double nic = 25e6;        ///< 200 Mb/s
  double uplink = 12.5e6;   ///< 100 Mb/s
  bool declared = true;     ///< the rates stand in the stage file
  double overflow = 0.004;  ///< most of a full-rate hop's segments that a healthy queue drops
};

/// Nodes node-1.. in racks rack-1.., rails rail-a.., with faults; makes the facts that a stage
/// would have gathered: goodput is what the slowest hop of the true path leaves to each flow, with
/// noise. One object a scenario, not thread-safe.
class VirtualFabric {
 public:
  VirtualFabric(Shape shape, double noise, std::uint32_t seed);

  // Faults. Nodes and racks count from 1, rails from 0.
  void slow_nic(int node, int rail, double rate, bool out = true, bool in = true);
  void slow_uplink(int rack, int rail, double rate);
  void dead_link(int node, int rail, bool told);  ///< told: sysfs says lowerlayerdown
  void cut_later();  ///< links died after the inventory, which still says up
  void flapping_link(int node, int rail);
  /// Drops a share of what comes in; goodput falls to something between `least` and `most` of a
  /// NIC.
  void lossy_link(int node, int rail, double share, double least = 0.15, double most = 0.4);
  void mislabel(int node, const std::string& rack);
  void unlabel(int node);
  void dead_agent(int node);
  void hung_probe(int node);
  void corrupt_nic(int node, int rail);  ///< every transfer into it fails its check
  void forget_pairs(double share);       ///< so many pairs stay unmeasured, at random
  void off_rail(int node, int rail);     ///< the node has no NIC there

  /// What is known before measuring.
  netcheck::Facts before() const;
  /// A whole stage: plan, goodput rounds, suspects alone, latency, node probes, collectives.
  netcheck::Facts stage();

  static std::string node_name(int node) { return "node-" + std::to_string(node); }
  static std::string rack_name(int rack) { return "rack-" + std::to_string(rack); }
  static std::string rail_name(int rail) {
    return std::string("rail-") + static_cast<char>('a' + rail);
  }
  int nodes() const { return shape_.racks * shape_.nodes_per_rack; }
  int rack_of(int node) const { return (node - 1) / shape_.nodes_per_rack + 1; }
  const Shape& shape() const { return shape_; }

 private:
  using End = std::pair<std::string, std::string>;  ///< node or rack, rail
  std::vector<std::string> hops(const Outcome& outcome) const;
  double uniform(double low, double high);
  double normal();
  bool has_link_fault(const std::set<End>& faults, const Outcome& outcome) const;
  void measure(netcheck::Facts& facts, const netcheck::Round& round);
  double capacity(const std::string& hop) const;
  double goodput(const Outcome& outcome, const std::map<std::string, int>& load);
  Failed dead_result(const Outcome& outcome) const;
  Outcome result(Outcome outcome, const std::map<std::string, int>& load);
  Measured measured(double mean, const Outcome& outcome);
  void add_counters(Measured& measured, const Outcome& outcome);
  void add_latency(netcheck::Facts& facts, const netcheck::Plan& plan);
  void add_node_probes(netcheck::Facts& facts);
  void add_collectives(netcheck::Facts& facts);
  Outcome collective(const netcheck::Facts& facts, const std::string& group,
                     const std::string& rail);
  netcheck::NodeFacts node_facts(int node) const;

  Shape shape_;
  double noise_;
  std::mt19937 random_;
  std::map<std::string, double> rates_;  ///< "nic node-1/rail-a out", "uplink rack-1/rail-a in"
  std::map<int, std::string> labels_;
  std::set<End> dead_, told_dead_, flapping_, corrupt_, absent_;
  struct Loss {
    double share = 0;
    double least = 0;
    double most = 0;
  };
  std::map<End, Loss> lossy_;
  std::set<std::string> dead_agents_, hung_probes_;
  double forgotten_ = 0;
  bool cut_later_ = false;
};

}  // namespace plumbline::testing
