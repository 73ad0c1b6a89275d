#pragma once

#include <filesystem>
#include <string>

#include "core/clock.hpp"
#include "core/model/allocation.hpp"
#include "core/result.hpp"

namespace plumbline::netcheck::claims {

/// Asks the kubelet's PodResources v1 `List` over its unix socket what the pods of `node` hold. A
/// socket that is missing, refuses or answers late is an error that names it, never an empty
/// answer. At most 16 MiB are received.
Result<NodeHoldings> kubelet_holdings(const std::filesystem::path& socket, const std::string& node,
                                      Deadline deadline);

}  // namespace plumbline::netcheck::claims
