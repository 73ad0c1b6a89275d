#pragma once

#include <nlohmann/json_fwd.hpp>

#include "netcheck/claims/workloads/spec.hpp"

namespace plumbline::netcheck::claims {

/// metadata of an object of the run: name, namespace, labels. Pure.
nlohmann::json run_metadata(const RunSpec& run, const std::string& name);

/// The labels that every pod and object of a workload carries. Pure.
nlohmann::json workload_labels(const RunSpec& run, const std::string& workload);

/// True where pods that must stand in one domain say so by their own affinity: neither Kueue, which
/// admits by an annotation of the template, nor a native PodGroup, which has a field for it, is to
/// place them. Pure.
bool domain_by_affinity(const RunSpec& run);

/// The template (metadata and spec) of a workload's pods. `rank_field` is the pod's own field that
/// tells its rank: "metadata.annotations['batch.kubernetes.io/job-completion-index']". Pure.
nlohmann::json pod_template(const RunSpec& run, const WorkloadSpec& workload,
                            const std::string& rank_field);

}  // namespace plumbline::netcheck::claims
