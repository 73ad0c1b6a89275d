#include "agent/stage/stage_run.hpp"

#include <algorithm>

namespace plumbline::agent {

StageRun::StageRun(const StageFile& file_read, const StageOptions& options_given,
                   const StageWorld& world_around, Journal& journal_kept, Fleet& fleet_met,
                   Deadline deadline_set)
    : file(file_read),
      options(options_given),
      world(world_around),
      journal(journal_kept),
      fleet(fleet_met),
      deadline(deadline_set) {}

std::optional<std::string> StageRun::ended_early() const {
  auto reason = reason_to_end();
  if (reason) {
    const std::lock_guard lock(mutex_);
    if (early_.seen_at.empty()) early_.seen_at = world.clock.wall_time();
  }
  return reason;
}

void StageRun::nothing_runs() {
  if (!ended_early()) return;
  const std::lock_guard lock(mutex_);
  if (early_.quiet_at.empty()) early_.quiet_at = world.clock.wall_time();
}

StageRun::EarlyEnd StageRun::early_end() const {
  const std::lock_guard lock(mutex_);
  return early_;
}

std::optional<std::string> StageRun::reason_to_end() const {
  {
    const std::lock_guard lock(mutex_);
    if (broken_) return broken_;
  }
  if (world.stop) {
    if (auto wish = world.stop()) return wish;
  }
  if (alarm_) {
    if (auto alarm = alarm_()) return alarm;
  }
  if (deadline.passed()) return "the stage's deadline passed";
  return std::nullopt;
}

void StageRun::step(const std::string& text) {
  const auto done = static_cast<double>(steps_++);
  if (!world.progress) return;
  const double share = done / static_cast<double>(std::max<std::size_t>(1, expected_));
  const std::lock_guard lock(mutex_);
  share_ = std::max(share_, std::min(1.0, share));  // more steps may come up, the share never falls
  world.progress(text, share_);
}

void StageRun::keep(Pass pass, Outcome outcome) {
  if (outcome.finished_at.empty()) outcome.finished_at = world.clock.wall_time();
  if (const auto kept = journal.add(pass, outcome); !kept) {
    const std::lock_guard lock(mutex_);
    broken_ = kept.error().message;
  }
}

void StageRun::keep_all(Pass pass, const std::vector<Outcome>& identities, EnsembleResult result,
                        Seconds took) {
  if (result.failed) fleet.note(*result.failed);
  for (const auto& outcome : result.outcomes)
    keep(pass, outcome);
  if (result.stopped) return;
  const Failed missing = result.failed.value_or(
      Failed{{ErrorCode::internal, "the probe ended without telling this number"}, ""});
  // An agent that found a tenant on the device did not try.
  const bool held = missing.error.code == ErrorCode::conflict;
  for (Outcome outcome : unfinished(pass, identities)) {
    if (held) {
      outcome.result = Skipped{missing.error.message};
    } else {
      outcome.result = missing;
    }
    outcome.took = took;
    keep(pass, std::move(outcome));
  }
}

std::vector<Outcome> StageRun::unfinished(Pass pass, std::vector<Outcome> identities) const {
  std::erase_if(identities,
                [&](const Outcome& outcome) { return journal.has(pass, outcome.key()); });
  return identities;
}

std::string StageRun::next_name() { return "m" + std::to_string(++names_); }

}  // namespace plumbline::agent
