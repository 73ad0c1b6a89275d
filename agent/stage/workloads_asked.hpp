#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "core/yaml_section.hpp"
#include "netcheck/claims/workloads/spec.hpp"

namespace plumbline::agent {

/// The stage file's `workloads`: what the stage brings through the scheduler.
struct WorkloadsAsked {
  netcheck::claims::RunSpec run;      ///< all but the run's id and its deadline
  int members = 0;                    ///< of the gang; 0: one on each node of the stage
  std::string domain;  ///< node label: the gang must stand in one value of it; empty: anywhere
  std::vector<std::string> controls;  ///< "negative", "misaligned", ...
  bool isolation = true;  ///< look into a pod without a device and into pods with one each
  std::chrono::nanoseconds patience = std::chrono::minutes(2);      ///< for the gang to run
  std::chrono::nanoseconds pending_for = std::chrono::seconds(20);  ///< what must not be placed
};

/// Reads it; nothing when the file has no such part. The namespace is `own_namespace`. What is
/// wrong is the file's first complaint.
std::optional<WorkloadsAsked> read_workloads_asked(YamlSection& top,
                                                   const std::string& own_namespace);

}  // namespace plumbline::agent
