#pragma once

#include <string>
#include <string_view>

#include "core/model/allocation.hpp"
#include "core/result.hpp"

namespace v1 {
class AllocatableResourcesResponse;
class ListPodResourcesResponse;
}  // namespace v1

namespace plumbline::netcheck::claims {

/// What a kubelet's answer says as holdings, one for each device of each container. A claim whose
/// devices the kubelet does not name (before Kubernetes 1.34) is one holding with the claim alone.
/// More than 100000 holdings is an error.
Result<NodeHoldings> holdings_of(const v1::ListPodResourcesResponse& answer,
                                 const std::string& node, const std::string& source);

/// What a kubelet has to give, by its answer to GetAllocatableResources. More than 100000 devices
/// is an error.
Result<Allocatable> allocatable_of(const v1::AllocatableResourcesResponse& answer);

/// The same as holdings_of() from an answer's bytes, as a recording holds them.
Result<NodeHoldings> parse_holdings(std::string_view bytes, const std::string& node,
                                    const std::string& source);

}  // namespace plumbline::netcheck::claims
