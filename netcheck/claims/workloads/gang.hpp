#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "netcheck/claims/workloads/pod_facts.hpp"
#include "netcheck/claims/workloads/spec.hpp"

namespace plumbline::netcheck::claims {

/// The API that must serve PodGroups of this form, as "scheduling.x-k8s.io/v1alpha1"; empty for
/// none.
const char* pod_group_api(GangForm form) noexcept;

/// The PodGroup of one workload, of as many members as it has, all or nothing; nothing where the
/// run asks for no form of gang. Sources of the fields: PodGroup of scheduler-plugins'
/// coscheduling (minMember, scheduleTimeoutSeconds), of Volcano (minMember), of Kubernetes 1.36
/// (KEP-4671: schedulingPolicy.gang.minCount; KEP-5732: schedulingConstraints.topology, where all
/// members belong in one domain). Pure.
std::optional<nlohmann::json> pod_group(const RunSpec& run, const WorkloadSpec& workload);

/// Makes the pods of a template members of their workload's PodGroup. Pure.
void join_gang(const RunSpec& run, const WorkloadSpec& workload, nlohmann::json& pod_template);

/// What a run asked for and its pods do not carry, though it was written: a server that does not
/// know a field drops it without a word, and its pods would then hold nothing, or be no gang.
/// Nothing when the pods carry all of it, or there are none. Pure.
std::optional<std::string> not_kept(const RunSpec& run, const std::vector<PodFacts>& pods);

}  // namespace plumbline::netcheck::claims
