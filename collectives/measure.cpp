#include "collectives/measure.hpp"

#include <algorithm>
#include <charconv>
#include <numeric>
#include <optional>

#include "collectives/bus_factor.hpp"
#include "collectives/plan.hpp"
#include "core/statistics/sampling.hpp"

namespace plumbline::collectives {
namespace {

constexpr double kWindow = 0.05;  // s; shorter windows see the clock and the scheduler

/// What one rank tells the others after a batch: its times, and what was wrong.
struct RankReport {
  std::vector<double> times;
  std::string wrong;
};

std::string encode(const RankReport& report) {
  std::string text;
  for (const double time : report.times) {
    char digits[32];
    const auto end = std::to_chars(digits, digits + sizeof digits, time);
    text.append(digits, end.ptr);
    text += ' ';
  }
  return text + "\n" + report.wrong;
}

std::optional<RankReport> decode(const std::string& text) {
  const std::size_t line = text.find('\n');
  if (line == std::string::npos) return std::nullopt;
  RankReport report;
  const char* at = text.data();
  const char* const end = at + line;
  while (at < end) {
    double time = 0;
    const auto read = std::from_chars(at, end, time);
    if (read.ec != std::errc()) return std::nullopt;
    report.times.push_back(time);
    at = read.ptr + 1;
  }
  report.wrong = text.substr(line + 1);
  return report;
}

/// The seed of a batch: another one for each.
std::uint64_t seed_of(std::uint64_t seed, std::uint64_t batch) {
  return (seed + batch + 1) * 0x9e3779b97f4a7c15ULL;
}

class Sampler {
 public:
  Sampler(Communicator& communicator, const MeasureJob& job, Clock& clock, Deadline deadline)
      : communicator_(communicator), job_(job), clock_(clock), deadline_(deadline) {}

  Result<CollectiveResult> sample(const Progress& progress) {
    progress(step("warm-up"), 0);
    const auto repeats = calibrate();
    if (!repeats) return tl::unexpected(repeats.error());
    const Moment start = clock_.now();
    std::vector<double> values;
    Bytes sent;
    for (bool enough = false; !enough;) {
      const double share = static_cast<double>(values.size()) / 6;
      progress(step("batch " + std::to_string(batches_.size() + 1)), std::min(share, 0.95));
      auto batch = one_batch(*repeats);
      if (!batch) return tl::unexpected(batch.error());
      values.push_back(batch->value);
      sent.count += batch->payload.count;
      batches_.push_back(std::move(*batch));
      const Seconds spent = in_seconds(clock_.now() - start);
      const auto stop = agree(StopRule(job_.budget).stop(values, spent, sent) ? 1 : 0);
      if (!stop) return tl::unexpected(stop.error());
      enough = *stop == 1;
    }
    return CollectiveResult{summarise_bandwidth(batches_, job_.budget.width), runs_};
  }

 private:
  std::string step(const std::string& what) const {
    return std::string(to_string(job_.operation.kind)) + " " + job_.operation.group + " " +
           format_size(job_.operation.bytes) + " " + what;
  }

  /// Rank 0's number, for everybody: decisions made from one clock.
  Result<int> agree(int mine) {
    const auto all = communicator_.share(std::to_string(mine), deadline_);
    if (!all) return pass_up(all.error(), "agreeing with rank 0");
    int decided = 0;
    const std::string& first = all->front();
    std::from_chars(first.data(), first.data() + first.size(), decided);
    return decided;
  }

  /// The first run makes the connections; what it takes says how many runs fill a batch. When they
  /// are many, one full batch more warms the path up and says it better.
  Result<int> calibrate() {
    int repeats = 1;
    for (int look = 0; look < 2; ++look) {
      const auto tried = one_batch(repeats);
      if (!tried) return tl::unexpected(tried.error());
      const Seconds once{elapsed_ / repeats};
      const auto wanted = agree(repeats_for(job_.operation, once, job_.budget.batch));
      if (!wanted) return tl::unexpected(wanted.error());
      if (*wanted < 4) return *wanted;
      repeats = *wanted;
    }
    return repeats;
  }

  Result<Batch> one_batch(int repeats) {
    const Operation& operation = job_.operation;
    const std::uint64_t seed = seed_of(job_.seed, numbered_++);
    if (auto ready = communicator_.prepare(operation, seed, repeats); !ready)
      return pass_up(ready.error(), step("preparing"));
    const auto times = communicator_.run(operation, repeats, deadline_);
    if (!times) return pass_up(times.error(), step("running"));
    runs_ += static_cast<std::uint64_t>(repeats);
    auto wrong = communicator_.verify(operation);
    if (!wrong) return pass_up(wrong.error(), step("verifying"));
    RankReport mine{{}, wrong->value_or("")};
    for (const Seconds time : *times)
      mine.times.push_back(time.value);
    const auto all = communicator_.share(encode(mine), deadline_);
    if (!all) return pass_up(all.error(), step("gathering times"));
    return combine(*all, repeats);
  }

  Result<Batch> combine(const std::vector<std::string>& texts, int repeats) {
    std::vector<std::vector<double>> times;
    std::string wrong;
    for (std::size_t rank = 0; rank < texts.size(); ++rank) {
      auto report = decode(texts[rank]);
      if (!report || report->times.size() != static_cast<std::size_t>(repeats))
        return fail(ErrorCode::internal, "rank " + std::to_string(rank) + " reports nonsense");
      if (!report->wrong.empty())
        wrong += (wrong.empty() ? "rank " : "; rank ") + std::to_string(rank) + ": " +
                 report->wrong.substr(0, 300);
      times.push_back(std::move(report->times));
    }
    if (!wrong.empty()) return fail(ErrorCode::data_corrupt, step("gave wrong data on ") + wrong);
    const BatchTimes together = put_together(job_.operation, times);
    elapsed_ = together.elapsed.value;
    const double once = elapsed_ / repeats;
    Batch batch;
    batch.value = bus_bandwidth(job_.operation, communicator_.size(), {once}).value;
    batch.payload = {job_.operation.bytes.count * static_cast<std::uint64_t>(repeats)};
    batch.windows = together.windows;
    return batch;
  }

  Communicator& communicator_;
  const MeasureJob& job_;
  Clock& clock_;
  Deadline deadline_;
  std::vector<Batch> batches_;
  std::uint64_t numbered_ = 0;
  std::uint64_t runs_ = 0;
  double elapsed_ = 0;
};

}  // namespace

BatchTimes put_together(const Operation& operation, const std::vector<std::vector<double>>& times) {
  BatchTimes together;
  const int ranks = static_cast<int>(times.size());
  for (const auto& mine : times) {
    const double sum = std::accumulate(mine.begin(), mine.end(), 0.0);
    together.elapsed.value = std::max(together.elapsed.value, sum);
  }
  double open = 0;
  double runs = 0;
  for (std::size_t run = 0; run < times.front().size(); ++run) {
    double slowest = 0;
    for (const auto& mine : times)
      slowest = std::max(slowest, mine[run]);
    open += slowest;
    runs += 1;
    if (open < kWindow) continue;
    together.windows.push_back(bus_bandwidth(operation, ranks, {open / runs}).value);
    open = runs = 0;
  }
  return together;
}

Result<CollectiveResult> measure(Communicator& communicator, const MeasureJob& job, Clock& clock,
                                 const Progress& progress, Deadline deadline) {
  return Sampler(communicator, job, clock, deadline).sample(progress);
}

}  // namespace plumbline::collectives
