#pragma once

#include <string>
#include <vector>

#include "core/model/report.hpp"
#include "netcheck/judging/numbers.hpp"

namespace plumbline::netcheck {

/// True for a verdict that fails a stage: violation, drift, degraded.
bool fails(Verdict verdict) noexcept;

/// True for a finding whose doubt keeps a stage from passing: unobservable or vacuous, but for X11
/// where the declared rates already say that goodput cannot tell the racks apart.
bool leaves_doubt(const Facts& facts, const Finding& finding);

/// Why numbers that the verdict needs leave doubt: too few measured, an interval over its limit, no
/// expectation, above what is possible. Empty: none does.
std::vector<std::string> doubts_about_numbers(const Judged& judged, const Coverage& coverage);

/// Fills verdict and because from findings, numbers and coverage, which are filled already.
void conclude(const Judged& judged, Report& report);

/// The requirements: coverage and pair performance of the stage, the claims' and labels' truth, and
/// what this evidence says of the conformance programme's requirements that apply here
/// (netcheck/requirements). Never "certified".
std::vector<RequirementResult> requirements_of(const Judged& judged, const Report& report);

}  // namespace plumbline::netcheck
