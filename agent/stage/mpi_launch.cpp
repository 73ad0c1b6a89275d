#include "agent/stage/mpi_launch.hpp"

#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <optional>
#include <system_error>
#include <tuple>
#include <utility>

#include "agent/stage/collective_identities.hpp"
#include "agent/stage/mpi_evidence.hpp"
#include "agent/stage/scratch.hpp"
#include "core/files.hpp"
#include "core/json/codec.hpp"
#include "core/protocol/mpi_daemon.hpp"

namespace plumbline::agent {
namespace {

namespace fs = std::filesystem;

constexpr auto kLook = std::chrono::milliseconds(100);
constexpr auto kStarting = std::chrono::seconds(10);  // launching over many nodes, and leaving
constexpr auto kLeaving = std::chrono::seconds(5);
constexpr auto kDying = std::chrono::seconds(3);
constexpr std::uintmax_t kMostLog = 256U << 10U;
constexpr int kMostLines = 100'000;
constexpr std::uint64_t kMostEager = 4U << 20U;
constexpr std::size_t kMostInline = 96U << 10U;  // Linux takes 128 KiB a word

/// Ranks of each node, in the order of the ranks.
std::vector<std::pair<std::string, int>> slots_of(const std::vector<std::string>& nodes) {
  std::vector<std::pair<std::string, int>> slots;
  for (const std::string& node : nodes) {
    if (slots.empty() || slots.back().first != node) slots.emplace_back(node, 0);
    ++slots.back().second;
  }
  return slots;
}

std::string hosts_of(const MpiJob& job) {
  std::vector<std::string> nodes = job.group.nodes;
  for (std::size_t rank = 0; rank < nodes.size() && !job.pod_socket.empty(); ++rank)
    nodes[rank] = pod_host(rank);
  std::string hosts;
  for (const auto& [node, ranks] : slots_of(nodes))
    hosts += (hosts.empty() ? "" : ",") + node + ":" + std::to_string(ranks);
  return hosts;
}

/// What bytes may travel by.
std::string layers_of(const MpiJob& job) {
  if (job.transport == "shared_memory") return "vader,self";
  return job.transport == "no_shared_memory" ? "^vader,sm" : "tcp,self";
}

/// One algorithm for each operation, by Open MPI's numbers (ompi_info --param coll tuned), so that
/// what each link carries can be derived: rings; chains in pieces of 64 KiB; pairs; the root with
/// each rank.
void force_algorithms(std::map<std::string, std::string>& settings) {
  settings.insert({{"coll", "tuned,basic,libnbc,self"},
                   {"coll_tuned_use_dynamic_rules", "1"},
                   {"coll_tuned_allreduce_algorithm", "4"},
                   {"coll_tuned_allgather_algorithm", "4"},
                   {"coll_tuned_reduce_scatter_algorithm", "3"},
                   {"coll_tuned_bcast_algorithm", "3"},
                   {"coll_tuned_bcast_algorithm_segmentsize", "65536"},
                   {"coll_tuned_reduce_algorithm", "3"},
                   {"coll_tuned_reduce_algorithm_segmentsize", "65536"},
                   {"coll_tuned_alltoall_algorithm", "2"},
                   {"coll_tuned_gather_algorithm", "1"},
                   {"coll_tuned_scatter_algorithm", "1"}});
}

/// One transport, and the algorithms.
void pin(const MpiJob& job, std::map<std::string, std::string>& settings) {
  // A block of the ring goes out without asking first: the asking costs a round trip each step.
  std::uint64_t largest = 0;
  for (const Bytes size : job.sizes)
    largest = std::max(largest, size.count);
  const std::uint64_t eager = std::min(largest / 2 + 65536, kMostEager);
  settings.insert({{"pml", "ob1"},
                   {"btl", layers_of(job)},
                   {"btl_tcp_eager_limit", std::to_string(eager)},
                   {"btl_tcp_rndv_eager_limit", std::to_string(eager)}});
  force_algorithms(settings);
  if (!job.rail_subnet.empty()) settings["btl_tcp_if_include"] = job.rail_subnet;
}

/// Pods let known ports in alone, and their daemons speak with the launcher and nobody else.
void enter_pods(const MpiJob& job, std::map<std::string, std::string>& settings) {
  settings["plm_rsh_agent"] += " " + job.pod_socket.string();
  settings["routed"] = "direct";
  settings["oob_tcp_static_ipv4_ports"] = std::to_string(kMpiLaunchPort);
  settings["btl_tcp_port_min_v4"] = std::to_string(kMpiRankPorts);
  settings["btl_tcp_port_range_v4"] = std::to_string(kMpiPortCount);
}

/// Settings of Open MPI, name and value; the same job always gets the same.
std::map<std::string, std::string> settings_of(const MpiJob& job, const fs::path& scratch) {
  std::map<std::string, std::string> settings{{"mpi_yield_when_idle", "1"},
                                              {"btl_base_warn_component_unused", "0"},
                                              {"orte_tmpdir_base", scratch.string()},
                                              {"plm_rsh_no_tree_spawn", "1"}};
  if (job.pinned) pin(job, settings);
  if (!job.management_subnet.empty()) settings["oob_tcp_if_include"] = job.management_subnet;
  if (!job.mpi_agent.empty()) settings["plm_rsh_agent"] = job.mpi_agent.string();
  if (!job.pod_socket.empty()) enter_pods(job, settings);
  return settings;
}

/// Slurm's launcher: the same ranks and settings, which Open MPI then takes from the environment.
ChildCommand srun_command(const MpiJob& job, const std::string& request, const fs::path& scratch,
                          std::vector<std::string> environment) {
  const auto slots = slots_of(job.group.nodes);
  ChildCommand command;
  command.program = job.mpirun;
  command.arguments = {"--mpi=pmix",
                       "--kill-on-bad-exit=1",
                       "--cpu-bind=none",
                       "--input=none",
                       "--ntasks=" + std::to_string(job.group.nodes.size()),
                       "--ntasks-per-node=" + std::to_string(slots[0].second)};
  if (!job.mpi_agent.empty() || slots.size() > 1) {
    std::string nodes;
    for (const auto& [node, ranks] : slots)
      nodes += (nodes.empty() ? "" : ",") + node;
    command.arguments.insert(command.arguments.end(),
                             {"--nodes=" + std::to_string(slots.size()), "--nodelist=" + nodes});
  }
  command.arguments.insert(command.arguments.end(), {job.rank_program.string(), request});
  for (const auto& [name, value] : settings_of(job, scratch)) {
    const bool launcher =
        name.starts_with("plm_") || name.starts_with("oob_") || name.starts_with("orte_");
    if (!launcher) environment.push_back("OMPI_MCA_" + name + "=" + value);
  }
  command.environment = std::move(environment);
  return command;
}

/// One launch, from start to proven end.
class Launch {
 public:
  Launch(const MpiJob& job, const MpiWatch& watch, Log& log, Clock& clock)
      : job_(job), watch_(watch), log_(log), clock_(clock), started_(clock.now()) {}

  Result<std::vector<Outcome>> run(Deadline deadline) {
    auto scratch = Scratch::make();
    if (!scratch) return tl::unexpected(scratch.error());
    const fs::path errors = job_.log.empty() ? scratch->path() / "stderr" : job_.log;
    const std::uintmax_t log_start = size_of_log(errors);
    if (auto begun = start(*scratch, errors); !begun) return tl::unexpected(begun.error());
    const Deadline stop = deadline.earlier(Deadline::after(span_of(job_.limit) + kStarting));
    const Status heard = listen(stop);
    end();
    return outcomes(heard, read_evidence(read_log(errors, log_start)));
  }

 private:
  Status start(const Scratch& scratch, const fs::path& errors) {
    const fs::path request = scratch.path() / "request.json";
    if (auto wrote = write_file(request, json::encode(mpi_request(job_))); !wrote) return wrote;
    ChildCommand command = mpi_command(job_, request_word(job_, request), scratch.path(),
                                       ::geteuid() == 0, environment_of(mpi_environment()));
    command.error_log = errors;
    auto child = ChildProcess::start(command);
    if (!child) return pass_up(child.error(), "starting mpirun");
    child_.emplace(std::move(*child));
    child_->close_input();
    return {};
  }

  /// Hears events until the job is done. The error says why it was not waited for any longer.
  Status listen(Deadline stop) {
    Moment last_sign = clock_.now();
    for (int lines = 0; lines < kMostLines && !done_;) {
      if (watch_.cancelled && watch_.cancelled())
        return fail(ErrorCode::cancelled, words() + " was stopped");
      if (stop.passed())
        return fail(ErrorCode::deadline_exceeded, words() + " was not done in time");
      if (begun_ && in_seconds(clock_.now() - last_sign) > kSilence)
        return fail(ErrorCode::deadline_exceeded,
                    words() + ": rank 0 was silent for " + format_time(kSilence));
      const auto line = child_->read_line(stop.earlier(Deadline::after(kLook)));
      if (!line && line.error().code == ErrorCode::deadline_exceeded) continue;
      if (!line) return pass_up(line.error(), words());
      ended_ = !line->has_value();
      if (ended_) return fail(ErrorCode::unavailable, words() + " ended early");
      ++lines;
      if (hear(**line)) last_sign = clock_.now();
    }
    return done_ ? Status() : fail(ErrorCode::invalid_input, words() + " said too much");
  }

  /// True for an event of the protocol. Other lines are somebody's chatter.
  bool hear(const std::string& line) {
    const auto event = line.starts_with("{") ? json::decode_event(line)
                                             : Result<Event>(fail(ErrorCode::invalid_input, ""));
    if (!event) {
      log_.debug("mpirun said: " + line.substr(0, 500));
      return false;
    }
    if (!begun_) tree_.hold(child_->id());
    begun_ = true;
    if (const auto* progress = std::get_if<ProgressEvent>(&*event); progress && watch_.progress)
      watch_.progress(*progress);
    if (const auto* outcome = std::get_if<OutcomeEvent>(&*event)) keep(outcome->outcome);
    done_ = std::holds_alternative<DoneEvent>(*event);
    return true;
  }

  void keep(const Outcome& outcome) {
    const std::string key = outcome.key();
    for (const Outcome& expected : mpi_identities(job_))
      if (expected.key() == key) heard_.insert_or_assign(key, outcome);
    // What failed is told at the end, with what the evidence adds.
    const auto* const failed = outcome.failed();
    const bool final = failed == nullptr || failed->error.code == ErrorCode::data_corrupt;
    if (heard_.contains(key) && watch_.outcome && final) watch_.outcome(outcome);
    if (!heard_.contains(key)) log_.warn("mpirun told of something else: " + key.substr(0, 200));
  }

  /// Lets a finished job leave, ends another, and whatever of it is left.
  void end() {
    if (done_ || ended_) static_cast<void>(child_->wait(Deadline::after(kLeaving)));
    tree_.hold(child_->id());
    log_.debug(words() + ": mpirun " + child_->kill().text());
    const std::vector<pid_t> left = tree_.end(Deadline::after(kDying));
    for (const pid_t id : left)
      log_.warn(words() + ": process " + std::to_string(id) + " does not end");
  }

  std::vector<Outcome> outcomes(const Status& heard, const MpiEvidence& evidence) {
    std::vector<Outcome> all;
    for (Outcome& expected : mpi_identities(job_)) {
      const auto found = heard_.find(expected.key());
      Outcome outcome = found == heard_.end() ? std::move(expected) : found->second;
      if (found == heard_.end()) {
        const Error unsaid{ErrorCode::internal, words() + " ended without a result"};
        outcome.result = Failed{heard ? unsaid : heard.error(), ""};
        outcome.took = in_seconds(clock_.now() - started_);
        outcome.finished_at = clock_.wall_time();
      }
      if (auto* failed = std::get_if<Failed>(&outcome.result);
          failed && failed->error.code != ErrorCode::data_corrupt)
        *failed = explain(std::move(*failed), evidence, job_.group.nodes);
      all.push_back(std::move(outcome));
    }
    return all;
  }

  static std::uintmax_t size_of_log(const fs::path& log) {
    std::error_code missing;
    const std::uintmax_t size = fs::file_size(log, missing);
    return missing ? 0 : size;
  }

  /// What this launch wrote; of much the last part.
  static std::string read_log(const fs::path& log, std::uintmax_t from) {
    const std::uintmax_t size = size_of_log(log);
    if (size > from + kMostLog) from = size - kMostLog;
    std::ifstream file(log, std::ios::binary);
    file.seekg(static_cast<std::streamoff>(from));
    std::string text(static_cast<std::size_t>(size > from ? size - from : 0), '\0');
    file.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(std::max<std::streamsize>(file.gcount(), 0)));
    return text;
  }

  std::string words() const {
    return job_.operation + " of " + job_.group.name +
           (job_.rail.empty() ? "" : " on " + job_.rail);
  }

  const MpiJob& job_;
  const MpiWatch& watch_;
  Log& log_;
  Clock& clock_;
  Moment started_;
  std::optional<ChildProcess> child_;
  ProcessTree tree_;
  std::map<std::string, Outcome> heard_;
  bool begun_ = false;  ///< an event came: all ranks are started
  bool ended_ = false;  ///< the launcher closed its output
  bool done_ = false;
};

}  // namespace

std::vector<MpiGroup> mpi_groups(std::vector<std::pair<std::string, std::string>> racks,
                                 const std::vector<std::string>& words) {
  std::sort(racks.begin(), racks.end(), [](const auto& one, const auto& other) {
    return std::tie(one.second, one.first) < std::tie(other.second, other.first);
  });
  std::vector<MpiGroup> groups;
  const auto group_of = [&](const std::string& name, const std::string& node) {
    const auto named = [&](const MpiGroup& group) { return group.name == name; };
    auto found = std::find_if(groups.begin(), groups.end(), named);
    if (found == groups.end()) found = groups.insert(groups.end(), {name, {}});
    found->nodes.push_back(node);
  };
  for (const std::string& word : words) {
    for (const auto& [node, rack] : racks) {
      if (word == "all") group_of("all", node);
      if (word == "rack" && !rack.empty()) group_of(rack, node);
    }
  }
  std::erase_if(groups, [](const MpiGroup& group) { return group.nodes.size() < 2; });
  return groups;
}

std::string pod_host(std::size_t rank) { return "plumbline-rank-" + std::to_string(rank); }

Request mpi_request(const MpiJob& job) {
  Request request;
  request.probe = job.operation;
  request.size = static_cast<int>(job.group.nodes.size());
  for (const std::string& node : job.group.nodes)
    request.ends.push_back({node, "", job.rail});
  request.sizes = job.sizes;
  request.seed = job.seed;
  request.budget = job.budget;
  request.limit = job.limit;
  request.options = job.options;
  request.options.insert(
      {{"group", job.group.name}, {"rail", job.rail}, {"subnet", job.rail_subnet}});
  if (!job.transport.empty()) request.options["transport"] = job.transport;
  return request;
}

std::vector<Outcome> mpi_identities(const MpiJob& job) {
  return collective_identities(mpi_request(job));
}

std::string request_word(const MpiJob& job, const fs::path& file) {
  std::string text = json::encode(mpi_request(job));
  return text.size() < kMostInline ? text : file.string();
}

ChildCommand mpi_command(const MpiJob& job, const std::string& request, const fs::path& scratch,
                         bool as_root, std::vector<std::string> environment) {
  if (job.mpirun.filename() == "srun")
    return srun_command(job, request, scratch, std::move(environment));
  ChildCommand command;
  command.program = job.mpirun;
  auto& words = command.arguments;
  if (as_root) words.push_back("--allow-run-as-root");
  words.insert(words.end(), {"-np", std::to_string(job.group.nodes.size())});
  if (!job.mpi_agent.empty())
    words.insert(words.end(),
                 {"--host", hosts_of(job), "--map-by",
                  "ppr:" + std::to_string(slots_of(job.group.nodes)[0].second) + ":node"});
  // Daemons that stay attached die with the launcher, and can be found below it.
  words.insert(words.end(), {"--oversubscribe", "--bind-to", "none", "--stdin", "none",
                             "--leave-session-attached"});
  if (!job.pod_socket.empty()) words.insert(words.end(), {"--wdir", "/tmp"});
  for (const auto& [name, value] : settings_of(job, scratch))
    words.insert(words.end(), {"--mca", name, value});
  words.insert(words.end(), {job.rank_program.string(), request});
  command.environment = std::move(environment);
  return command;
}

std::vector<std::string> mpi_environment() {
  return {"PATH",
          "HOME",
          "LD_LIBRARY_PATH",
          "TMPDIR",
          "LANG",
          "OMPI_ALLOW_RUN_AS_ROOT",
          "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM"};
}

Result<std::vector<Outcome>> run_mpi(const MpiJob& job, const MpiWatch& watch, Log& log,
                                     Clock& clock, Deadline deadline) {
  if (job.group.nodes.empty()) return fail(ErrorCode::invalid_input, "a collective needs a rank");
  return Launch(job, watch, log, clock).run(deadline);
}

}  // namespace plumbline::agent
