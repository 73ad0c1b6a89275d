// plumbline-rank-mpi REQUEST.json|REQUEST: one rank of a collective measurement, started by an MPI
// launcher. Rank 0 prints event lines on stdout; what another rank has to say goes to stderr.

#include <sys/prctl.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>

#include "collectives/limit.hpp"
#include "collectives/mpi/communicator.hpp"
#include "collectives/plan.hpp"
#include "collectives/pulse.hpp"
#include "collectives/rank_job.hpp"
#include "core/files.hpp"
#include "core/json/codec.hpp"
#include "core/protocol/child_channel.hpp"

namespace plumbline::collectives {
namespace {

constexpr int kUsage = 64;
constexpr int kInternal = 70;

/// The rank as the launcher tells it (mpirun, a PMIx server, srun) before MPI has begun, which may
/// hang.
int launched_rank() {
  const char* text = std::getenv("OMPI_COMM_WORLD_RANK");
  if (text == nullptr) text = std::getenv("PMIX_RANK");
  if (text == nullptr) text = std::getenv("SLURM_PROCID");
  if (text == nullptr) return 0;
  const std::string digits = text;
  int rank = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), rank);
  return rank;
}

/// This rank's number among those on its machine, as the launcher tells it.
int local_rank() {
  for (const char* const name :
       {"OMPI_COMM_WORLD_LOCAL_RANK", "SLURM_LOCALID", "MPI_LOCALRANKID"}) {
    const char* const text = std::getenv(name);
    int rank = 0;
    if (text == nullptr) continue;
    std::from_chars(text, text + std::char_traits<char>::length(text), rank);
    return rank;
  }
  return 0;
}

MpiMemory memory_of(const Request& request) {
  const auto option = [&](const char* name) {
    const auto found = request.options.find(name);
    return found == request.options.end() ? std::string() : found->second;
  };
  return {option("memory") == "gpu", option("driver"), local_rank()};
}

std::string hostname() {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0) return {};
  return name.data();
}

void complain(int rank, const Error& error) {
  std::fprintf(stderr, "plumbline-rank-mpi: rank %d: %s\n", rank, error.message.c_str());
}

/// Everything that is not finished yet becomes what `result` says.
void finish_all(ChildChannel& channel, const Unfinished& unfinished, const Outcome& like,
                const Clock& clock) {
  for (Outcome outcome : unfinished.take_rest()) {
    outcome.result = like.result;
    outcome.finished_at = clock.wall_time();
    static_cast<void>(channel.send(OutcomeEvent{outcome}));
  }
}

/// The fault that the request asks this rank to commit on itself; nothing in all but rehearsals.
Result<FaultHook> fault_of(const Request& request, int rank, Clock& clock) {
  const auto found = request.options.find("fault");
  if (found == request.options.end()) return FaultHook{};
  const auto fault = parse_fault(found->second);
  if (!fault) return tl::unexpected(fault.error());
  return commit(*fault, rank, clock);
}

int measure_all(const Request& request, Pulse& pulse, int launched, Clock& clock,
                ChildChannel& channel) {
  Unfinished unfinished(identities(request));
  std::optional<Heartbeat> heartbeat;
  if (launched == 0) heartbeat.emplace(channel);
  const Deadline deadline = Deadline::after(std::chrono::duration_cast<std::chrono::nanoseconds>(
      std::chrono::duration<double>(request.limit.value)));
  const RankLimit limit({"plumbline-rank-mpi", launched, hostname()}, request, deadline, channel,
                        unfinished, pulse);
  RankWorld world{clock, FileTree("/"), hostname(),
                  [&](const std::string& step, double share) {
                    limit.step(step);
                    if (heartbeat) heartbeat->step(step, share);
                  },
                  [&](const Outcome& outcome) {
                    if (unfinished.take(outcome))
                      static_cast<void>(channel.send(OutcomeEvent{outcome}));
                  }};
  limit.step("starting MPI");
  auto communicator = open_mpi(pulse, memory_of(request));
  Status done = communicator ? run_request(**communicator, request, world, deadline)
                             : Status(tl::unexpected(communicator.error()));
  if (!done && launched == 0) {
    Outcome like;
    like.result = Failed{done.error(), ""};
    if (!communicator && done.error().code == ErrorCode::unavailable)
      like.result = Skipped{done.error().message};
    finish_all(channel, unfinished, like, clock);
  }
  if (!done) complain(launched, done.error());
  heartbeat.reset();
  if (launched == 0) static_cast<void>(channel.send(DoneEvent{}));
  if (!communicator && communicator.error().code == ErrorCode::unavailable) return 0;  // all alike
  if (!done) ::_exit(kInternal);  // the others may wait inside MPI: leaving ends the whole job
  return 0;
}

int run(int count, char** words) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // the launcher's daemon is this process's parent
  if (count != 2) {
    std::fprintf(stderr,
                 "usage: plumbline-rank-mpi REQUEST.json (or the request itself; started by "
                 "mpirun or srun)\n");
    return kUsage;
  }
  const int rank = launched_rank();
  const std::string given = words[1];
  const auto text = given.starts_with("{") ? Result<std::string>(given) : read_file(given);
  if (!text) return complain(rank, text.error()), kUsage;
  const auto request = json::decode_request(*text);
  if (!request) return complain(rank, request.error()), kUsage;
  SystemClock clock;
  auto hook = fault_of(*request, rank, clock);
  if (!hook) return complain(rank, hook.error()), kUsage;
  Pulse pulse(std::move(*hook));
  ChildChannel channel(0, 1);
  return measure_all(*request, pulse, rank, clock, channel);
}

}  // namespace
}  // namespace plumbline::collectives

int main(int count, char** words) { return plumbline::collectives::run(count, words); }
