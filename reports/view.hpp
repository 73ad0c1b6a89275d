#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/model/report.hpp"

namespace plumbline::reports {

/// Outcomes and judgements of one report by their key. Borrows the report.
class Index {
 public:
  /// Reads `report` once; it must outlive the index.
  explicit Index(const Report& report);
  /// The outcome of this key, or nullptr.
  const Outcome* outcome(const std::string& key) const;
  /// The judgement of this key, or nullptr.
  const PathJudgement* judgement(const std::string& key) const;
  /// "ok", "degraded", ... or empty when nothing judged the outcome.
  std::string verdict(const Outcome& outcome) const;

 private:
  std::map<std::string, const Outcome*> outcomes_;
  std::map<std::string, const PathJudgement*> judgements_;
};

/// How a finding concerns its reader.
enum class Concern {
  problem,    ///< violation, drift, degraded: the cluster is not what it says
  unchecked,  ///< vacuous, unobservable: nobody knows
  note,       ///< preference_not_met, unclaimed: to know, not to repair
  fine        ///< match
};

/// The concern of a verdict.
Concern concern(Verdict verdict) noexcept;

/// The report's findings of one concern, in its order.
std::vector<const Finding*> findings_of(const Report& report, Concern wanted);

/// "nic node-3/ens1 (rail-a)", "label key on node-4".
std::string subject_text(const Subject& subject);

/// "node-1/ens1 -> node-3/ens1", "node-1 <-> node-3" for both ways at once.
std::string path_text(const Outcome& outcome);

/// Names for a drawing: "numa0" stays, "GPU-7c7a...-9e01" becomes "GPU~9e01", with as many letters
/// of its end as tell them apart.
std::map<std::string, std::string> short_names(const std::vector<std::string>& devices);

/// "goodput 1 MiB", "latency p50", "all_reduce rack-1, 2 ranks": what the number counts.
std::string quantity_text(const Outcome& outcome);

/// A value in its unit: "24.9 MB/s", "4.5 us".
std::string value_text(Unit unit, double value);

/// A share in whole percent, rounded down: 99.9 % measured is not 100 %.
std::string percent(double share);

/// "7.12 MB/s [7.08 MB/s, 7.16 MB/s] over 6 batches, path proven by 4 of 4 signs".
std::string measured_text(const Measured& measured);

/// "23 MB/s, ok from 90 %: slowest hop ... (declared in stage.yaml)".
std::string expectation_text(const Expectation& expectation);

/// The outcome's parameter, or empty.
std::string parameter(const Outcome& outcome, const std::string& name);

/// The largest size among the outcomes of `probe`: the one that is judged. Empty when it has none.
std::string judged_size(const Report& report, const std::string& probe);

/// What a report must say before anything else: "interrupted: deadline of 10m", "made from fake
/// drivers: not evidence". Empty for an ordinary one.
std::vector<std::string> reservations(const Report& report);

/// The nodes in the order in which they are drawn: by rack label, then as reported. Nodes that only
/// outcomes name come last.
std::vector<ReportNode> drawn_nodes(const Report& report);

}  // namespace plumbline::reports
