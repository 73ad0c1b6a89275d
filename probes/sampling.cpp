#include "probes/sampling.hpp"

namespace plumbline::probes {

Result<std::vector<Batch>> sample(const Task& task, const BatchMaker& make) {
  const StopRule rule(task.request.budget);
  const Moment started = task.clock.now();
  std::vector<Batch> batches;
  std::vector<double> values;
  Bytes moved;
  while (!task.deadline.passed()) {
    auto batch = make(batches.size());
    if (!batch) return tl::unexpected(batch.error());
    moved.count += batch->payload.count;
    values.push_back(batch->value);
    batches.push_back(std::move(*batch));
    if (rule.stop(values, in_seconds(task.clock.now() - started), moved)) break;
  }
  if (batches.empty()) return fail(ErrorCode::deadline_exceeded, "no time was left for it");
  return batches;
}

Outcome finish(const Task& task, Outcome outcome, const Result<Measured>& result, Moment started) {
  if (result) {
    outcome.result = *result;
  } else {
    outcome.result = Failed{result.error(), outcome.from.node};
  }
  outcome.took = in_seconds(task.clock.now() - started);
  outcome.finished_at = task.clock.wall_time();
  return outcome;
}

}  // namespace plumbline::probes
