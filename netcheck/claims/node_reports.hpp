#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "core/clock.hpp"
#include "core/model/report.hpp"
#include "core/result.hpp"
#include "netcheck/claims/api_access.hpp"

namespace plumbline::netcheck::claims {

/// One node's part of a report as a NodeReport of plumbline.dev/v1alpha1, without an owner: the
/// findings about it, worst first, matches left out, and how much of what was planned with it was
/// measured. Under 100 KiB: findings that do not fit are counted in `omitted`.
nlohmann::json node_report(const Report& report, const std::string& node);

/// Writes the NodeReport of every node of a report by server-side apply (field manager
/// "plumbline"), owned by its Node, so that it goes with it. Nodes that the cluster does not know
/// are left out. The number written. Errors name the object; one that fails ends it.
Result<std::size_t> publish_node_reports(const Report& report, ApiAccess access, Clock& clock,
                                         Deadline deadline);

}  // namespace plumbline::netcheck::claims
