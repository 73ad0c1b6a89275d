#include "agent/stage/stage.hpp"

#include <algorithm>
#include <random>

#include "agent/stage/measuring.hpp"
#include "agent/stage/own_pods.hpp"
#include "agent/stage/placement.hpp"
#include "agent/stage/run_in_cluster.hpp"
#include "agent/stage/stage_file.hpp"
#include "agent/stage/stage_run.hpp"
#include "agent/version.hpp"
#include "netcheck/claims/read_again.hpp"
#include "netcheck/controls/wrong_nic.hpp"
#include "netcheck/judge.hpp"
#include "netcheck/rdma/rails_at_once.hpp"
#include "netcheck/rdma/rails_told.hpp"
#include "reports/forms.hpp"

namespace plumbline::agent {
namespace {

constexpr int kMostGroupTests = 200;
constexpr std::chrono::seconds kLookTime{15};

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

/// Collectives that noise left open are measured once more, each.
void decide_groups(StageRun& run, netcheck::Facts& facts, const netcheck::Plan& plan,
                   const Placement* placement) {
  const auto undecided = netcheck::undecided_groups(facts);
  if (undecided.empty()) return;
  for (const auto& group : undecided) {
    if (run.ended_early()) break;
    measure_group_test(run, facts, group, placement, Pass::alone);
  }
  gather_outcomes(run, plan, facts);
}

/// Collectives that are slow while no pair says why are searched by more of them.
void test_groups(StageRun& run, netcheck::Facts& facts, const netcheck::Plan& plan,
                 const Placement* placement) {
  decide_groups(run, facts, plan, placement);
  for (int tests = 0; tests < kMostGroupTests && !run.ended_early(); ++tests) {
    const auto test = netcheck::next_group_test(facts);
    if (!test) return;
    measure_group_test(run, facts, *test, placement, Pass::first);
    gather_outcomes(run, plan, facts);
    decide_groups(run, facts, plan, placement);
  }
}

/// Between placed pods: pairs, once more where noise may have made the number, and collectives.
void measure_inside(StageRun& run, netcheck::Facts& facts, const netcheck::Plan& plan,
                    const Placement& placement) {
  measure_placed(run, facts, netcheck::plan_placed(facts, plan), placement, Pass::first);
  gather_outcomes(run, plan, facts);
  measure_placed(run, facts, netcheck::placed_again(facts, plan), placement, Pass::alone);
  measure_placed_collectives(run, facts, placement);
}

void measure(StageRun& run, netcheck::Facts& facts, const netcheck::Plan& plan,
             const Placement* placement) {
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
  if (placement != nullptr) measure_inside(run, facts, plan, *placement);
  gather_outcomes(run, plan, facts);
  test_groups(run, facts, plan, placement);
  run.nothing_runs();
}

/// The claims as they are when all is measured; nothing when they cannot be read.
std::optional<AllocationView> claims_again(const StageRun& run, const netcheck::Facts& facts) {
  if (!facts.claims) return std::nullopt;
  netcheck::Facts later;
  read_claims(run.file, run.world.clock, later);
  return std::move(later.claims);
}

/// What was measured on a node whose quoted claims changed meanwhile is discarded. Returns what
/// changed.
std::vector<std::string> discard_changed(const Report& report, std::optional<AllocationView> later,
                                         netcheck::Facts& facts) {
  if (!facts.claims || !later) return {};
  std::vector<std::string> changes;
  for (const auto& finding : report.findings) {
    // The stage's own pods come and go by its own will; who else ends them is an alarm.
    const bool own = finding.claim && finding.claim->kind == "Pod" &&
                     finding.claim->name.starts_with(facts.own_namespace + "/");
    if (!finding.claim || own) continue;
    const auto change = netcheck::claims::changed(*finding.claim, *later);
    if (!change) continue;
    if (std::find(changes.begin(), changes.end(), *change) == changes.end())
      changes.push_back(*change);
    for (auto& outcome : facts.outcomes) {
      const std::string& node = finding.subject.node;
      if (node.empty() || (outcome.from.node != node && outcome.to.node != node)) continue;
      outcome.result = Skipped{"discarded, a claim changed while it was measured: " + *change};
    }
  }
  facts.claims = std::move(later);
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
    report.facts["end_seen_at"] = run.early_end().seen_at;
    report.facts["measuring_ended_at"] = run.early_end().quiet_at;
  }
  report.facts["stage_file_sha256"] = run.file.digest;
}

/// A stage that ended early never passes: what it did not come to is not known to be good.
void judge_interruption(Report& report) {
  if (!report.interrupted) return;
  if (report.verdict == StageVerdict::pass) report.verdict = StageVerdict::inconclusive;
  report.because.insert(report.because.begin(), "the stage ended early: " + report.interruption);
}

/// The nodes that can be asked: where the stage's own pods belong.
std::vector<std::string> nodes_of(const std::vector<StageAgent>& agents) {
  std::vector<std::string> nodes;
  for (const StageAgent& agent : agents) {
    if (agent.problem.empty()) nodes.push_back(agent.address.node);
  }
  return nodes;
}

/// The fleet's word on who holds what, anew: other pods have come.
void look_again(const Fleet& fleet, netcheck::Facts& facts) {
  for (auto& node : facts.nodes) {
    auto* const agent = fleet.agent(node.node);
    if (agent == nullptr || fleet.given_up(node.node)) continue;
    auto told = agent->inventory(Deadline::after(kLookTime));
    if (!told) continue;
    told->node = node.node;
    node.holdings = std::move(told->holdings);
    node.holdings_problem = std::move(told->holdings_problem);
  }
}

/// Two pods in different racks, where the known topology says that they must get less.
void control_misaligned(StageRun& run, const Fleet& fleet, netcheck::Facts& facts,
                        const netcheck::Plan& plan, Placement& placement) {
  if (!placement.asks_for("misaligned") || run.ended_early()) return;
  std::string why;
  const auto misalignment = netcheck::find_misalignment(facts, plan, why);
  if (!misalignment) return placement.add_control(netcheck::misaligned_not_applicable(why));
  if (auto placed = placement.misalign(facts.fabric.rack_label,
                                       netcheck::sound_nodes(facts, *misalignment), run.deadline);
      !placed) {
    run.world.log.warn("the misaligned control: " + placed.error().message);
  } else {
    netcheck::Facts now = facts;
    look_again(fleet, now);
    read_claims(run.file, run.world.clock, now);
    tell_placement(placement.told(), placement.inside(), now);
    measure_misaligned(run, now, *misalignment, placement);
    run.nothing_runs();
  }
  gather_outcomes(run, plan, facts);
  placement.add_control(netcheck::judge_misaligned(facts, *misalignment));
}

/// Pods with one device each on one node are looked into, and told as they were then.
void look_at_single(StageRun& run, const Fleet& fleet, netcheck::Facts& facts,
                    Placement& placement) {
  if (run.ended_early()) return;
  if (auto looked = placement.look_single(run.deadline); !looked) {
    run.world.log.warn("pods with one device each: " + looked.error().message);
    return;
  }
  netcheck::Facts now = facts;
  look_again(fleet, now);
  tell_placement(placement.told(), placement.inside(), now);
  keep_new(now, facts);
}

/// The controls. The gang's pods are told as they were before they made room.
void control(StageRun& run, const Fleet& fleet, netcheck::Facts& facts, const netcheck::Plan& plan,
             Placement& placement) {
  placement.judge_controls();
  if (placement.asks_for("wrong_nic")) placement.add_control(netcheck::judge_wrong_nic(facts));
  look_at_single(run, fleet, facts, placement);
  const auto held = facts.workloads->pods;
  control_misaligned(run, fleet, facts, plan, placement);
  facts.workloads = placement.told();
  for (PlacedPod& pod : facts.workloads->pods) {
    for (const PlacedPod& before : held) {
      if (before.binding.uid == pod.binding.uid) pod = before;
    }
  }
}

/// Measures, judges the controls while the pods are there, judges everything, and gives the pods
/// back.
Report measure_and_judge(StageRun& run, const Fleet& fleet, const std::vector<StageAgent>& agents,
                         Placement* placement) {
  netcheck::Facts facts = discover(run.file, run.world.clock, fleet);
  netcheck::tell_rails(facts, other_networks(run.file, agents));
  if (placement != nullptr) tell_placement(placement->told(), placement->inside(), facts);
  const netcheck::Plan plan = netcheck::plan(facts);
  measure(run, facts, plan, placement);
  auto later = claims_again(run, facts);  // the controls change what our own pods claim
  if (placement != nullptr) control(run, fleet, facts, plan, *placement);
  Report report = netcheck::judge(facts);
  const auto changes = discard_changed(report, std::move(later), facts);
  if (!changes.empty()) report = netcheck::judge(facts);
  for (const auto& change : changes)
    report.because.push_back("claim changed: " + change);
  report.workloads = facts.workloads;
  return report;
}

/// What could not be deleted is told first of all: somebody has to.
void tell_left(RunInCluster& place, Report& report) {
  const auto left = place.remove();
  if (left.empty()) return;
  if (report.workloads) report.workloads->left = left;
  const std::string more =
      left.size() > 1 ? " and " + std::to_string(left.size() - 1) + " more" : "";
  report.because.insert(report.because.begin(), "could not delete " + left.front() + more +
                                                    "; `plumbline sweep --run " + report.run_id +
                                                    "` does");
}

Result<std::unique_ptr<Fleet>> meet(const std::vector<StageAgent>& agents, const StageFile& file,
                                    const RunInCluster& place, const std::string& run_id,
                                    Log& log) {
  if (place.coordinator()) return Fleet::gather(agents, *place.coordinator(), run_id, log);
  return Fleet::gather(agents, file.tls, run_id, log);
}

/// Agents can be brought only where they can be found.
Status check_deployment(const StageOptions& options, const StageFile& file) {
  if (!options.deploy_agents) {
    if (!file.tls.ca.empty()) return {};
    return fail(ErrorCode::invalid_input, options.stage_file.string() +
                                              ": tls is missing: only agents that --deploy-agents "
                                              "brings need none");
  }
  if (file.agent_pods.pod_namespace == file.own_namespace) return {};
  return fail(ErrorCode::invalid_input,
              options.stage_file.string() + ": --deploy-agents needs agent_pods.namespace to be " +
                  file.own_namespace + " (own.namespace), where the agents are brought");
}

}  // namespace

Result<Report> run_stage(const StageOptions& options, const StageWorld& world) {
  const auto file = read_stage_file(options.stage_file);
  if (!file) return tl::unexpected(file.error());
  if (auto fits = check_deployment(options, *file); !fits) return tl::unexpected(fits.error());
  if (auto made = make_folders(options.results); !made) return tl::unexpected(made.error());
  auto journal = open_journal(options, *file, world);
  if (!journal) return tl::unexpected(journal.error());
  const Deadline deadline = Deadline::after(file->deadline);
  const std::string run_id = journal->start().run_id;
  const auto place = RunInCluster::open(*file, run_id, options.deploy_agents, world, deadline);
  const auto found = stage_agents(place->with_its_agents(*file), world.clock);
  const auto agents = found.value_or(std::vector<StageAgent>());
  std::unique_ptr<Placement> placement;
  if (file->workloads && place->cluster() != nullptr && !place->problem()) {
    placement =
        Placement::bring(*file, run_id, nodes_of(agents), *place->cluster(), world, deadline);
  }
  auto fleet = meet(agents, *file, *place, run_id, world.log);
  if (!fleet) return tl::unexpected(fleet.error());

  StageRun run(*file, options, world, *journal, **fleet, deadline);
  run.watch([&] { return placement ? placement->alarm() : place->problem(); });
  Report report = measure_and_judge(run, **fleet, agents, placement.get());
  if (!found) report.because.insert(report.because.begin(), found.error().message);
  run.nothing_runs();
  sign(run, report);
  judge_interruption(report);
  if (placement) placement->leave();
  tell_left(*place, report);
  if (auto written = reports::write_forms(report, options.results); !written) {
    return pass_up(written.error(), "writing the report");
  }
  return report;
}

}  // namespace plumbline::agent
