#include <algorithm>
#include <array>

#include "agent/stage/measuring.hpp"
#include "agent/stage/mpi_launch.hpp"
#include "core/child.hpp"
#include "netcheck/gate.hpp"
#include "netcheck/groups/group_scene.hpp"
#include "netcheck/lookup.hpp"

namespace plumbline::agent {
namespace {

constexpr Seconds kNodeTime{2};  // for a number inside one node
// Where the two differ most: a system call each way. Large messages copy as fast by either.
constexpr Bytes kArmSize{1024};
constexpr double kStartAndEnd = 21;          // s: launching, a slow warm-up, leaving
constexpr const char* kOwn = "127.0.0.0/8";  // a node's path to itself
/// A node's numbers by the one and by the other must differ, or they could not show a fault.
constexpr std::array<const char*, 2> kArms{"shared_memory", "sockets"};

/// Node and rack of every node that the claims label; racks that nobody tells are empty.
std::vector<std::pair<std::string, std::string>> racks_of(const netcheck::Facts& facts) {
  std::vector<std::pair<std::string, std::string>> racks;
  for (const auto& node : facts.nodes) {
    racks.emplace_back(node.node, netcheck::labelled_rack(facts, node.node).value_or(""));
  }
  return racks;
}

bool asks(const StageFile& file, const char* word) {
  return std::find(file.groups.begin(), file.groups.end(), word) != file.groups.end();
}

/// Why this group cannot work on this rail; nothing when it can.
std::optional<std::string> obstacle(const StageRun& run, const netcheck::Facts& facts,
                                    const MpiJob& job) {
  if (job.mpi_agent.empty()) return "no --mpi-agent was given, so mpirun cannot enter the nodes";
  for (const auto& node : job.group.nodes) {
    if (auto reason = run.fleet.given_up(node)) return reason;
    if (job.rail.empty()) continue;
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

/// What every launch of this stage has in common.
MpiJob job_for(const StageRun& run, const MpiGroup& group, const std::string& operation) {
  MpiJob job;
  job.mpirun = run.options.mpirun;
  job.rank_program =
      run.options.rank_program.empty() ? beside_us("plumbline-rank-mpi") : run.options.rank_program;
  job.mpi_agent = run.options.mpi_agent;
  job.group = group;
  job.operation = operation;
  job.management_subnet = run.file.management_subnet;
  job.sizes = {run.file.collective_size};
  job.budget = run.file.budget;
  job.budget.time = run.file.collective_time;
  return job;
}

MpiJob rail_job(const StageRun& run, const MpiGroup& group, const std::string& operation,
                const netcheck::DeclaredRail& rail) {
  MpiJob job = job_for(run, group, operation);
  job.rail = rail.name;
  job.rail_subnet = rail.subnet;
  if (run.file.small_size.count > 0) {
    job.sizes.insert(job.sizes.begin(), run.file.small_size);
    job.options["latency_upto"] = std::to_string(run.file.small_size.count);
  }
  return job;
}

MpiJob node_job(const StageRun& run, const std::string& node, const std::string& operation,
                const char* transport) {
  const auto ranks = static_cast<std::size_t>(run.file.ranks_per_node);
  MpiJob job = job_for(run, {node, std::vector<std::string>(ranks, node)}, operation);
  job.transport = transport;
  if (job.transport == "sockets") job.rail_subnet = kOwn;
  job.budget.time = std::min(job.budget.time, kNodeTime);
  const Bytes small = run.file.small_size.count > 0 ? run.file.small_size : kArmSize;
  job.sizes.insert(job.sizes.begin(), small);
  job.options["latency_upto"] = std::to_string(small.count);
  return job;
}

void skip(StageRun& run, Pass pass, const std::vector<Outcome>& wanted, const std::string& reason) {
  for (Outcome outcome : wanted) {
    outcome.result = Skipped{reason};
    run.keep(pass, std::move(outcome));
  }
}

void measure_group(StageRun& run, const netcheck::Facts& facts, MpiJob job, Pass pass) {
  const auto wanted = run.unfinished(pass, mpi_identities(job));
  if (wanted.empty()) return;
  const std::string where = job.rail.empty() ? job.transport : job.rail;
  const char* const again = pass == Pass::alone ? ", again with more time" : "";
  run.step(job.operation + ": " + job.group.name.substr(0, 60) + " on " + where + again);
  if (const auto reason = obstacle(run, facts, job)) return skip(run, pass, wanted, *reason);
  if (pass == Pass::alone) job.budget.time.value *= kMoreTimeAlone;
  job.limit = {kStartAndEnd + static_cast<double>(job.sizes.size()) * job.budget.time.value};
  job.log =
      run.options.results / "logs" / ("mpi-" + job.group.name.substr(0, 60) + "-" + where + ".log");
  const MpiWatch watch{{}, {}, [&run] { return run.ended_early().has_value(); }};
  const Moment start = run.world.clock.now();
  const Deadline deadline = Deadline::after(span_of({job.limit.value + 10}));
  auto outcomes = run_mpi(job, watch, run.world.log, run.world.clock, deadline);
  EnsembleResult result;
  result.stopped = run.ended_early().has_value();
  if (outcomes && !result.stopped) result.outcomes = std::move(*outcomes);
  if (!outcomes) result.failed = Failed{outcomes.error(), ""};
  run.keep_all(pass, wanted, std::move(result), in_seconds(run.world.clock.now() - start));
}

}  // namespace

void measure_collectives(StageRun& run, const netcheck::Facts& facts) {
  for (const auto& operation : run.file.operations) {
    for (const auto& node : facts.nodes) {
      for (const char* const transport : kArms) {
        if (!asks(run.file, "node") || run.ended_early()) continue;
        measure_group(run, facts, node_job(run, node.node, operation, transport), Pass::first);
      }
    }
    for (const auto& group : mpi_groups(racks_of(facts), run.file.groups)) {
      for (const auto& rail : facts.fabric.rails) {
        if (run.ended_early()) return;
        measure_group(run, facts, rail_job(run, group, operation, rail), Pass::first);
      }
    }
  }
}

void measure_group_test(StageRun& run, const netcheck::Facts& facts,
                        const netcheck::GroupTest& test, Pass pass) {
  const netcheck::DeclaredRail* const rail = netcheck::find_rail(facts, test.rail);
  if (rail == nullptr) return;
  MpiJob job = rail_job(run, {test.group, test.nodes}, test.operation, *rail);
  job.sizes = {run.file.collective_size};
  job.options.clear();
  measure_group(run, facts, std::move(job), pass);
}

std::size_t count_steps(const StageFile& file, const netcheck::Facts& facts,
                        const netcheck::Plan& plan) {
  const std::size_t groups =
      file.operations.empty() ? 0 : mpi_groups(racks_of(facts), file.groups).size();
  const std::size_t nodes = asks(file, "node") ? kArms.size() * facts.nodes.size() : 0;
  return plan.goodput.size() + plan.latency.size() +
         (file.node_probes ? 2 * facts.nodes.size() : 0) +
         (groups * facts.fabric.rails.size() + nodes) * file.operations.size();
}

}  // namespace plumbline::agent
