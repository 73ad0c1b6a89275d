#pragma once

#include <string>

#include "core/model/finding.hpp"
#include "netcheck/localisation/culprits.hpp"

namespace plumbline::netcheck {

/// The named part as a finding's subject; a dead or flapping NIC is a link.
Subject subject_of(const Scene& scene, const Culprit& culprit);

/// One sentence: who, how it fails, in how many pairs, the worst of them against its expectation.
std::string message_of(const Scene& scene, const Culprit& culprit);

/// One sentence: what to do about it.
std::string next_step_of(const Scene& scene, const Culprit& culprit);

/// "node-1 -> node-3 on rail-a": the pair of an outcome.
std::string pair_of(const Outcome& outcome);

/// "7.5 MB/s of 23.9 MB/s expected", "failed: ...": what became of an observation.
std::string result_of(const Observation& observation);

/// The observation that tells most: the least share of its expectation, one way before both ways; a
/// failed one last. Null when the culprit has no bad observation.
const Observation* worst_of(const Scene& scene, const Culprit& culprit);

/// "0.21 %".
std::string percent(double share);

}  // namespace plumbline::netcheck
