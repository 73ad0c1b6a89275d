#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "netcheck/claims/workloads/spec.hpp"

namespace plumbline::netcheck::claims {

/// PEM texts that the agents inside the pods need. Never logged, never in a report.
struct PodSecrets {
  std::string ca;
  std::string certificate;
  std::string key;
};

/// The run's Secret (plumbline-RUN-tls) that its pods mount at /tls. Pure.
nlohmann::json secret_object(const RunSpec& run, const PodSecrets& secrets);

/// A ResourceClaimTemplate for each device that the run asks of DRA, in the shape of its version.
/// Pure.
std::vector<nlohmann::json> claim_templates(const RunSpec& run);

/// The objects that make one workload's pods, in the order of their creation: the Job, JobSet or
/// MPIJob, or a TrainingRuntime and its TrainJob; before them the PodGroup, where one is asked for.
/// Its pods are unprivileged agents (no root, no capability, the runtime's seccomp profile, no
/// token), of the run's priority, and named rank-0, rank-1, ... to who asks them. Pure.
std::vector<nlohmann::json> workload_objects(const RunSpec& run, const WorkloadSpec& workload);

/// The path of the collection that an object is created in: its apiVersion, namespace and kind.
/// Pure.
std::string collection_of(const nlohmann::json& object);

}  // namespace plumbline::netcheck::claims
