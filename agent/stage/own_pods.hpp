#pragma once

#include <vector>

#include "core/model/workloads.hpp"
#include "netcheck/facts.hpp"

namespace plumbline::agent {

/// Puts the stage's own pods into the facts, each with what the kubelet of its node says that it
/// holds, and what the agents inside told, each with the kubelet's word on its pod alone. Pure.
void tell_placement(Workloads workloads, std::vector<netcheck::NodeFacts> inside,
                    netcheck::Facts& facts);

/// Adds to `facts` the own pods and what was told inside them that it does not have yet; what it
/// has stays as it is. Pure.
void keep_new(const netcheck::Facts& later, netcheck::Facts& facts);

}  // namespace plumbline::agent
