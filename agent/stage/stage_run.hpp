#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "agent/stage/ensemble.hpp"
#include "agent/stage/fleet.hpp"
#include "agent/stage/journal.hpp"
#include "agent/stage/stage.hpp"
#include "agent/stage/stage_file.hpp"
#include "netcheck/plan.hpp"

namespace plumbline::agent {

/// What the parts of one running stage share. Made once by run_stage(); its methods are
/// thread-safe.
class StageRun {
 public:
  StageRun(const StageFile& file, const StageOptions& options, const StageWorld& world,
           Journal& journal, Fleet& fleet, Deadline deadline);

  /// Why the stage ends early: the world's wish, the stage's deadline, or a journal that cannot be
  /// written. Nothing while it goes on.
  std::optional<std::string> ended_early() const;
  /// Says that this stage has no measurement under way, as after each part of it.
  void nothing_runs();
  /// When the reason to end early was first seen, and when the last measurement had been ended for
  /// it; in UTC, empty while there is neither. The agents end their children in their own time.
  struct EarlyEnd {
    std::string seen_at;
    std::string quiet_at;
  };
  EarlyEnd early_end() const;
  /// One more reason to end early, asked as often. Set before anything is measured.
  void watch(std::function<std::optional<std::string>()> alarm) { alarm_ = std::move(alarm); }
  /// Says how many steps there will be, for the share of the work done.
  void expect_steps(std::size_t steps) { expected_ = steps; }
  /// Tells the world that a step begins.
  void step(const std::string& text);
  /// Journals an outcome with its time.
  void keep(Pass pass, Outcome outcome);
  /// Keeps what an ensemble gave for these identities: its outcomes, and for each identity without
  /// one the failure. What was stopped on our wish keeps nothing.
  void keep_all(Pass pass, const std::vector<Outcome>& identities, EnsembleResult result,
                Seconds took);
  /// The identities that are not finished yet in this pass.
  std::vector<Outcome> unfinished(Pass pass, std::vector<Outcome> identities) const;
  /// A measurement's name that no other of this run has.
  std::string next_name();

  const StageFile& file;
  const StageOptions& options;
  const StageWorld& world;
  Journal& journal;
  Fleet& fleet;
  const Deadline deadline;

 private:
  std::function<std::optional<std::string>()> alarm_;
  std::optional<std::string> reason_to_end() const;

  mutable std::mutex mutex_;
  mutable EarlyEnd early_;
  std::optional<std::string> broken_;
  std::atomic<unsigned> names_ = 0;
  std::atomic<std::size_t> steps_ = 0;
  std::size_t expected_ = 1;
  double share_ = 0;
};

}  // namespace plumbline::agent
