#include "agent/collective/local_ranks.hpp"

#include <algorithm>
#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include "agent/collective/rank_ends.hpp"
#include "agent/stage/collective_identities.hpp"
#include "agent/supervisor/child_run.hpp"

namespace plumbline::agent {
namespace {

constexpr auto kGiveWithin = std::chrono::seconds(5);
/// After the first rank ended badly the others may tell that they waited, then they are ended.
constexpr auto kLastWords = std::chrono::milliseconds(1500);

/// All ranks of one run; its methods are called by the ranks' threads.
class Ranks {
 public:
  Ranks(const LocalRanks& ranks, const LocalWatch& watch, Clock& clock)
      : ranks_(ranks), watch_(watch), clock_(clock) {
    const auto count = static_cast<std::size_t>(ranks.request.size);
    ends_.resize(count);
    for (std::size_t rank = 0; rank < count; ++rank)
      children_.push_back(std::make_unique<ChildRun>(
          ProbeProgram{ranks.program, ranks.node, ranks.environment, kSilence}, clock));
  }

  std::vector<Outcome> run() {
    const Moment start = clock_.now();
    std::vector<std::thread> threads;
    for (std::size_t rank = 0; rank < children_.size(); ++rank)
      threads.emplace_back([this, rank] { run_rank(rank); });
    for (std::thread& thread : threads)
      thread.join();
    return outcomes(in_seconds(clock_.now() - start));
  }

 private:
  void run_rank(std::size_t rank) {
    Request request = ranks_.request;
    request.rank = static_cast<int>(rank);
    MeasureEnd end = children_[rank]->run(
        request, [this, rank](const Event& event) { return hear(rank, event); },
        [this] { return wish(); });
    const std::lock_guard lock(mutex_);
    if (end.fate != ChildFate::finished && !failed_at_) {
      failed_at_ = clock_.now();
      first_ = rank;
    }
    ends_[rank] = std::move(end);
  }

  bool hear(std::size_t rank, const Event& event) {
    if (const auto* const post = std::get_if<PostEvent>(&event)) pass_on(rank, *post);
    if (const auto* const told = std::get_if<OutcomeEvent>(&event)) keep(told->outcome);
    if (const auto* const step = std::get_if<ProgressEvent>(&event);
        step != nullptr && rank == 0 && watch_.progress)
      watch_.progress(*step);
    return true;
  }

  void keep(const Outcome& outcome) {
    {
      const std::lock_guard lock(mutex_);
      heard_.insert_or_assign(outcome.key(), outcome);
    }
    if (watch_.outcome && !unexplained(outcome)) watch_.outcome(outcome);
  }

  /// The thread of the last rank to post delivers to all.
  void pass_on(std::size_t rank, const PostEvent& post) {
    GatheredEvent gathered{post.sequence, {}};
    {
      const std::lock_guard lock(mutex_);
      auto& table = posts_[post.sequence];
      table[rank] = post.bytes;
      if (table.size() < children_.size()) return;
      for (const auto& [other, bytes] : table)
        gathered.bytes.push_back(bytes);
      posts_.erase(post.sequence);
    }
    for (const auto& child : children_)  // one that cannot take it tells so by its end
      static_cast<void>(child->give(gathered, Deadline::after(kGiveWithin)));
  }

  std::optional<Error> wish() {
    if (watch_.cancelled && watch_.cancelled())
      return Error{ErrorCode::cancelled, "the collective was stopped"};
    const std::lock_guard lock(mutex_);
    if (failed_at_ && clock_.now() > *failed_at_ + kLastWords)
      return Error{ErrorCode::cancelled, "another rank ended"};
    return std::nullopt;
  }

  std::vector<Outcome> outcomes(Seconds took) {
    std::vector<Outcome> all = collective_identities(ranks_.request);
    const Failed missing = failure();
    for (Outcome& outcome : all) {
      const auto found = heard_.find(outcome.key());
      if (found != heard_.end()) {
        outcome = found->second;
        if (unexplained(outcome)) outcome.result = explained(*outcome.failed());
      } else {
        outcome.result = missing;
        outcome.took = took;
        outcome.finished_at = clock_.wall_time();
      }
    }
    return all;
  }

  /// What the first end that was not well says, with everybody's signs.
  Failed failure() const {
    if (!first_) return {{ErrorCode::internal, "the ranks ended without a result"}, ""};
    const MeasureEnd& first = ends_[*first_];
    Failed failed =
        first.failed.value_or(Failed{{ErrorCode::internal, "a rank ended without a reason"}, ""});
    if (!first.last_words.empty()) failed.error.message += "; it said: " + first.last_words;
    return explained(std::move(failed));
  }

  Failed explained(Failed failed) const {
    const std::vector<std::string> nodes(ends_.size(), ranks_.node);
    return explain_ranks(std::move(failed), {ends_.begin(), ends_.end()}, nodes);
  }

  const LocalRanks& ranks_;
  const LocalWatch& watch_;
  Clock& clock_;
  std::vector<std::unique_ptr<ChildRun>> children_;
  std::mutex mutex_;
  std::vector<MeasureEnd> ends_;
  std::optional<Moment> failed_at_;
  std::optional<std::size_t> first_;
  std::map<std::string, Outcome> heard_;
  std::map<int, std::map<std::size_t, std::string>> posts_;
};

}  // namespace

std::vector<Outcome> run_local_ranks(const LocalRanks& ranks, const LocalWatch& watch,
                                     Clock& clock) {
  return Ranks(ranks, watch, clock).run();
}

}  // namespace plumbline::agent
