#pragma once

#include "core/model/report.hpp"
#include "reports/sheet.hpp"
#include "reports/view.hpp"

namespace plumbline::reports {

/// The findings that are not match, worst first, each with its proof and its next step; then how
/// many matched.
void write_findings(Sheet& sheet, const Report& report, const Index& index);

/// What was not measured, in groups of one reason each.
void write_unmeasured(Sheet& sheet, const Report& report);

/// What the stage brought through the scheduler: controls, and each pod with its binding.
void write_workloads(Sheet& sheet, const Report& report);

/// Node x node goodput of every rail, as numbers where they fit, else as one sign a pair.
void write_matrices(Sheet& sheet, const Report& report, const Index& index);

/// Latencies, collectives, node probes and smaller measurements.
void write_numbers(Sheet& sheet, const Report& report, const Index& index);

}  // namespace plumbline::reports
