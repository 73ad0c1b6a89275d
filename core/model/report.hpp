#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/model/finding.hpp"
#include "core/model/measurement.hpp"
#include "core/model/workloads.hpp"

namespace plumbline {

/// The answer of a stage.
enum class StageVerdict { pass, fail, inconclusive };
const char* to_string(StageVerdict verdict) noexcept;
/// 0 pass, 1 fail, 2 inconclusive.
int exit_code(StageVerdict verdict) noexcept;

/// Which share of what is there was measured, 0..1.
struct Coverage {
  double nodes = 0;
  double rails = 0;
  double pairs = 0;
};

/// A requirement's answer.
struct RequirementResult {
  std::string id;     ///< "high_performance_networking"
  std::string level;  ///< MUST | SHOULD | stage
  StageVerdict verdict = StageVerdict::inconclusive;
  std::vector<std::string> because;
};

/// What one path number was held against; beside the outcome of the same key.
struct PathJudgement {
  std::string key;      ///< Outcome::key()
  std::string verdict;  ///< ok | degraded | inconclusive | no expectation
  std::optional<Expectation> expectation;
};

/// A node as the report needs to draw it.
struct ReportNode {
  std::string name;
  std::string rack;           ///< by label; empty when it has none
  std::string measured_rack;  ///< cluster inferred from the measurements; empty when not separable
};

/// All that a stage has to say. report.json is this, written by the codec.
struct Report {
  std::string stage;  ///< the stage file's name
  std::string run_id;
  std::string started_at;
  std::string finished_at;
  std::string plumbline_version;
  bool interrupted = false;  ///< a deadline or signal ended it early
  std::string interruption;  ///< which
  bool from_fakes = false;   ///< made from fake drivers: never evidence
  StageVerdict verdict = StageVerdict::inconclusive;
  std::vector<std::string> because;  ///< why this verdict, most important first
  Coverage coverage;
  std::vector<ReportNode> nodes;
  std::vector<std::string> rails;
  std::vector<Finding> findings;  ///< worst first
  std::vector<RequirementResult> requirements;
  std::vector<Outcome> outcomes;  ///< not measured first, then by probe and ends
  std::vector<PathJudgement> judgements;
  std::map<std::string, std::string> facts;  ///< versions and settings that change a number
  std::optional<Workloads> workloads;        ///< what it brought through the scheduler
};

}  // namespace plumbline
