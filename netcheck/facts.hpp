#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/model/allocation.hpp"
#include "core/model/measurement.hpp"
#include "core/model/report.hpp"
#include "core/model/topology.hpp"
#include "core/units.hpp"
#include "netcheck/fabric.hpp"

namespace plumbline::netcheck {

/// What one enrolled node told of itself; what it did not tell is absent, with the reason.
struct NodeFacts {
  std::string node;
  std::optional<Topology> topology;
  std::string topology_problem;  ///< "agent on node-5 does not answer: ..."
  std::optional<NodeHoldings> holdings;
  std::string holdings_problem;
};

/// Which numbers of each pair the stage asks for.
struct Asked {
  std::vector<Bytes> sizes{{1048576}};  ///< message sizes of goodput; the largest is judged
  bool both_ways = true;                ///< both directions at once, at the largest size
  bool latency = true;
  bool pairs = true;  ///< measure pairs at all; without them collectives alone say what is slow
};

class FactsIndex;

/// Where an index of the facts is known while one lives. Copies of the facts start without.
class IndexSlot {
 public:
  IndexSlot() = default;
  IndexSlot(const IndexSlot& /*other*/) noexcept {}
  IndexSlot& operator=(const IndexSlot& /*other*/) noexcept {
    index_ = nullptr;
    return *this;
  }
  const FactsIndex* get() const { return index_; }
  void set(const FactsIndex* index) { index_ = index; }

 private:
  const FactsIndex* index_ = nullptr;
};

/// Everything that judging looks at. A value: the same facts give the same report.
struct Facts {
  Fabric fabric;
  std::string own_namespace;  ///< pods of it are the stage's own
  double least_coverage = 1.0;
  Asked asked;
  std::vector<NodeFacts> nodes;  ///< every node of the stage file, in its order
  std::optional<AllocationView> claims;
  std::string claims_problem;     ///< why claims is absent
  std::vector<Outcome> outcomes;  ///< everything planned: measured, skipped or failed; of several
                                  ///< with one key the last counts
  std::optional<Workloads> workloads;  ///< what the stage brought through the scheduler
  /// What the agents inside its pods told; `node` is the pod's "namespace/name".
  std::vector<NodeFacts> placed;
  /// Set while a FactsIndex of these facts lives; the lookups are quick then.
  mutable IndexSlot index{};
};

/// What a rule says: one finding for each thing it looked at. Pure. Every rule file has one such
/// function; a rule that could look at nothing returns one unobservable finding with the reason, or
/// nothing at all when its subject does not exist here (not applicable).
using Rule = std::vector<Finding> (*)(const Facts& facts);

}  // namespace plumbline::netcheck
