// A measuring child for tests. The request's seed says how it behaves; seed 0 is a good child.

#include <signal.h>
#include <unistd.h>

#include <memory>
#include <string>

#include "core/protocol/child_channel.hpp"

namespace {

using plumbline::ChildChannel;
using plumbline::Deadline;
using plumbline::Request;

void say(const std::string& text, int descriptor) {
  const ssize_t wrote = ::write(descriptor, text.data(), text.size());
  if (wrote < 0) ::_exit(9);
}

plumbline::Outcome outcome_of(const Request& request) {
  plumbline::Outcome outcome;
  outcome.probe = request.probe;
  outcome.from = outcome.to = request.ends.empty() ? plumbline::Endpoint{} : request.ends[0];
  plumbline::Measured measured;
  measured.value = 1e9;
  measured.interval = {0.99e9, 1.01e9};
  measured.conclusive = true;
  measured.batches = {1e9, 1e9, 1e9, 1e9, 1e9, 1e9};
  outcome.result = measured;
  return outcome;
}

int behave(ChildChannel& channel, const Request& request) {
  if (request.probe == "inventory") {
    plumbline::Topology topology;
    topology.kernel = "fake";
    const auto found = request.options.find("cni_results");
    if (found != request.options.end()) topology.problems.push_back(found->second);
    if (!channel.send(plumbline::TopologyEvent{topology})) return 1;
  } else if (!channel.send(plumbline::OutcomeEvent{outcome_of(request)})) {
    return 1;
  }
  return channel.send(plumbline::DoneEvent{}) ? 0 : 1;
}

[[noreturn]] void wait_for_the_end() {
  while (true)
    ::pause();
}

int work_forever(ChildChannel& channel) {
  plumbline::Heartbeat heartbeat(channel);
  heartbeat.step("working", 0.5);
  wait_for_the_end();
}

int flood(int descriptor) {
  const std::string line(1000, 'x');
  while (true)
    say(line + "\n", descriptor);
}

int repeat_outcomes(ChildChannel& channel, const Request& request) {
  while (channel.send(plumbline::OutcomeEvent{outcome_of(request)})) {
  }
  return 1;
}

/// Leaves a process that ignores what it can and holds our output open.
int leave_a_process(ChildChannel& channel, const Request& request) {
  if (::fork() == 0) {
    ::signal(SIGTERM, SIG_IGN);
    wait_for_the_end();
  }
  return behave(channel, request);
}

int meet(ChildChannel& channel, const Request& request) {
  plumbline::Heartbeat heartbeat(channel);
  const auto meeting = channel.rendezvous(request.rank, request.size);
  const auto all = meeting->allgather("from rank " + std::to_string(request.rank),
                                      Deadline::after(std::chrono::seconds(20)));
  if (!all) {
    say(all.error().message + "\n", STDERR_FILENO);
    return 1;
  }
  auto outcome = outcome_of(request);
  for (const auto& bytes : *all)
    outcome.parameters["heard"] += bytes + ";";
  if (!channel.send(plumbline::OutcomeEvent{outcome})) return 1;
  return channel.send(plumbline::DoneEvent{}) ? 0 : 1;
}

int misbehave(ChildChannel& channel, const Request& request) {
  switch (request.seed) {
    case 1:
      ::raise(SIGSTOP);
      return 1;
    case 2:
      ::signal(SIGSEGV, SIG_DFL);
      ::raise(SIGSEGV);
      return 1;
    case 3:
      say("the device is on fire\n", STDERR_FILENO);
      return 3;
    case 4:
      say("this is no event\n", STDOUT_FILENO);
      wait_for_the_end();
    case 5:
      return flood(STDOUT_FILENO);
    case 6:
      return work_forever(channel);
    case 7:
      return leave_a_process(channel, request);
    case 8:
      say(std::string(100000, 'e') + "\nthe last line\n", STDERR_FILENO);
      return behave(channel, request);
    case 9:
      return meet(channel, request);
    case 10:
      return repeat_outcomes(channel, request);
    case 11:
      behave(channel, request);
      wait_for_the_end();
    case 12:
      wait_for_the_end();  // silent
    default:
      return behave(channel, request);
  }
}

}  // namespace

int main() {
  ChildChannel channel(STDIN_FILENO, STDOUT_FILENO);
  const auto request = channel.receive_request(Deadline::after(std::chrono::seconds(10)));
  if (!request) return 2;
  return misbehave(channel, *request);
}
