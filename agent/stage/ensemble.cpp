#include "agent/stage/ensemble.hpp"

#include <algorithm>
#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>

namespace plumbline::agent {
namespace {

constexpr auto kStopPause = std::chrono::milliseconds(100);
constexpr auto kExchangeTime = std::chrono::seconds(5);
constexpr Seconds kAgentGrace{10};  ///< for the agent to start, kill and tell

/// How one rank ended: by its agent's word, or by the loss of the agent.
struct RankEnd {
  std::optional<MeasureEnd> told;
  std::optional<Error> lost;

  bool well() const { return told && told->fate == ChildFate::finished; }
  bool cancelled() const {
    return (told && told->fate == ChildFate::cancelled) ||
           (lost && lost->code == ErrorCode::cancelled);
  }
};

/// One run of an ensemble; its methods are called by the ranks' threads.
class Performance {
 public:
  Performance(const Ensemble& ensemble, const std::function<void(int, const Event&)>& heard)
      : ensemble_(ensemble), heard_(heard), ends_(ensemble.agents.size()) {}

  EnsembleResult play(const std::function<bool()>& stop) {
    std::vector<std::thread> ranks;
    for (std::size_t rank = 0; rank < ensemble_.agents.size(); ++rank) {
      ranks.emplace_back([this, rank] { play_rank(rank); });
    }
    const bool stopped = wait_for_ranks(stop);
    for (auto& rank : ranks)
      rank.join();
    std::vector<std::optional<MeasureEnd>> told;
    for (const RankEnd& end : ends_) {
      told.push_back(end.told);
      if (!end.told && end.cancelled())
        told.back() = MeasureEnd{ChildFate::cancelled, {}, {}, true};
    }
    return {std::move(outcomes_), stopped ? std::nullopt : failure(), stopped, std::move(told)};
  }

 private:
  void play_rank(std::size_t rank) {
    MeasureOrder order;
    order.measurement = name_of(rank);
    order.own_namespace = ensemble_.own_namespace;
    order.device_names = ensemble_.device_names[rank];
    order.request = ensemble_.request;
    order.request.rank = static_cast<int>(rank);
    const Deadline deadline =
        Deadline::after(span_of({ensemble_.request.limit.value + kAgentGrace.value}));
    auto ended = ensemble_.agents[rank]->measure(
        order, [this, rank](const Event& event) { hear(rank, event); }, deadline);
    RankEnd end;
    if (ended) {
      end.told = std::move(*ended);
    } else {
      end.lost = ended.error();
    }
    leave(rank, std::move(end));
  }

  std::string name_of(std::size_t rank) const {
    return ensemble_.name + (ensemble_.numbered ? "." + std::to_string(rank) : "");
  }

  void hear(std::size_t rank, const Event& event) {
    if (heard_) heard_(static_cast<int>(rank), event);
    if (const auto* const outcome = std::get_if<OutcomeEvent>(&event)) {
      const std::lock_guard lock(mutex_);
      outcomes_.push_back(outcome->outcome);
    } else if (const auto* const post = std::get_if<PostEvent>(&event)) {
      pass_on(rank, *post);
    }
  }

  /// The thread of the last rank to post delivers to all.
  void pass_on(std::size_t rank, const PostEvent& post) {
    GatheredEvent gathered{post.sequence, {}};
    {
      const std::lock_guard lock(mutex_);
      auto& table = posts_[post.sequence];
      table[rank] = post.bytes;
      if (table.size() < ensemble_.agents.size()) return;
      for (const auto& [other, bytes] : table)
        gathered.bytes.push_back(bytes);
      posts_.erase(post.sequence);
    }
    for (std::size_t other = 0; other < ensemble_.agents.size(); ++other) {
      // An end that cannot take it tells so by the end of its measure() call.
      (void)ensemble_.agents[other]->exchange(name_of(other), gathered,
                                              Deadline::after(kExchangeTime));
    }
  }

  void leave(std::size_t rank, RankEnd end) {
    const bool well = end.well();
    {
      const std::lock_guard lock(mutex_);
      ends_[rank] = std::move(end);
      ++left_;
      if (!well && !patience_ends_) patience_ends_ = Deadline::after(span_of(ensemble_.patience));
    }
    if (!well && ensemble_.patience.value <= 0) cancel_all();
    left_changed_.notify_all();
  }

  void cancel_all() {
    for (std::size_t rank = 0; rank < ensemble_.agents.size(); ++rank)
      ensemble_.agents[rank]->cancel(name_of(rank));
  }

  /// True when it was stopped on our wish.
  bool wait_for_ranks(const std::function<bool()>& stop) {
    bool stopped = false;
    std::unique_lock lock(mutex_);
    while (left_ < ends_.size()) {
      left_changed_.wait_for(lock, kStopPause);
      if (stopped || left_ == ends_.size()) continue;
      const bool spent = patience_ends_ && patience_ends_->passed();
      lock.unlock();
      if (spent && ensemble_.patience.value > 0) cancel_all();
      if (stop()) {
        stopped = true;
        cancel_all();
      }
      lock.lock();
    }
    return stopped;
  }

  /// The cause among the ends that did not end well: an end that itself is at fault before a lost
  /// agent, that before one that was refused, that before ends whose partner may be the cause.
  std::optional<Failed> failure() const {
    std::optional<Failed> best;
    int best_rank = 0;
    for (std::size_t rank = 0; rank < ends_.size(); ++rank) {
      const auto [weight, failed] = weigh(ends_[rank], ensemble_.agents[rank]->node());
      if (weight > best_rank) {
        best_rank = weight;
        best = failed;
      }
    }
    return best;
  }

  static std::pair<int, Failed> weigh(const RankEnd& end, const std::string& node) {
    if (end.well()) return {0, {}};
    if (end.lost) {
      const bool gone = end.lost->code == ErrorCode::unavailable ||
                        end.lost->code == ErrorCode::deadline_exceeded;
      return {end.cancelled() ? 1 : gone ? 5 : 4, {*end.lost, gone ? node : ""}};
    }
    Failed failed = end.told->failed.value_or(
        Failed{{ErrorCode::internal, "the probe on " + node + " ended without a reason"}, ""});
    if (!end.told->last_words.empty() && failed.blamed.empty()) {
      failed.error.message += " (it said: " + end.told->last_words + ")";
    }
    switch (end.told->fate) {
      case ChildFate::hung:
      case ChildFate::died:
      case ChildFate::babbled:
        return {6, failed};
      case ChildFate::not_started:
        return {4, failed};
      case ChildFate::exited:
        return {3, failed};
      case ChildFate::overran:
        return {2, failed};
      case ChildFate::cancelled:
        return {1, failed};
      case ChildFate::finished:
        return {0, {}};
    }
    return {1, failed};
  }

  const Ensemble& ensemble_;
  const std::function<void(int, const Event&)>& heard_;
  std::mutex mutex_;
  std::optional<Deadline> patience_ends_;  ///< since the first end that was not well
  std::condition_variable left_changed_;
  std::size_t left_ = 0;
  std::vector<RankEnd> ends_;
  std::vector<Outcome> outcomes_;
  std::map<int, std::map<std::size_t, std::string>> posts_;
};

}  // namespace

EnsembleResult measure_together(const Ensemble& ensemble, const std::function<bool()>& stop,
                                const std::function<void(int rank, const Event&)>& heard) {
  return Performance(ensemble, heard).play(stop);
}

}  // namespace plumbline::agent
