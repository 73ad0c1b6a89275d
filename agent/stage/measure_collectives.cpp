#include <algorithm>
#include <map>

#include "agent/stage/measuring.hpp"
#include "agent/stage/mpi_launch.hpp"
#include "core/child.hpp"
#include "netcheck/gate.hpp"
#include "netcheck/lookup.hpp"

namespace plumbline::agent {
namespace {

constexpr Seconds kCollectiveTime{4};
constexpr Seconds kCollectiveLimit{25};

/// Node and rack of every node that the claims label; racks that nobody tells are empty.
std::vector<std::pair<std::string, std::string>> racks_of(const netcheck::Facts& facts) {
  std::vector<std::pair<std::string, std::string>> racks;
  for (const auto& node : facts.nodes) {
    racks.emplace_back(node.node, netcheck::labelled_rack(facts, node.node).value_or(""));
  }
  return racks;
}

/// Why this group cannot reduce on this rail; nothing when it can.
std::optional<std::string> obstacle(const StageRun& run, const netcheck::Facts& facts,
                                    const MpiJob& job) {
  if (job.mpi_agent.empty()) return "no --mpi-agent was given, so mpirun cannot enter the nodes";
  for (const auto& node : job.group.nodes) {
    if (auto reason = run.fleet.given_up(node)) return reason;
    const NetworkDevice* const device = netcheck::nic_on(facts, node, job.rail);
    if (device == nullptr) return node + " has no device on " + job.rail;
    const auto answer = netcheck::gate(facts, {node, device->name, job.rail});
    if (!answer.allowed) return answer.reason;
  }
  return std::nullopt;
}

std::filesystem::path beside_us(const char* program) {
  const auto folder = program_directory();
  return folder ? *folder / program : std::filesystem::path(program);
}

MpiJob job_for(const StageRun& run, const MpiGroup& group, const netcheck::DeclaredRail& rail) {
  MpiJob job;
  job.mpirun = run.options.mpirun;
  job.rank_program =
      run.options.rank_program.empty() ? beside_us("plumbline-rank-mpi") : run.options.rank_program;
  job.mpi_agent = run.options.mpi_agent;
  job.group = group;
  job.rail = rail.name;
  job.rail_subnet = rail.subnet;
  job.management_subnet = run.file.management_subnet;
  job.sizes = {run.file.collective_size};
  job.budget = run.file.budget;
  job.budget.time = kCollectiveTime;
  job.limit = kCollectiveLimit;
  job.log = run.options.results / "logs" / ("mpi-" + group.name + "-" + rail.name + ".log");
  return job;
}

void skip(StageRun& run, const std::vector<Outcome>& wanted, const std::string& reason) {
  for (Outcome outcome : wanted) {
    outcome.result = Skipped{reason};
    run.keep(Pass::first, std::move(outcome));
  }
}

void measure_group(StageRun& run, const netcheck::Facts& facts, const MpiJob& job) {
  const auto wanted = run.unfinished(Pass::first, mpi_identities(job));
  if (wanted.empty()) return;
  run.step(job.operation + ": " + job.group.name + " on " + job.rail);
  if (const auto reason = obstacle(run, facts, job)) return skip(run, wanted, *reason);
  const MpiWatch watch{{}, {}, [&run] { return run.ended_early().has_value(); }};
  const Moment start = run.world.clock.now();
  const Deadline deadline = Deadline::after(span_of({job.limit.value + 10}));
  auto outcomes = run_mpi(job, watch, run.world.log, run.world.clock, deadline);
  EnsembleResult result;
  result.stopped = run.ended_early().has_value();
  if (outcomes && !result.stopped) result.outcomes = std::move(*outcomes);
  if (!outcomes) result.failed = Failed{outcomes.error(), ""};
  run.keep_all(Pass::first, wanted, std::move(result), in_seconds(run.world.clock.now() - start));
}

}  // namespace

void measure_collectives(StageRun& run, const netcheck::Facts& facts) {
  for (const auto& operation : run.file.operations) {
    for (const auto& group : mpi_groups(racks_of(facts), run.file.groups)) {
      for (const auto& rail : facts.fabric.rails) {
        if (run.ended_early()) return;
        MpiJob job = job_for(run, group, rail);
        job.operation = operation;
        measure_group(run, facts, job);
      }
    }
  }
}

std::size_t count_steps(const StageFile& file, const netcheck::Facts& facts,
                        const netcheck::Plan& plan) {
  const std::size_t groups =
      file.operations.empty() ? 0 : mpi_groups(racks_of(facts), file.groups).size();
  return plan.goodput.size() + plan.latency.size() +
         (file.node_probes ? 2 * facts.nodes.size() : 0) +
         groups * facts.fabric.rails.size() * file.operations.size();
}

}  // namespace plumbline::agent
