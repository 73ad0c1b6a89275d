#pragma once

#include <functional>
#include <set>
#include <string>

#include "core/model/report.hpp"
#include "tests/support/virtual_fabric.hpp"

namespace plumbline::testing {

/// What a scenario's report may accuse: subjects as "kind-less" places, "node-3/rail-a",
/// "rack-2/rail-a", "label node-4".
using Guilty = std::set<std::string>;

/// How often a localisation was right over many runs.
struct Score {
  int runs = 0;
  int exact = 0;      ///< every culprit named, nobody else accused
  int ambiguous = 0;  ///< some culprit only in an ambiguity set, which holds it; nobody else named
  int missed = 0;     ///< some culprit neither named nor in a set, or the verdict is not fail
  int wrong = 0;      ///< something healthy is named, or a set holds no culprit
  int first = 0;      ///< the first finding names a culprit
  std::string last_wrong;
  std::string text() const;
};

/// Where a finding's subject is: "node-3/rail-a" for a NIC or link, "rack-2/rail-a" for an uplink,
/// "label node-4" for a label, "node-3" for a node.
std::string place_of(const Subject& subject);

/// Adds one report to the score.
void add(Score& score, const Report& report, const Guilty& guilty);

/// One scenario: makes the fabric's faults and returns who is guilty.
using Scenario = std::function<Guilty(VirtualFabric&)>;

/// Runs a scenario over `seeds` random fabrics with 1 to 3 % noise.
Score run(const Shape& shape, int seeds, const Scenario& scenario);

}  // namespace plumbline::testing
