#include "netcheck/gate.hpp"

#include "netcheck/rules/custody.hpp"

namespace plumbline::netcheck {

GateAnswer gate(const Facts& facts, const Endpoint& device) {
  const Custody answer = custody(facts, device.node, device.device);
  if (const Holder* tenant = tenant_of(answer, facts.own_namespace)) {
    return {false, device.device + " on " + device.node + " is held by " + text_of(*tenant)};
  }
  if (!answer.unknown.empty()) {
    return {false, "who holds " + device.device + " on " + device.node +
                       " cannot be known: " + answer.unknown};
  }
  return {true, ""};
}

}  // namespace plumbline::netcheck
