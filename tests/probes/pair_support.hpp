#pragma once

#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "probes/drivers/fake/fake_path.hpp"
#include "probes/pair/pair.hpp"

namespace plumbline::probes {

/// Keeps what a probe gives.
struct CollectingSink final : Sink {
  void step(const std::string& what, double /*share*/) override { steps.push_back(what); }
  Status outcome(const Outcome& outcome) override {
    outcomes.push_back(outcome);
    return {};
  }
  Status topology(const Topology& topology) override {
    topologies.push_back(topology);
    return {};
  }
  std::vector<std::string> steps;
  std::vector<Outcome> outcomes;
  std::vector<Topology> topologies;
};

/// A pair request for node-1/ens1 and node-2/ens1, short and not very exact.
Request pair_request(std::vector<std::string> measure);

/// What is changed about one rank for a test.
struct Twist {
  bool absent = false;                     ///< the rank never comes
  std::optional<std::vector<Link>> links;  ///< its interfaces, instead of the fabric's
};

/// What came of it.
struct PairRun {
  std::vector<Outcome> outcomes;      ///< of rank 0
  std::size_t outcomes_of_other = 0;  ///< rank 1 gives none
  Status status;
  double seconds = 0;
};

/// Runs the pair probe with two threads as ranks over a fake path.
PairRun run_pair(const Request& request, const FakePath& path, const Twist& other = {});

}  // namespace plumbline::probes
