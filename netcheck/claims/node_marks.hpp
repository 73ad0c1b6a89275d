#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "core/clock.hpp"
#include "core/model/report.hpp"
#include "core/result.hpp"
#include "netcheck/claims/api_access.hpp"

namespace plumbline::netcheck::claims {

/// What is written on Node objects, each only when it is asked for.
struct NodeMarks {
  bool labels = false;      ///< plumbline.dev/verdict and plumbline.dev/run
  bool conditions = false;  ///< status.conditions[PlumblineFabric]
};

/// The labels that a report gives a node, as an object to apply. Pure.
nlohmann::json node_labels(const Report& report, const std::string& node);

/// The condition that a report gives a node, as an object to apply to its status: True when nothing
/// is wrong, False when something is, Unknown when it is in doubt. `now` is when it was written.
/// Pure.
nlohmann::json node_condition(const Report& report, const std::string& node,
                              const std::string& now);

/// Writes them on every node of the report that the cluster knows, by server-side apply (field
/// manager "plumbline"). The number of nodes. Errors name node and right; one that fails ends it.
Result<std::size_t> mark_nodes(const Report& report, const NodeMarks& marks, ApiAccess access,
                               Clock& clock, Deadline deadline);

}  // namespace plumbline::netcheck::claims
