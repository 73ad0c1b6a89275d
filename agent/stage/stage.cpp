#include "agent/stage/stage.hpp"

#include <algorithm>
#include <random>

#include "agent/stage/measuring.hpp"
#include "agent/stage/stage_file.hpp"
#include "agent/stage/stage_run.hpp"
#include "agent/version.hpp"
#include "netcheck/claims/read_again.hpp"
#include "netcheck/judge.hpp"
#include "netcheck/rdma/rails_at_once.hpp"
#include "netcheck/rdma/rails_told.hpp"
#include "reports/forms.hpp"

namespace plumbline::agent {
namespace {

constexpr int kMostGroupTests = 200;

std::string new_run_id() {
  std::random_device random;
  constexpr std::string_view letters = "abcdefghjkmnpqrstuvwxyz23456789";
  std::string id;
  for (int letter = 0; letter < 10; ++letter)
    id.push_back(letters[random() % letters.size()]);
  return id;
}

Status make_folders(const std::filesystem::path& results) {
  std::error_code error;
  std::filesystem::create_directories(results / "logs", error);
  if (error) return fail_errno(error.value(), "making " + (results / "logs").string());
  return {};
}

Result<Journal> open_journal(const StageOptions& options, const StageFile& file,
                             const StageWorld& world) {
  if (options.resume) {
    auto earlier = Journal::resume(options.results, file.digest);
    if (earlier || earlier.error().code != ErrorCode::not_found) return earlier;
    world.log.info("nothing to resume in " + options.results.string() + ", the stage starts anew");
  }
  return Journal::create(options.results, {new_run_id(), file.digest, world.clock.wall_time()});
}

void read_claims(const StageFile& file, Clock& clock, netcheck::Facts& facts) {
  auto view = stage_claims(file, clock);
  facts.claims.reset();
  facts.claims_problem.clear();
  if (view) {
    facts.claims = std::move(*view);
  } else {
    facts.claims_problem = view.error().message;
  }
}

netcheck::Facts discover(const StageFile& file, Clock& clock, const Fleet& fleet) {
  netcheck::Facts facts;
  facts.fabric = file.fabric;
  facts.own_namespace = file.own_namespace;
  facts.least_coverage = file.least_coverage;
  facts.asked = file.asked;
  facts.nodes = fleet.facts();
  read_claims(file, clock, facts);
  return facts;
}

/// Every planned identity that has no outcome, because the stage ended early.
std::vector<Outcome> never_begun(const StageRun& run, const netcheck::Facts& facts,
                                 const netcheck::Plan& plan, const std::string& reason) {
  std::vector<Outcome> missing;
  for (const bool latency : {false, true}) {
    for (const auto& round : latency ? plan.latency : plan.goodput) {
      for (const auto& pair : round.pairs) {
        for (Outcome& outcome :
             run.unfinished(Pass::first, netcheck::identities(facts.asked, pair, latency))) {
          outcome.result = Skipped{reason};
          missing.push_back(std::move(outcome));
        }
      }
    }
  }
  return missing;
}

/// Skipped by plan, measured first, measured again alone: in this order, so that the last one of a
/// key counts.
void gather_outcomes(const StageRun& run, const netcheck::Plan& plan, netcheck::Facts& facts) {
  facts.outcomes = plan.skipped;
  if (const auto early = run.ended_early()) {
    const auto missing = never_begun(run, facts, plan, "the stage ended early: " + *early);
    facts.outcomes.insert(facts.outcomes.end(), missing.begin(), missing.end());
  }
  for (const Pass pass : {Pass::first, Pass::alone}) {
    const auto kept = run.journal.outcomes(pass);
    facts.outcomes.insert(facts.outcomes.end(), kept.begin(), kept.end());
  }
}

/// Collectives that are slow while no pair says why are searched by more of them.
void test_groups(StageRun& run, netcheck::Facts& facts, const netcheck::Plan& plan) {
  for (int tests = 0; tests < kMostGroupTests && !run.ended_early(); ++tests) {
    const auto test = netcheck::next_group_test(facts);
    if (!test) return;
    measure_group_test(run, facts, *test);
    gather_outcomes(run, plan, facts);
  }
}

void measure(StageRun& run, netcheck::Facts& facts, const netcheck::Plan& plan) {
  run.expect_steps(count_steps(run.file, facts, plan));
  measure_nodes(run, facts);
  measure_rounds(run, facts, plan.goodput, Pass::first, PairWork::goodput);
  gather_outcomes(run, plan, facts);
  const auto again = netcheck::suspects(facts);
  run.expect_steps(count_steps(run.file, facts, plan) + again.size());
  measure_rounds(run, facts, again, Pass::alone, PairWork::goodput);
  measure_rounds(run, facts, plan.latency, Pass::first, PairWork::latency);
  measure_rounds(run, facts, netcheck::rails_at_once(facts, plan), Pass::first, PairWork::together);
  measure_collectives(run, facts);
  measure_gpu_collectives(run, facts);
  gather_outcomes(run, plan, facts);
  test_groups(run, facts, plan);
}

/// Reads the claims again; what was measured on a node whose quoted claims changed meanwhile is
/// discarded. Returns what changed.
std::vector<std::string> discard_changed(const StageRun& run, const Report& report,
                                         netcheck::Facts& facts) {
  netcheck::Facts later = facts;
  read_claims(run.file, run.world.clock, later);
  if (!facts.claims || !later.claims) return {};
  std::vector<std::string> changes;
  for (const auto& finding : report.findings) {
    if (!finding.claim) continue;
    const auto change = netcheck::claims::changed(*finding.claim, *later.claims);
    if (!change) continue;
    changes.push_back(*change);
    for (auto& outcome : facts.outcomes) {
      const std::string& node = finding.subject.node;
      if (node.empty() || (outcome.from.node != node && outcome.to.node != node)) continue;
      outcome.result = Skipped{"discarded, a claim changed while it was measured: " + *change};
    }
  }
  facts.claims = std::move(later.claims);
  return changes;
}

void sign(const StageRun& run, Report& report) {
  report.stage = run.file.name;
  report.run_id = run.journal.start().run_id;
  report.started_at = run.journal.start().started_at;
  report.finished_at = run.world.clock.wall_time();
  report.plumbline_version = version();
  if (const auto early = run.ended_early()) {
    report.interrupted = true;
    report.interruption = *early;
  }
  report.facts["stage_file_sha256"] = run.file.digest;
}

/// A stage that ended early never passes: what it did not come to is not known to be good.
void judge_interruption(Report& report) {
  if (!report.interrupted) return;
  if (report.verdict == StageVerdict::pass) report.verdict = StageVerdict::inconclusive;
  report.because.insert(report.because.begin(), "the stage ended early: " + report.interruption);
}

}  // namespace

Result<Report> run_stage(const StageOptions& options, const StageWorld& world) {
  const auto file = read_stage_file(options.stage_file);
  if (!file) return tl::unexpected(file.error());
  if (auto made = make_folders(options.results); !made) return tl::unexpected(made.error());
  auto journal = open_journal(options, *file, world);
  if (!journal) return tl::unexpected(journal.error());
  const Deadline deadline = Deadline::after(file->deadline);
  const auto agents = stage_agents(*file, world.clock);
  auto fleet = Fleet::gather(agents.value_or(std::vector<StageAgent>()), file->tls,
                             journal->start().run_id, world.log);
  if (!fleet) return tl::unexpected(fleet.error());

  StageRun run(*file, options, world, *journal, **fleet, deadline);
  netcheck::Facts facts = discover(*file, world.clock, **fleet);
  netcheck::tell_rails(facts, other_networks(*file, agents.value_or(std::vector<StageAgent>())));
  const netcheck::Plan plan = netcheck::plan(facts);
  measure(run, facts, plan);

  Report report = netcheck::judge(facts);
  const auto changes = discard_changed(run, report, facts);
  if (!changes.empty()) report = netcheck::judge(facts);
  for (const auto& change : changes)
    report.because.push_back("claim changed: " + change);
  if (!agents) report.because.insert(report.because.begin(), agents.error().message);
  sign(run, report);
  judge_interruption(report);
  if (auto written = reports::write_forms(report, options.results); !written) {
    return pass_up(written.error(), "writing the report");
  }
  return report;
}

}  // namespace plumbline::agent
