#pragma once

#include <string>
#include <vector>

#include "netcheck/facts.hpp"
#include "netcheck/rules/lookup.hpp"

namespace plumbline::netcheck {

/// An attribute's value as text: 1500, true, "ens1".
std::string text_of(const AttributeValue& value);

/// "driver/pool/device".
std::string text_of(const AllocatedDevice& device);

/// Quotes a published device's attribute by its full key; by the device's name when `key` is empty.
ClaimRef quote_device(const Published& published, const std::string& key);

/// Quotes one allocation result.
ClaimRef quote_given(const Given& given);

/// Quotes all results of a claim.
ClaimRef quote_claim(const DeviceClaim& claim);

/// Quotes one constraint of a claim or template: the attribute that it names.
ClaimRef quote_constraint(const DeviceClaim& claim, std::size_t index);

/// Quotes the node that a pod is bound to.
ClaimRef quote_pod(const PodClaim& pod);

/// Quotes a gang's field: its topology key, or its minCount.
ClaimRef quote_gang(const PlacementClaim& gang, bool least_members);

/// Where a place's facts come from, for evidence: "network namespace of node-3", "... of pod
/// ns/name on node-3 (FILE)".
std::string source_of(const NodeFacts& node, const Place& place);

/// A device as one line: "ens2 mac 02:00:... mtu 1500 up".
std::string describe(const NetworkDevice& device);

/// One finding that a rule could not look at anything: the claims are absent, with the reason.
/// Nothing when the stage was asked to read none (no reason given).
std::vector<Finding> without_claims(const Facts& facts, const std::string& rule,
                                    const std::string& tier);

/// One finding that claims alone were read, so that a rule about nodes could look at none: `what`
/// says of what it could not tell. For a bundle without nodes' records; made once, not for each
/// device of a cluster.
std::vector<Finding> without_nodes(const Facts& facts, const std::string& rule,
                                   const std::string& tier, const std::string& what);

/// "a, b and c".
std::string listed(const std::vector<std::string>& words);

}  // namespace plumbline::netcheck
