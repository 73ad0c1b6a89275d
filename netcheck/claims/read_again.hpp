#pragma once

#include <optional>
#include <string>

#include "core/model/allocation.hpp"

namespace plumbline::netcheck::claims {

/// The value that `view` now has at a claim's kind, name and path; nothing when it has none.
/// Understands the paths that findings quote: ResourceSlice `spec.nodeName`,
/// `spec.devices[N].name`, `spec.devices[N].attributes[DOMAIN/NAME]`; ResourceClaim
/// `status.allocation.devices.results[N]` and `status.allocation.devices.results` (as
/// "driver/pool/device", joined by ", "),
/// `status.devices[N].networkData.{interfaceName,hardwareAddress,ips}` (N counts allocation
/// results); Node `metadata.labels[KEY]`, `status.allocatable[NAME]`; Pod `spec.nodeName`; PodGroup
/// `spec.schedulingPolicy.gang.minCount`, `spec.schedulingConstraints.topology[N].key`.
std::optional<std::string> value_of(const ClaimRef& claim, const AllocationView& view);

/// Why a claim that was quoted before is not the same in a later `view`: the object is gone, has
/// another uid, or another value there. Nothing when uid and value are the same; a new
/// resourceVersion alone is no change.
std::optional<std::string> changed(const ClaimRef& claim, const AllocationView& view);

}  // namespace plumbline::netcheck::claims
