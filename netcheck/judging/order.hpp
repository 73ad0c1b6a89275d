#pragma once

#include <vector>

#include "core/model/finding.hpp"
#include "netcheck/facts.hpp"

namespace plumbline::netcheck {

/// Worst first: violation, drift, degraded, unobservable, vacuous, preference_not_met, unclaimed,
/// match. Within one verdict causes stand before what they bring about: a lying label before the
/// gang it misplaced, a device that a pod took before the slice that publishes it, an agent that is
/// gone before what it could not tell. Otherwise the order stays.
void worst_first(std::vector<Finding>& findings);

/// Not measured first: failures with a blamed node, then what an unreachable node kept from being
/// measured, then devices that the gate refused, then other failures, then other skips. Then the
/// measured ones. Within each by probe, ends and parameters.
std::vector<Outcome> not_measured_first(const Facts& facts,
                                        const std::vector<const Outcome*>& outcomes);

}  // namespace plumbline::netcheck
