#pragma once

#include <vector>

#include "netcheck/facts.hpp"
#include "netcheck/inference/label_truth.hpp"

namespace plumbline::netcheck {

/// X11: the rack labels against the racks that the measured goodputs show. A violation for each
/// node whose label lies, or for each set of nodes of which some lie; a match; or unobservable when
/// nothing separates the racks, when the claims are absent, and for each node without the label.
/// Nothing when no rack label is declared.
std::vector<Finding> x11_label_truth(const Facts& facts);

/// The same from an inference that was made already.
std::vector<Finding> x11_findings(const Facts& facts, const LabelTruth& truth);

}  // namespace plumbline::netcheck
