#pragma once

#include <string>

#include "netcheck/facts.hpp"

namespace plumbline::netcheck {

/// May this device be loaded by a measurement?
struct GateAnswer {
  bool allowed = false;
  std::string reason;  ///< when not: "ens2 on node-5 is held by pod tenant/trainer-0 (claim ...)"
};

/// Asks kubelet, claims and sandboxes about one device (X21). Held by nobody or by a pod of the
/// stage's own namespace: allowed. Held by another pod, or not knowable: not allowed, with the
/// holder or the reason. Pure.
GateAnswer gate(const Facts& facts, const Endpoint& device);

}  // namespace plumbline::netcheck
