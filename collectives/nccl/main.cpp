// plumbline-rank: one rank of a collective measurement over NCCL, started by an agent or by
// `plumbline collective` as a child: a request line in, event lines out, and the ranks meet over
// the same channel. No MPI.

#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <optional>

#include "collectives/limit.hpp"
#include "collectives/nccl/communicator.hpp"
#include "collectives/nccl/log_lines.hpp"
#include "collectives/nccl/witness.hpp"
#include "collectives/plan.hpp"
#include "collectives/pulse.hpp"
#include "collectives/rank_job.hpp"
#include "core/child.hpp"
#include "core/protocol/child_channel.hpp"

namespace plumbline::collectives {
namespace {

constexpr int kUsage = 64;
constexpr int kInternal = 70;
constexpr auto kFirstLine = std::chrono::seconds(10);

std::string option(const Request& request, const char* name) {
  const auto found = request.options.find(name);
  return found == request.options.end() ? std::string() : found->second;
}

std::string hostname() {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0) return {};
  return name.data();
}

void complain(int rank, const Error& error) {
  std::fprintf(stderr, "plumbline-rank: rank %d: %s\n", rank, error.message.c_str());
}

/// NCCL's own log in memory: nothing of it is left, however this process ends.
class NcclLogFile {
 public:
  NcclLogFile() : descriptor_(::memfd_create("nccl-log", MFD_CLOEXEC)) {
    if (descriptor_ < 0) return;
    path_ = "/proc/self/fd/" + std::to_string(descriptor_);
    ::setenv("NCCL_DEBUG", "INFO", 1);
    ::setenv("NCCL_DEBUG_SUBSYS", "INIT,GRAPH,NET,TUNING", 1);
    ::setenv("NCCL_DEBUG_FILE", path_.c_str(), 1);
  }
  ~NcclLogFile() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  NcclLogFile(const NcclLogFile&) = delete;
  NcclLogFile& operator=(const NcclLogFile&) = delete;
  /// Where it is read and written; empty when there is none.
  const std::string& path() const { return path_; }

 private:
  int descriptor_;
  std::string path_;
};

/// Several ranks on one GPU: NCCL takes them for hosts of their own, which meet over sockets.
void share_gpu(const Request& request) {
  const std::string host = hostname() + "-" + std::to_string(request.rank);
  ::setenv("NCCL_HOSTID", host.c_str(), 1);
  ::setenv("NCCL_P2P_DISABLE", "1", 1);
  ::setenv("NCCL_SHM_DISABLE", "1", 1);
  ::setenv("NCCL_NET", "Socket", 1);
}

/// A control arm: NCCL without the ways that it would choose first.
void restrict_transport(const std::string& transport) {
  if (transport == "shared_memory" || transport == "sockets") ::setenv("NCCL_P2P_DISABLE", "1", 1);
  if (transport == "no_shared_memory" || transport == "sockets")
    ::setenv("NCCL_SHM_DISABLE", "1", 1);
  if (transport == "sockets") ::setenv("NCCL_NET", "Socket", 1);
}

/// The GPU that the rank's end names ("gpu3"), else the rank's own number.
int device_of(const Request& request) {
  const auto rank = static_cast<std::size_t>(request.rank);
  if (rank >= request.ends.size()) return request.rank;
  const std::string& name = request.ends[rank].device;
  int number = request.rank;
  if (name.starts_with("gpu")) std::from_chars(name.data() + 3, name.data() + name.size(), number);
  return number;
}

/// The library that NCCL loads to tell its steps lies beside this program.
std::string profiler_library() {
  const auto folder = program_directory();
  return folder ? (*folder / "libnccl-profiler-plumbline.so").string() : std::string();
}

NcclSettings settings_of(const Request& request, const std::string& log) {
  NcclSettings settings;
  settings.log = log;
  settings.graphs = !option(request, "graphs").empty();
  settings.registered = option(request, "register") == "2"    ? 2
                        : option(request, "register").empty() ? 0
                                                              : 1;
  settings.device = device_of(request);
  restrict_transport(option(request, "transport"));
  if (!option(request, "share_gpu").empty()) {
    share_gpu(request);
    settings.device = 0;
  }
  for (const char* const name : recorded_settings()) {
    const char* const value = std::getenv(name);
    if (value != nullptr) settings.environment.emplace(name, value);
  }
  return settings;
}

/// Everything that is not finished yet becomes what `error` says: skipped where nothing is there.
void finish_all(ChildChannel& channel, const Unfinished& unfinished, const Error& error,
                const Clock& clock) {
  for (Outcome outcome : unfinished.take_rest()) {
    outcome.result = Failed{error, ""};
    if (error.code == ErrorCode::unavailable) outcome.result = Skipped{error.message};
    outcome.finished_at = clock.wall_time();
    static_cast<void>(channel.send(OutcomeEvent{outcome}));
  }
}

int measure_all(const Request& request, ChildChannel& channel, Pulse& pulse, Clock& clock) {
  Unfinished unfinished(identities(request));
  Heartbeat heartbeat(channel);
  const Deadline deadline = Deadline::after(std::chrono::duration_cast<std::chrono::nanoseconds>(
      std::chrono::duration<double>(request.limit.value)));
  const char* const other = std::getenv(kStepLibrary);
  const StepMemory steps(profiler_library(), other == nullptr ? "" : other);
  for (const auto& [name, value] : steps.settings())
    ::setenv(name.c_str(), value.c_str(), 1);
  const RankLimit limit({"plumbline-rank", request.rank, hostname(),
                         [&steps] { return standing_words(steps.look()); }},
                        request, deadline, channel, unfinished, pulse);
  NcclWitness witness(request, steps, FileTree("/"), clock);
  RankWorld world{clock,
                  FileTree("/"),
                  hostname(),
                  [&](const std::string& step, double share) {
                    limit.step(step);
                    heartbeat.step(step, share);
                  },
                  [&](const Outcome& outcome) {
                    if (unfinished.take(outcome))
                      static_cast<void>(channel.send(OutcomeEvent{outcome}));
                  },
                  &witness};
  limit.step("starting NCCL");
  const NcclLogFile log;
  const auto meeting = channel.rendezvous(request.rank, request.size);
  auto communicator = open_nccl(*meeting, pulse, settings_of(request, log.path()), deadline);
  if (communicator) witness.watch_gpu(pci_in((*communicator)->library().statement));
  Status done = communicator ? run_request(**communicator, request, world, deadline)
                             : Status(tl::unexpected(communicator.error()));
  if (!communicator) {
    if (request.rank == 0) finish_all(channel, unfinished, communicator.error(), clock);
    done = {};
  }
  if (!done && request.rank == 0) {
    for (const Outcome& left : unfinished.take_rest())
      static_cast<void>(
          channel.send(OutcomeEvent{failed_outcome(left, Failed{done.error(), ""}, {0}, clock)}));
  }
  if (!done) complain(request.rank, done.error());
  static_cast<void>(channel.send(DoneEvent{}));
  return done ? 0 : kInternal;
}

int run(int count, char** /*words*/) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (count != 1) {
    std::fprintf(stderr, "usage: plumbline-rank (reads one request line on stdin)\n");
    return kUsage;
  }
  ChildChannel channel(0, 1);
  const auto request = channel.receive_request(Deadline::after(kFirstLine));
  if (!request) return complain(-1, request.error()), kUsage;
  SystemClock clock;
  FaultHook hook;
  if (const std::string text = option(*request, "fault"); !text.empty()) {
    const auto fault = parse_fault(text);
    if (!fault) return complain(request->rank, fault.error()), kUsage;
    hook = commit(*fault, request->rank, clock);
  }
  Pulse pulse(std::move(hook));
  return measure_all(*request, channel, pulse, clock);
}

}  // namespace
}  // namespace plumbline::collectives

int main(int count, char** words) { return plumbline::collectives::run(count, words); }
