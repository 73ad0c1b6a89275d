#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/clock.hpp"
#include "core/model/workloads.hpp"
#include "core/result.hpp"
#include "netcheck/claims/api_access.hpp"
#include "netcheck/claims/workloads/pod_facts.hpp"

namespace plumbline::netcheck::claims {

/// How PlacedPod::ended ends for a pod that is no longer there.
constexpr const char* kGone = "was deleted";

/// What is watched over while it is measured.
struct PodGuard {
  std::set<std::string> workloads;  ///< own ones whose pods must stay
  std::set<std::string> nodes;      ///< where no other pod may come
  std::set<std::string> resources;  ///< that asks for one of these
  bool claims = false;              ///< or for any ResourceClaim
};

/// Follows all pods of a cluster in a thread of its own: those of one run, and those of others that
/// come to the devices under test. Thread-safe.
class PodWatch {
 public:
  /// Lists the pods and starts to follow them. Needs list and watch of pods in all namespaces; the
  /// error names the verb that is missing. `clock` is borrowed.
  static Result<std::unique_ptr<PodWatch>> open(ApiAccess access, Clock& clock,
                                                const std::string& run, Deadline deadline);
  virtual ~PodWatch() = default;

  /// The run's pods, by workload and rank; those that are gone too, with why.
  virtual std::vector<PlacedPod> own() const = 0;
  /// The pods of one of the run's workloads, as the server keeps them.
  virtual std::vector<PodFacts> kept(const std::string& workload) const = 0;
  /// Blocks until `done` says so of own(), asked at every change and twice a second, or the
  /// deadline passes: false.
  virtual bool wait(const std::function<bool(const std::vector<PlacedPod>&)>& done,
                    Deadline deadline) const = 0;
  /// From now on alarm() tells.
  virtual void guard(PodGuard guarded) = 0;
  /// Alarms no more: what ends now was ended on purpose.
  virtual void unguard() = 0;
  /// Why measuring must stop: an own pod that ends, a pod of others that came, or a server that did
  /// not answer for ten seconds, so that neither could be seen. Stays, once there is one.
  virtual std::optional<std::string> alarm() const = 0;
};

}  // namespace plumbline::netcheck::claims
