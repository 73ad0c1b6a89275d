#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/model/finding.hpp"
#include "core/model/measurement.hpp"
#include "core/model/topology.hpp"

namespace plumbline::agent {

/// What this machine's GPUs and their numbers tell by themselves, without any claim: lost GPUs,
/// degraded links, slow, corrupting and hanging paths, GPUs measured while somebody used them.
/// Worst first, without what matches. Empty for a machine without GPUs.
std::vector<Finding> findings_here(const Topology& topology, const std::vector<Outcome>& outcomes);

/// One finding for each GPU that a measuring child left occupied; `left` is by UUID
/// (unreleased_gpus()).
std::vector<Finding> not_released(const std::string& node,
                                  const std::map<std::string, std::string>& left);

/// The finding of a machine whose GPUs could not be asked for: not knowing is no pass.
Finding gpus_unseen(const std::string& node, const std::string& why);

/// The findings as lines for a person; empty for none.
std::string findings_text(const std::vector<Finding>& findings);

/// The findings as a JSON list, each as in report.json.
std::string findings_json(const std::vector<Finding>& findings);

/// The JSON of outcomes (outcome_json()) with the findings beside them; unchanged without any.
std::string with_findings(std::string outcomes, const std::vector<Finding>& findings);

/// 1 when a finding is a fault, 2 when one leaves doubt, else `measured`.
int exit_code_with(const std::vector<Finding>& findings, int measured);

}  // namespace plumbline::agent
