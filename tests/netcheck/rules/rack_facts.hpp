#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "netcheck/facts.hpp"
#include "netcheck/rules/rules.hpp"

namespace plumbline::netcheck {

/// What a whole six-node rack tells: the claims of a fixture bundle, and for every node the devices
/// and the kubelet's answer that make those claims true. Pod tenant/loader-0 has ens3 of node-6 in
/// a network namespace of its own.
Facts rack(const std::string& bundle = "rack");

/// The claims of a fixture bundle alone, as `plumbline check` has them.
Facts only_claims(const std::string& bundle = "rack");

/// Parts of facts to be changed by a test; each fails the test when there is no such part.
NodeFacts& node(Facts& facts, std::string_view name);
NetworkDevice& device(Facts& facts, std::string_view node, std::string_view name);
PodSandbox& sandbox(Facts& facts, std::string_view pod);
SliceDevice& published(Facts& facts, std::string_view node, std::string_view device);
DeviceClaim& claim(Facts& facts, std::string_view name);
PodClaim& pod(Facts& facts, std::string_view name);
NodeClaim& node_object(Facts& facts, std::string_view name);

/// Takes a device out of its node's own network namespace and returns it; without addresses, as a
/// move leaves it.
NetworkDevice take(Facts& facts, std::string_view node, std::string_view device);

/// A holding of a DRA device, as a kubelet tells it.
Holding holding(std::string name_space, std::string pod, std::string claim, std::string node,
                std::string device);

/// A pair outcome between two devices of the same name, measured or skipped.
Outcome measured(const std::string& from, const std::string& to, const std::string& device);
Outcome skipped(const std::string& from, const std::string& to, const std::string& device,
                const std::string& reason);

/// The findings of a rule with one verdict.
std::vector<Finding> with(const std::vector<Finding>& findings, Verdict verdict);

/// The only finding of that verdict; fails the test, with all messages, when there is not just one.
Finding the_only(const std::vector<Finding>& findings, Verdict verdict);

/// True when there are findings and all of them match.
bool all_match(const std::vector<Finding>& findings);

/// Fails the test unless each quoted claim is read back unchanged from the facts it was made of,
/// and each finding says what, where and what next.
void check_quotes(const Facts& facts, const std::vector<Finding>& findings);

}  // namespace plumbline::netcheck
