#include "collectives/measure.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <numeric>
#include <optional>

#include "collectives/bus_factor.hpp"
#include "collectives/plan.hpp"
#include "collectives/rank_report.hpp"
#include "collectives/skew.hpp"
#include "core/statistics/sampling.hpp"

namespace plumbline::collectives {
namespace {

constexpr double kWindow = 0.05;    // s; shorter windows see the clock and the scheduler
constexpr int kMeetings = 3;        // before each batch, for the bound of the clocks' error
constexpr double kLateShare = 0.1;  // of a run's median time: less lateness is no finding
constexpr std::size_t kSlowestMost = 200'000;

double seconds_since_start(Moment moment) { return in_seconds(moment.time_since_epoch()).value; }

/// The seed of a batch: another one for each.
std::uint64_t seed_of(std::uint64_t seed, std::uint64_t batch) {
  return (seed + batch + 1) * 0x9e3779b97f4a7c15ULL;
}

/// Operations in which no rank waits for another by the part it plays.
bool alike(const MeasureJob& job) {
  return !has_root(job.operation.kind) && job.colours.empty() &&
         job.blocking != Blocking::with_barrier;
}

class Sampler {
 public:
  Sampler(Communicator& communicator, const MeasureJob& job, Clock& clock, Deadline deadline)
      : communicator_(communicator), job_(job), clock_(clock), deadline_(deadline) {
    for (int rank = 0; rank < communicator.size(); ++rank)
      group_ = std::max(group_, place_in(job.colours, rank, communicator.size()).size);
  }

  Result<CollectiveResult> sample(const Progress& progress) {
    auto done = job_.fixed ? count(progress) : until_known(progress);
    if (!done) return tl::unexpected(done.error());
    return CollectiveResult{summarise_bandwidth(batches_, job_.budget.width), iterations(), runs_};
  }

  std::uint64_t wrong() const { return wrong_; }
  const std::vector<std::string>& suspects() const { return suspects_; }

 private:
  Status until_known(const Progress& progress) {
    progress(step("warm-up"), 0);
    const auto repeats = calibrate();
    if (!repeats) return tl::unexpected(repeats.error());
    const Moment start = clock_.now();
    std::vector<double> values;
    Bytes sent;
    for (bool enough = false; !enough;) {
      const double share = static_cast<double>(values.size()) / 6;
      progress(step("batch " + std::to_string(batches_.size() + 1)), std::min(share, 0.95));
      auto batch = timed_batch(*repeats);
      if (!batch) return tl::unexpected(batch.error());
      values.push_back(batch->value);
      sent.count += batch->payload.count;
      batches_.push_back(std::move(*batch));
      const Seconds spent = in_seconds(clock_.now() - start);
      const auto stop = agree(StopRule(job_.budget).stop(values, spent, sent) ? 1 : 0);
      if (!stop) return tl::unexpected(stop.error());
      enough = *stop == 1;
    }
    return {};
  }

  /// nccl-tests' way: one batch, or as many as the memory for destinations cuts it into.
  Status count(const Progress& progress) {
    progress(step("warm-up"), 0);
    if (auto warm = in_parts(job_.fixed->warmup); !warm) return tl::unexpected(warm.error());
    warm_up_over();
    progress(step("batch 1"), 0.5);
    auto timed = in_parts(job_.fixed->timed);
    if (!timed) return tl::unexpected(timed.error());
    const Seconds once{parts_elapsed_ / std::max<double>(1, job_.fixed->timed)};
    timed->value = bus_bandwidth(job_.operation, group_, once).value;
    batches_.push_back(std::move(*timed));
    return {};
  }

  Result<Batch> in_parts(int runs) {
    Batch all;
    parts_elapsed_ = 0;
    const int most = repeats_for(job_.operation, {0}, {1});
    while (runs > 0) {
      auto part = timed_batch(std::min(runs, most));
      if (!part) return part;
      parts_elapsed_ += elapsed_;
      all.payload.count += part->payload.count;
      all.windows.insert(all.windows.end(), part->windows.begin(), part->windows.end());
      all.samples.insert(all.samples.end(), part->samples.begin(), part->samples.end());
      runs -= std::min(runs, most);
    }
    return all;
  }

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
      const auto tried = timed_batch(repeats);
      if (!tried) return tl::unexpected(tried.error());
      const Seconds once{elapsed_ / repeats};
      const auto wanted = agree(repeats_for(job_.operation, once, job_.budget.batch));
      if (!wanted) return tl::unexpected(wanted.error());
      repeats = *wanted;
      if (repeats < 4) break;
    }
    warm_up_over();
    return repeats;
  }

  void warm_up_over() {
    slowest_.clear();
    kept_.clear();
    skew_ = {};
  }

  /// Everybody meets a few times; when each gave and when each had all bounds the clocks' error.
  Status meet(RankReport& report) {
    for (int meeting = 0; meeting < kMeetings; ++meeting) {
      report.posted.push_back(seconds_since_start(clock_.now()));
      const auto met = communicator_.share("", deadline_);
      report.returned.push_back(seconds_since_start(clock_.now()));
      if (!met) return pass_up(met.error(), step("meeting"));
    }
    return {};
  }

  Result<Batch> timed_batch(int repeats) {
    const Operation& operation = job_.operation;
    const std::uint64_t seed = seed_of(job_.seed, numbered_++);
    if (auto ready = communicator_.prepare(operation, seed, repeats); !ready)
      return pass_up(ready.error(), step("preparing"));
    RankReport mine;
    if (auto met = meet(mine); !met) return tl::unexpected(met.error());
    const auto spans = communicator_.run(operation, repeats, job_.blocking, deadline_);
    if (!spans) return pass_up(spans.error(), step("running"));
    runs_ += static_cast<std::uint64_t>(repeats);
    auto wrong = communicator_.verify(operation);
    if (!wrong) return pass_up(wrong.error(), step("verifying"));
    const Wrong found = wrong->value_or(Wrong{});
    mine.wrong = found.elements;
    mine.what = found.text;
    write_spans(*spans, mine);
    const auto all = communicator_.share(encode(mine), deadline_);
    if (!all) return pass_up(all.error(), step("gathering times"));
    return combine(*all, repeats);
  }

  static void write_spans(const std::vector<Span>& spans, RankReport& report) {
    if (spans.empty()) return;
    report.base = seconds_since_start(spans.front().entered);
    for (const Span& span : spans) {
      report.entered.push_back(seconds_since_start(span.entered) - report.base);
      report.left.push_back(seconds_since_start(span.left) - report.base);
    }
  }

  Result<Batch> combine(const std::vector<std::string>& texts, int repeats) {
    std::vector<RankReport> reports;
    std::vector<std::vector<double>> times;
    for (std::size_t rank = 0; rank < texts.size(); ++rank) {
      auto report = decode_rank_report(texts[rank]);
      if (!report || report->left.size() != static_cast<std::size_t>(repeats))
        return fail(ErrorCode::internal, "rank " + std::to_string(rank) + " reports nonsense");
      times.push_back(times_of(*report, job_.blocking == Blocking::before_barrier));
      reports.push_back(std::move(*report));
    }
    if (auto right = check_data(reports); !right) return tl::unexpected(right.error());
    if (alike(job_)) skew_.add(reports);
    const BatchTimes together = put_together(job_.operation, group_, times);
    keep(times, together.slowest);
    elapsed_ = together.elapsed.value;
    Batch batch;
    batch.value = bus_bandwidth(job_.operation, group_, {elapsed_ / repeats}).value;
    batch.payload = {job_.operation.bytes.count * static_cast<std::uint64_t>(repeats)};
    batch.windows = together.windows;
    batch.samples = {quantile(together.slowest, 0.5)};
    return batch;
  }

  Status check_data(const std::vector<RankReport>& reports) {
    std::string words;
    for (std::size_t rank = 0; rank < reports.size(); ++rank) {
      if (reports[rank].what.empty()) continue;
      const std::string name = "rank " + std::to_string(rank);
      words += (words.empty() ? "" : "; ") + name + ": " + reports[rank].what.substr(0, 300);
      wrong_ += reports[rank].wrong;
      suspects_.push_back(name);
    }
    if (words.empty()) return {};
    return fail(ErrorCode::data_corrupt,
                step("gave " + std::to_string(wrong_) + " wrong elements on ") + words);
  }

  void keep(const std::vector<std::vector<double>>& times, const std::vector<double>& slowest) {
    kept_.resize(times.size());
    for (std::size_t rank = 0; rank < times.size(); ++rank) {
      auto& mine = kept_[rank];
      mine.insert(mine.end(), times[rank].begin(), times[rank].end());
      if (mine.size() > kIterationsKept)
        mine.erase(mine.begin(), mine.end() - static_cast<std::ptrdiff_t>(kIterationsKept));
    }
    if (slowest_.size() < kSlowestMost)
      slowest_.insert(slowest_.end(), slowest.begin(), slowest.end());
  }

  Iterations iterations() const {
    Iterations all;
    if (slowest_.empty()) return all;
    all.ranks = kept_;
    for (const Batch& batch : batches_)
      all.medians.push_back(quantile(batch.samples, 0.5));
    all.p50 = quantile(slowest_, 0.5);
    all.p99 = quantile(slowest_, 0.99);
    all.max = *std::max_element(slowest_.begin(), slowest_.end());
    all.timed = slowest_.size();
    all.late = skew_.late(kLateShare * all.p50);
    all.lateness = skew_.lateness();
    all.clock_error = std::isfinite(skew_.clock_error()) ? skew_.clock_error() : 0;
    return all;
  }

  Communicator& communicator_;
  const MeasureJob& job_;
  Clock& clock_;
  Deadline deadline_;
  int group_ = 1;
  std::vector<Batch> batches_;
  std::vector<std::vector<double>> kept_;
  std::vector<double> slowest_;
  std::vector<std::string> suspects_;
  Skew skew_;
  std::uint64_t wrong_ = 0;
  std::uint64_t numbered_ = 0;
  std::uint64_t runs_ = 0;
  double elapsed_ = 0;        ///< the last batch's
  double parts_elapsed_ = 0;  ///< of the batches that a fixed count was cut into
};

}  // namespace

BatchTimes put_together(const Operation& operation, int ranks,
                        const std::vector<std::vector<double>>& times) {
  BatchTimes together;
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
    together.slowest.push_back(slowest);
    open += slowest;
    runs += 1;
    if (open < kWindow) continue;
    together.windows.push_back(bus_bandwidth(operation, ranks, {open / runs}).value);
    open = runs = 0;
  }
  return together;
}

tl::expected<CollectiveResult, MeasureError> measure(Communicator& communicator,
                                                     const MeasureJob& job, Clock& clock,
                                                     const Progress& progress, Deadline deadline) {
  if (auto cut = communicator.split(job.colours); !cut)
    return tl::unexpected(MeasureError{cut.error(), 0, {}});
  Sampler sampler(communicator, job, clock, deadline);
  auto result = sampler.sample(progress);
  if (result) return std::move(*result);
  return tl::unexpected(MeasureError{result.error(), sampler.wrong(), sampler.suspects()});
}

}  // namespace plumbline::collectives
