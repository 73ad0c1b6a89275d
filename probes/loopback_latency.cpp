#include "probes/loopback_latency.hpp"

#include <thread>

#include "probes/drivers/host/tcp_connection.hpp"
#include "probes/pair/halves.hpp"
#include "probes/sampling.hpp"

namespace plumbline::probes {

namespace {

constexpr std::chrono::seconds kSilence{2};

Result<Batch> measure(const Task& task, std::uint64_t batch) {
  auto ends = loopback_connection(Deadline::after(kSilence).earlier(task.deadline));
  if (!ends) return tl::unexpected(ends.error());
  Schedule schedule;
  schedule.timed =
      std::chrono::nanoseconds(static_cast<std::int64_t>(task.request.budget.batch.value * 1e9));
  const BatchPlan plan{schedule, kSilence, Pattern(batch_seed(task.request.seed, 0, batch), 8)};
  HalfResult other;
  std::thread answering([&] { other = pong_batch(*ends->second, plan, task.deadline); });
  const HalfResult result = ping_batch(*ends->first, task.clock, plan, task.deadline);
  ends->first.reset();
  answering.join();
  if (result.error) return tl::unexpected(*result.error);
  return result.batch;
}

class LoopbackLatencyProbe final : public Probe {
 public:
  std::string name() const override { return "loopback_latency"; }

  std::vector<Outcome> planned(const Request& request) const override {
    Outcome outcome;
    outcome.probe = name();
    outcome.from.device = "lo";
    if (!request.ends.empty()) outcome.from.node = request.ends[0].node;
    outcome.to = outcome.from;
    return {outcome};
  }

  std::optional<std::string> inapplicable(const Task& /*task*/) const override {
    return std::nullopt;
  }

  Status run(const Task& task) override {
    task.sink.step("loopback latency", 0);
    const Moment started = task.clock.now();
    const auto batches = sample(task, [&](std::uint64_t batch) { return measure(task, batch); });
    const auto result = batches.map([&](const std::vector<Batch>& all) {
      return summarise_latency(all, task.request.budget.width);
    });
    return task.sink.outcome(finish(task, planned(task.request)[0], result, started));
  }
};

}  // namespace

std::unique_ptr<Probe> loopback_latency_probe() { return std::make_unique<LoopbackLatencyProbe>(); }

}  // namespace plumbline::probes
