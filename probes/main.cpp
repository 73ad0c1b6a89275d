// plumbline-probe: one request line on stdin, events on stdout. docs/probes.md.

#include <fcntl.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <exception>
#include <string>

#include "core/protocol/child_channel.hpp"
#include "probes/guard.hpp"
#include "probes/probe.hpp"
#include "probes/topology.hpp"

namespace {

using namespace plumbline;

constexpr int kUsage = 64;
constexpr int kInternal = 70;

int complain(const Error& error) {
  static_cast<void>(std::fprintf(stderr, "plumbline-probe: %s\n", error.message.c_str()));
  return error.code == ErrorCode::invalid_input || error.code == ErrorCode::not_found ? kUsage
                                                                                      : kInternal;
}

/// Gives everything to the agent at once.
class ChannelSink final : public probes::Sink {
 public:
  ChannelSink(ChildChannel& channel, Heartbeat& heartbeat)
      : channel_(channel), heartbeat_(heartbeat) {}
  void step(const std::string& what, double share) override { heartbeat_.step(what, share); }
  Status outcome(const Outcome& outcome) override { return channel_.send(OutcomeEvent{outcome}); }
  void all_told() override { static_cast<void>(channel_.send(DoneEvent{})); }
  Status topology(const Topology& topology) override {
    return channel_.send(TopologyEvent{topology});
  }

 private:
  ChildChannel& channel_;
  Heartbeat& heartbeat_;
};

/// What this process's descriptor 1 was; from now on what libraries print goes to stderr.
Result<int> take_stdout() {
  const int output = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
  if (output < 0) return fail_errno(errno, "keeping the standard output");
  if (dup2(STDERR_FILENO, STDOUT_FILENO) < 0)
    return fail_errno(errno, "moving the standard output");
  return output;
}

Status skip_all(const probes::Probe& probe, const probes::Task& task, const std::string& reason) {
  for (Outcome& outcome : probe.planned(task.request)) {
    outcome.result = Skipped{reason};
    outcome.finished_at = task.clock.wall_time();
    if (auto given = task.sink.outcome(outcome); !given) return given;
  }
  return {};
}

Result<std::unique_ptr<probes::Probe>> find_probe(const std::string& name) {
  std::string known;
  for (auto& probe : probes::all_probes()) {
    if (probe->name() == name) return std::move(probe);
    known += " " + probe->name();
  }
  return fail(ErrorCode::not_found, "no probe is called '" + name + "'; there are:" + known);
}

Status check_ends(const Request& request) {
  const bool good = request.size >= 1 && request.size <= 1024 && request.rank >= 0 &&
                    request.rank < request.size && request.limit.value > 0 &&
                    request.limit.value <= 3600;
  if (good) return {};
  return fail(ErrorCode::invalid_input, "the request's rank, size or limit is out of bounds");
}

/// Runs the probe, watched; it and its libraries are gone when this returns.
Status run_probe(ChildChannel& channel, const Request& request) {
  auto probe = find_probe(request.probe);
  if (!probe) return tl::unexpected(probe.error());
  const auto limit = std::chrono::nanoseconds(static_cast<std::int64_t>(request.limit.value * 1e9));
  const auto deadline = Deadline::after(limit);
  const probes::Guard guard(STDIN_FILENO, Deadline::after(limit + std::chrono::seconds(2)));
  Heartbeat heartbeat(channel);
  ChannelSink sink(channel, heartbeat);
  SystemClock clock;
  const Topology topology = probes::look_around(request, deadline);
  const auto rendezvous =
      request.size > 1 ? channel.rendezvous(request.rank, request.size) : nullptr;
  const probes::Task task{topology, request, rendezvous.get(), deadline, clock, sink};
  const auto unfit = (*probe)->inapplicable(task);
  const auto ran = unfit ? skip_all(**probe, task, *unfit) : (*probe)->run(task);
  probe->reset();
  return ran;
}

Status serve(ChildChannel& channel, const Request& request) {
  if (auto good = check_ends(request); !good) return good;
  if (auto ran = run_probe(channel, request); !ran) return ran;
  // After the guard: the agent may close its end as soon as it has read this.
  return channel.send(DoneEvent{});
}

int run() {
  // Nobody is left to read the results when the agent is gone.
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  static_cast<void>(std::signal(SIGPIPE, SIG_IGN));
  const auto output = take_stdout();
  if (!output) return complain(output.error());
  ChildChannel channel(STDIN_FILENO, *output);
  const auto request = channel.receive_request(Deadline::after(std::chrono::seconds(10)));
  if (!request)
    return complain({request.error().code, "reading the request: " + request.error().message});
  const auto served = serve(channel, *request);
  return served ? 0 : complain(served.error());
}

}  // namespace

int main() {
  try {
    return run();
  } catch (const std::exception& problem) {
    return complain({ErrorCode::internal, problem.what()});
  }
}
