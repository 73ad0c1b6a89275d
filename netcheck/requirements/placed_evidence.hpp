#pragma once

#include <string>

#include "core/model/report.hpp"
#include "netcheck/facts.hpp"
#include "netcheck/requirements/catalogue.hpp"

namespace plumbline::netcheck {

/// What the stage's own pods showed of a requirement.
struct PlacedEvidence {
  bool whole = false;        ///< all that it takes
  std::string text;          ///< what there is of it, or what is missing first
  bool contradicts = false;  ///< what a pod saw speaks against it
};

/// The evidence that a requirement's data asks for: its controls, the numbers that pods measured
/// with counters that moved, and what was seen inside. A requirement that asks for none of these
/// has none that is whole. Stand-ins and fakes are never whole. Pure.
PlacedEvidence placed_evidence(const Facts& facts, const Requirement& requirement,
                               const Report& report);

/// Whether the stage's gang required one domain of the fabric's rack label, by the object that made
/// it or its pods, and stands in it. Pure.
PlacedEvidence evidence_of_domain(const Facts& facts);

/// What collectives between placed pods showed: whole where every planned one was measured with
/// counters that moved and got what its path should give; one that got less contradicts. Pods that
/// hold GPUs have shown nothing of these. Pure.
PlacedEvidence evidence_of_collectives(const Facts& facts, const Report& report);

/// What pods saw inside, of one kind. Pure.
PlacedEvidence evidence_inside(const Facts& facts, SeenInside what);

}  // namespace plumbline::netcheck
