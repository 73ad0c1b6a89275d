// A rank for tests of what starts ranks: as plumbline-rank, but its data travels over the same
// channel on which the ranks meet. Real inputs, a real exchange, exact verification; no GPU.

#include <array>
#include <chrono>
#include <cstdlib>
#include <optional>
#include <sstream>
#include <string>

#include "collectives/host_buffers.hpp"
#include "collectives/limit.hpp"
#include "collectives/meeting.hpp"
#include "collectives/plan.hpp"
#include "collectives/rank_job.hpp"
#include "collectives/reference.hpp"
#include "core/protocol/child_channel.hpp"

namespace plumbline::collectives {
namespace {

class ChannelCommunicator final : public MeetingCommunicator {
 public:
  ChannelCommunicator(Rendezvous& meeting, Pulse& pulse)
      : MeetingCommunicator(meeting), pulse_(pulse) {}

  Status prepare(const Operation& operation, std::uint64_t seed, int repeats) override {
    buffers_.prepare(operation, place().rank, place().size, seed_of_group(seed), repeats);
    return {};
  }

  Result<std::vector<Span>> run(const Operation& operation, int repeats, Blocking /*blocking*/,
                                Deadline deadline) override {
    std::vector<Span> spans;
    for (int run = 0; run < repeats; ++run) {
      if (auto let = pulse_.enter(); !let) return tl::unexpected(let.error());
      Span span{std::chrono::steady_clock::now(), {}};
      const auto input = buffers_.input();
      const auto all = share({reinterpret_cast<const char*>(input.data()), input.size()}, deadline);
      if (!all) return tl::unexpected(all.error());
      do_operation(
          operation, place().rank, place().size,
          [&](int member) { return std::as_bytes(std::span((*all)[world_rank(member)])); },
          buffers_.destination(run));
      span.left = std::chrono::steady_clock::now();
      pulse_.leave(buffers_.destination(run));
      spans.push_back(span);
    }
    return spans;
  }

  Result<std::optional<Wrong>> verify(const Operation& /*operation*/) override {
    return buffers_.verify();
  }

  Proof library() const override {
    Proof proof;
    proof.kind = "library";
    proof.source = "meeting";
    proof.statement = "a rank of a test";
    proof.holds = true;
    return proof;
  }

 private:
  Pulse& pulse_;
  HostBuffers buffers_;
};

/// This rank's of the faults that the test's own wrapper of this program asks for; agents pass none
/// on.
FaultHook rehearsed(int rank, Clock& clock) {
  const char* const text = std::getenv("PLUMBLINE_TEST_FAULT");
  std::istringstream words(text == nullptr ? "" : text);
  for (std::string word; words >> word;) {
    const auto fault = parse_fault(word);
    if (fault && fault->rank == rank) return commit(*fault, rank, clock);
  }
  return {};
}

int measure_all(const Request& request, ChildChannel& channel) {
  SystemClock clock;
  Pulse pulse(rehearsed(request.rank, clock));
  Unfinished unfinished(identities(request));
  Heartbeat heartbeat(channel);
  const Deadline deadline = Deadline::after(span_of(request.limit));
  const RankLimit limit({"plumbline-rank", request.rank, "here"}, request, deadline, channel,
                        unfinished, pulse);
  RankWorld world{clock, FileTree("/"), "here",
                  [&](const std::string& step, double share) {
                    limit.step(step);
                    heartbeat.step(step, share);
                  },
                  [&](const Outcome& outcome) {
                    if (unfinished.take(outcome))
                      static_cast<void>(channel.send(OutcomeEvent{outcome}));
                  }};
  const auto meeting = channel.rendezvous(request.rank, request.size);
  ChannelCommunicator communicator(*meeting, pulse);
  const Status done = run_request(communicator, request, world, deadline);
  static_cast<void>(channel.send(DoneEvent{}));
  return done ? 0 : 1;
}

}  // namespace
}  // namespace plumbline::collectives

int main() {
  plumbline::ChildChannel channel(0, 1);
  const auto request =
      channel.receive_request(plumbline::Deadline::after(std::chrono::seconds(10)));
  return request ? plumbline::collectives::measure_all(*request, channel) : 64;
}
