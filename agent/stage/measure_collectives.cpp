#include <algorithm>
#include <array>

#include "agent/stage/measuring.hpp"
#include "agent/stage/mpi_launch.hpp"
#include "agent/stage/placement.hpp"
#include "agent/stage/pod_launcher.hpp"
#include "core/child.hpp"
#include "netcheck/controls/placed_paths.hpp"
#include "netcheck/gate.hpp"
#include "netcheck/groups/group_scene.hpp"
#include "netcheck/lookup.hpp"

namespace plumbline::agent {
namespace {

constexpr Seconds kNodeTime{2};  // for a number inside one node
// Where the two differ most: a system call each way. Large messages copy as fast by either.
constexpr Bytes kArmSize{1024};
constexpr double kStartAndEnd = 21;          // s: launching, a slow warm-up, leaving
constexpr double kDaemonEnd = 10;            // s: of a pod's daemon after its ranks
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
  if (job.mpi_agent.empty())
    return "no --mpi-agent was given, so mpirun cannot enter the nodes: give a program that is "
           "called HOST COMMAND..., such as /usr/bin/ssh";
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

/// What of a launch differs between nodes and pods.
struct Launch {
  MpiJob job;
  Pass pass = Pass::first;
  netcheck::Scope scope = netcheck::Scope::nodes;
};

std::vector<Outcome> identities_of(const Launch& launch) {
  auto identities = mpi_identities(launch.job);
  for (Outcome& outcome : identities) {
    if (launch.scope == netcheck::Scope::placed)
      outcome.parameters["scope"] = netcheck::kPlacedScope;
  }
  return identities;
}

std::string where(const MpiJob& job) { return job.rail.empty() ? job.transport : job.rail; }

/// With more time in the pass "alone", a limit and a log.
void bound(const StageRun& run, Launch& launch) {
  MpiJob& job = launch.job;
  if (launch.pass == Pass::alone) job.budget.time.value *= kMoreTimeAlone;
  job.limit = {kStartAndEnd + static_cast<double>(job.sizes.size()) * job.budget.time.value};
  const char* const kind = launch.scope == netcheck::Scope::placed ? "mpi-placed-" : "mpi-";
  job.log = run.options.results / "logs" /
            (kind + job.group.name.substr(0, 60) + "-" + where(job) + ".log");
}

void tell_step(StageRun& run, const Launch& launch) {
  const MpiJob& job = launch.job;
  run.step(job.operation + ": " + job.group.name.substr(0, 60) + " on " + where(job) +
           (launch.scope == netcheck::Scope::placed ? " between placed pods" : "") +
           (launch.pass == Pass::alone ? ", again with more time" : ""));
}

/// Runs it and keeps an outcome for each identity. `problem` tells what the launch itself did not
/// see.
void perform(StageRun& run, const Launch& launch, const std::vector<Outcome>& wanted,
             const std::function<std::string()>& problem) {
  const MpiJob& job = launch.job;
  const MpiWatch watch{{}, {}, [&run] { return run.ended_early().has_value(); }};
  const Moment start = run.world.clock.now();
  const Deadline deadline = Deadline::after(span_of({job.limit.value + 10}));
  auto outcomes = run_mpi(job, watch, run.world.log, run.world.clock, deadline);
  EnsembleResult result;
  result.stopped = run.ended_early().has_value();
  if (!outcomes) result.failed = Failed{outcomes.error(), ""};
  if (outcomes && !result.stopped) result.outcomes = std::move(*outcomes);
  for (Outcome& outcome : result.outcomes) {
    if (launch.scope == netcheck::Scope::placed)
      outcome.parameters["scope"] = netcheck::kPlacedScope;
    auto* const failed = std::get_if<Failed>(&outcome.result);
    if (failed != nullptr && !problem().empty()) failed->error.message += "; " + problem();
    if (failed == nullptr || job.pod_socket.empty()) continue;
    for (std::size_t rank = 0; rank < job.group.nodes.size(); ++rank) {
      if (failed->blamed == pod_host(rank)) failed->blamed = job.group.nodes[rank];
    }
  }
  run.keep_all(launch.pass, wanted, std::move(result), in_seconds(run.world.clock.now() - start));
}

void measure_group(StageRun& run, const netcheck::Facts& facts, MpiJob job, Pass pass) {
  Launch launch{std::move(job), pass};
  const auto wanted = run.unfinished(pass, identities_of(launch));
  if (wanted.empty()) return;
  tell_step(run, launch);
  if (const auto reason = obstacle(run, facts, launch.job)) return skip(run, pass, wanted, *reason);
  bound(run, launch);
  perform(run, launch, wanted, [] { return std::string(); });
}

/// The nodes among them that have a pod of the gang.
std::vector<std::pair<std::string, std::string>> with_pods(
    const netcheck::Facts& facts, std::vector<std::pair<std::string, std::string>> racks) {
  std::erase_if(
      racks, [&](const auto& node) { return netcheck::gang_pod_on(facts, node.first) == nullptr; });
  return racks;
}

/// A group's collective between the pods on its nodes. Nothing where these hold no device of the
/// rail.
void measure_placed_group(StageRun& run, const netcheck::Facts& facts, MpiJob job,
                          const Placement& placement, Pass pass) {
  Launch launch{std::move(job), pass, netcheck::Scope::placed};
  const auto wanted = run.unfinished(pass, identities_of(launch));
  std::string why;
  const auto& group = launch.job.group;
  const auto ends = netcheck::placed_ends(facts, group.nodes, launch.job.rail, why);
  if (wanted.empty() || (ends.empty() && why.empty())) return;
  tell_step(run, launch);
  if (run.options.mpirun.filename() == "srun") why = "srun enters no pods: give Open MPI's mpirun";
  if (!why.empty()) return skip(run, pass, wanted, why);
  bound(run, launch);
  PodLauncher::Order order;
  order.name = run.next_name();
  order.limit = {launch.job.limit.value + kDaemonEnd};
  for (const auto& end : ends) {
    const std::string name = rank_name(*end.pod);
    order.pods.push_back(
        {placement.ranks()->agent(name), {name, end.device, launch.job.rail}, end.pod->address});
  }
  const auto launcher = PodLauncher::open(std::move(order), run.world.log);
  if (!launcher) return skip(run, pass, wanted, launcher.error().message);
  launch.job.mpi_agent = beside_us("plumbline-mpi-daemon");
  // A pod has it beside its own programs, wherever that is.
  if (run.options.rank_program.empty()) launch.job.rank_program = "plumbline-rank-mpi";
  launch.job.pod_socket = (*launcher)->socket();
  perform(run, launch, wanted, [&launcher] { return (*launcher)->problem(); });
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

void measure_placed_collectives(StageRun& run, const netcheck::Facts& facts,
                                const Placement& placement) {
  if (placement.ranks() == nullptr) return;
  const auto groups = mpi_groups(with_pods(facts, racks_of(facts)), run.file.groups);
  for (const auto& operation : run.file.operations) {
    for (const auto& group : groups) {
      for (const auto& rail : facts.fabric.rails) {
        if (run.ended_early()) return;
        measure_placed_group(run, facts, rail_job(run, group, operation, rail), placement,
                             Pass::first);
      }
    }
  }
}

void measure_group_test(StageRun& run, const netcheck::Facts& facts,
                        const netcheck::GroupTest& test, const Placement* placement, Pass pass) {
  const netcheck::DeclaredRail* const rail = netcheck::find_rail(facts, test.rail);
  if (rail == nullptr) return;
  MpiJob job = rail_job(run, {test.group, test.nodes}, test.operation, *rail);
  job.sizes = {run.file.collective_size};
  job.options.clear();
  if (test.scope == netcheck::Scope::nodes) return measure_group(run, facts, std::move(job), pass);
  if (placement != nullptr && placement->ranks() != nullptr)
    measure_placed_group(run, facts, std::move(job), *placement, pass);
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
