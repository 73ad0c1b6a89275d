#pragma once

#include <nlohmann/json_fwd.hpp>

#include "core/model/allocation.hpp"
#include "core/model/workloads.hpp"

namespace plumbline::netcheck::claims {

/// One pod of a watch, as far as it matters to a run.
struct PodFacts {
  PlacedPod placed;
  PodClaim claim;
  std::string run;                  ///< its run's label; empty: not of any
  std::size_t resource_claims = 0;  ///< entries of spec.resourceClaims
  std::string group;                ///< spec.schedulingGroup.podGroupName; empty: none
};

/// Reads a Pod object: where it is bound and by which scheduler, why it waits or ends (evicted,
/// preempted, deleted, failed), its rank by the index of its Job or MPIJob. `problem` gets what is
/// of a wrong type. Pure.
PodFacts read_pod_facts(const nlohmann::json& object, std::string& problem);

}  // namespace plumbline::netcheck::claims
