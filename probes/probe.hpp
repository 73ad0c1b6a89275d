#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/clock.hpp"
#include "core/model/measurement.hpp"
#include "core/model/topology.hpp"
#include "core/protocol/request.hpp"
#include "core/rendezvous.hpp"
#include "core/result.hpp"

namespace plumbline::probes {

/// Where a probe says what it found, as soon as it is known. Calls come from one thread at a time.
class Sink {
 public:
  virtual ~Sink() = default;
  /// What is being done now, and the share of the whole that is done, 0..1.
  virtual void step(const std::string& what, double share) = 0;
  /// One finished outcome. An error means that nobody listens any more: the probe ends.
  virtual Status outcome(const Outcome& outcome) = 0;
  /// All is told, by a probe that ends its process without returning from run(). Any thread.
  virtual void all_told() {}
  /// The inventory's answer.
  virtual Status topology(const Topology& topology) = 0;
};

/// What one run of a probe is given. Borrowed; everything outlives the run.
struct Task {
  const Topology& topology;  ///< this machine, as far as the program looked
  const Request& request;
  Rendezvous* rendezvous = nullptr;  ///< absent when the request has one end
  Deadline deadline;                 ///< the run has given up by then
  Clock& clock;
  Sink& sink;
};

/// Measures one kind of path, or takes the inventory.
class Probe {
 public:
  virtual ~Probe() = default;
  /// The word in Request.probe.
  virtual std::string name() const = 0;
  /// The identities of what the request asks for, as this rank would give them, each skipped
  /// without a reason. Empty for a rank that gives none, and for the inventory.
  virtual std::vector<Outcome> planned(const Request& request) const = 0;
  /// Why this machine cannot do it at all; nothing when it can. Then run() is not called.
  virtual std::optional<std::string> inapplicable(const Task& task) const = 0;
  /// Measures and gives every outcome to the sink; what was asked for and went wrong is a Failed
  /// outcome, not an error. An error means that the request itself cannot be served.
  virtual Status run(const Task& task) = 0;
};

/// Every probe that this program has. `main` owns them.
std::vector<std::unique_ptr<Probe>> all_probes();

}  // namespace plumbline::probes
