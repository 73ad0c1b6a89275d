// A stream in rounds: see RdmaHalf in probes/pair/rdma_path.hpp.

#include <algorithm>

#include "probes/drivers/verbs/round_meter.hpp"
#include "probes/drivers/verbs/verbs_end.hpp"

namespace plumbline::probes {

namespace {

using Kind = ControlWord::Kind;

/// Signalled completions cost: one for so many messages of a lane.
constexpr std::uint64_t kCovered = 16;

ibv_wr_opcode opcode_of(Operation operation) {
  if (operation == Operation::read) return IBV_WR_RDMA_READ;
  return operation == Operation::send ? IBV_WR_SEND : IBV_WR_RDMA_WRITE;
}

/// The end that posts.
class Requester {
 public:
  Requester(VerbsEnd& end, const BatchPlan& plan, const Clock& clock, Deadline deadline)
      : end_(end),
        plan_(plan),
        clock_(clock),
        deadline_(deadline),
        meter_(plan.schedule, clock.now()),
        uncovered_(end.lanes.size()) {}

  HalfResult run() {
    auto went = reads() ? Status{} : end_.fill(plan_.pattern);
    if (went) went = wait_for_ready();
    while (went && !meter_.finished(clock_.now()) && !deadline_.passed())
      went = one_round();
    const auto farewell = Deadline::after(std::chrono::seconds(1)).earlier(deadline_);
    const auto told = end_.control.say({Kind::stop, 0}, farewell);
    if (!went) result_.error = went.error();
    if (went && !told) result_.error = told.error();
    result_.batch = meter_.batch();
    result_.silent = moved_ == 0;
    if (reads()) result_.total = moved_;
    return result_;
  }

 private:
  bool reads() const { return end_.work.operation == Operation::read; }

  Status wait_for_ready() {
    auto word = end_.control.hear(Deadline::after(plan_.silence).earlier(deadline_));
    if (!word) return tl::unexpected(word.error());
    if (word->kind == Kind::ready) return {};
    if (word->kind == Kind::corrupt) {
      // The end that saw it says the rest.
      return fail(ErrorCode::unavailable, "the other end stopped at a wrong byte");
    }
    return fail(ErrorCode::invalid_input, "the other end says a word out of place");
  }

  Status one_round() {
    const std::uint64_t size = end_.work.size.count;
    const std::uint64_t count = meter_.next_count(size, 4 * end_.lanes.size(), end_.slots);
    const Moment start = clock_.now();
    begun_.reset();
    begun_fresh_ = false;
    at_begin_ = 0;
    const auto moved = move(count);
    if (!moved) {
      if (moved_ > 0) meter_.broke(clock_.now() - start);
      return moved;
    }
    // The gaps between completions count: a whole number of them, without the way there and back.
    const auto span = last_ - begun_.value_or(start);
    const std::uint64_t counted = count - at_begin_;
    auto verified = settle(count);
    if (!verified) return verified;
    first_ += count;
    moved_ += count * size;
    meter_.round(clock_.now(), counted * size, span);
    return {};
  }

  /// Posts a round and takes its last completion.
  Status move(std::uint64_t count) {
    std::uint64_t posted = 0;
    under_way_ = 0;
    covered_ = std::clamp<std::uint64_t>(count / end_.lanes.size() / 8, 1, kCovered);
    const auto patience = Deadline::after(plan_.silence).earlier(deadline_);
    while (posted < count || under_way_ > 0) {
      while (posted < count && under_way_ < end_.work.depth) {
        if (auto sent = post_one(first_ + posted, count - posted <= end_.lanes.size()); !sent)
          return sent;
        ++posted;
      }
      auto fresh = take_completions(patience);
      if (!fresh) return tl::unexpected(fresh.error());
      last_ = clock_.now();
      const std::uint64_t done = posted - under_way_;
      // The first messages pass ends that were asleep, and what was there before anybody looked
      // came at an unknown time: one that was waited for, an eighth into the round, is the better
      // beginning.
      const bool settled = *fresh && !begun_fresh_ && done * 8 >= count && done * 2 <= count;
      if (done < count && (!begun_ || settled)) {
        begun_ = last_;
        begun_fresh_ = settled;
        at_begin_ = done;
      }
    }
    return {};
  }

  /// Takes what is completed, waiting for the first; true when there was nothing before.
  Result<bool> take_completions(Deadline patience) {
    std::uint64_t completed = 0;
    const auto take = [&](const ibv_wc& completion) { completed += completion.wr_id; };
    auto some = end_.sends.wait(Deadline::after({}), Waiting::sleeping, take);
    const bool fresh = some && !*some;
    if (fresh) some = end_.sends.wait(patience, Waiting::sleeping, take);
    if (!some) return tl::unexpected(some.error());
    if (!*some) return fail(ErrorCode::deadline_exceeded, "a message is not completed in time");
    under_way_ -= std::min(under_way_, completed);
    return fresh;
  }

  Status post_one(std::uint64_t sequence, bool last) {
    const auto lane = static_cast<std::size_t>(sequence % end_.lanes.size());
    const auto size = static_cast<std::uint32_t>(end_.work.size.count);
    const auto local = reads() ? slot_address(sequence) : source_address(sequence);
    ibv_sge piece{local, size, reads() ? end_.destination.local_key() : end_.source.local_key()};
    ibv_send_wr request{};
    request.sg_list = &piece;
    request.num_sge = 1;
    request.opcode = opcode_of(end_.work.operation);
    request.wr.rdma.rkey = end_.other.key;
    request.wr.rdma.remote_addr =
        end_.other.address +
        (reads() ? source_offset(sequence) : (sequence % end_.slots) * end_.stride);
    ++uncovered_[lane];
    ++under_way_;
    const auto share = std::max<std::uint64_t>(1, end_.work.depth / end_.lanes.size() / 2);
    if (last || uncovered_[lane] >= std::min(covered_, share)) {
      request.send_flags = IBV_SEND_SIGNALED;
      request.wr_id = uncovered_[lane];
      uncovered_[lane] = 0;
    }
    return post(end_.lanes[lane].handle.get(), request, "posting a message");
  }

  std::uint64_t slot_address(std::uint64_t sequence) const {
    return end_.destination.address(static_cast<std::size_t>(sequence % end_.slots) * end_.stride);
  }
  std::uint64_t source_address(std::uint64_t sequence) const {
    return end_.source.address(source_offset(sequence));
  }

  /// Off the clock: what has arrived is verified where it arrived.
  Status settle(std::uint64_t count) {
    if (reads()) return end_.verify(plan_.pattern, first_, count);
    const auto patience = Deadline::after(plan_.silence).earlier(deadline_);
    if (auto told = end_.control.say({Kind::done, first_ + count}, patience); !told) return told;
    return wait_for_ready();
  }

  VerbsEnd& end_;
  const BatchPlan& plan_;
  const Clock& clock_;
  Deadline deadline_;
  RoundMeter meter_;
  std::vector<std::uint64_t> uncovered_;  ///< messages since the last signalled one, by lane
  std::uint64_t under_way_ = 0;
  std::uint64_t covered_ = 1;    ///< messages that one completion stands for in this round
  std::optional<Moment> begun_;  ///< the round's first completions; timing begins with them
  bool begun_fresh_ = false;     ///< they were seen as they came, in a path that was awake
  Moment last_{};                ///< its latest
  std::uint64_t at_begin_ = 0;   ///< messages completed when timing began
  std::uint64_t first_ = 0;
  std::uint64_t moved_ = 0;
  HalfResult result_;
};

/// The end that answers.
class Server {
 public:
  Server(VerbsEnd& end, const BatchPlan& plan, Deadline deadline)
      : end_(end), plan_(plan), deadline_(deadline) {}

  HalfResult run() {
    auto went = prepare();
    while (went && !stopped_)
      went = one_word();
    if (!went) result_.error = went.error();
    result_.total = first_ * end_.work.size.count;
    if (end_.work.operation == Operation::read) result_.total = 0;
    result_.silent = end_.work.operation == Operation::read ? !stopped_ : first_ == 0;
    return result_;
  }

 private:
  Deadline patience() const {
    // The other end gives up a dead path after `silence`, and says so.
    return Deadline::after(plan_.silence + plan_.schedule.stall).earlier(deadline_);
  }

  Status prepare() {
    if (end_.work.operation == Operation::read) {
      if (auto filled = end_.fill(plan_.pattern); !filled) return filled;
    }
    if (end_.work.operation == Operation::send) {
      if (auto posted = post_receives(0, end_.slots); !posted) return posted;
    }
    return end_.control.say({Kind::ready, 0}, patience());
  }

  Status one_word() {
    auto word = end_.control.hear(patience());
    if (!word) return tl::unexpected(word.error());
    if (word->kind == Kind::stop) {
      stopped_ = true;
      return {};
    }
    const bool placed = word->kind == Kind::done && word->value >= first_ &&
                        word->value - first_ <= end_.slots &&
                        end_.work.operation != Operation::read;
    if (!placed) return fail(ErrorCode::invalid_input, "the other end says a word out of place");
    return settle(word->value - first_);
  }

  Status settle(std::uint64_t count) {
    const bool sends = end_.work.operation == Operation::send;
    if (sends) {
      if (auto taken = take_receives(count); !taken) return taken;
    }
    if (auto right = end_.verify(plan_.pattern, first_, count); !right) {
      static_cast<void>(end_.control.say({Kind::corrupt, first_}, patience()));
      return right;
    }
    const auto next = first_;
    first_ += count;
    if (sends) {
      if (auto posted = post_receives(next, count); !posted) return posted;
    }
    return end_.control.say({Kind::ready, first_}, patience());
  }

  Status take_receives(std::uint64_t count) {
    const auto limit = patience();
    bool short_message = false;
    while (received_ < first_ + count) {
      auto some = end_.receives.wait(limit, Waiting::sleeping, [&](const ibv_wc& completion) {
        ++received_;
        short_message = short_message || completion.byte_len != end_.work.size.count;
      });
      if (!some) return tl::unexpected(some.error());
      if (!*some) return fail(ErrorCode::data_corrupt, "a message that was sent did not arrive");
    }
    if (!short_message) return {};
    return fail(ErrorCode::data_corrupt, "a message arrived with another length");
  }

  Status post_receives(std::uint64_t first, std::uint64_t count) {
    for (std::uint64_t i = first; i < first + count; ++i) {
      const auto at = static_cast<std::size_t>(i % end_.slots) * end_.stride;
      ibv_sge piece{end_.destination.address(at), static_cast<std::uint32_t>(end_.work.size.count),
                    end_.destination.local_key()};
      ibv_recv_wr request{};
      request.sg_list = &piece;
      request.num_sge = 1;
      const auto lane = static_cast<std::size_t>(i % end_.lanes.size());
      if (auto posted = post(end_.lanes[lane].handle.get(), request); !posted) return posted;
    }
    return {};
  }

  VerbsEnd& end_;
  const BatchPlan& plan_;
  Deadline deadline_;
  std::uint64_t first_ = 0;
  std::uint64_t received_ = 0;
  bool stopped_ = false;
  HalfResult result_;
};

}  // namespace

HalfResult request_stream(VerbsEnd& end, const BatchPlan& plan, const Clock& clock,
                          Deadline deadline) {
  return Requester(end, plan, clock, deadline).run();
}

HalfResult serve_stream(VerbsEnd& end, const BatchPlan& plan, Deadline deadline) {
  return Server(end, plan, deadline).run();
}

}  // namespace plumbline::probes
