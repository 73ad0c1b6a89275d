// Latencies of eight bytes: see RdmaHalf in probes/pair/rdma_path.hpp.

#include <sched.h>

#include <atomic>
#include <cstring>

#include "probes/drivers/verbs/verbs_end.hpp"

namespace plumbline::probes {

namespace {

using Kind = ControlWord::Kind;

constexpr std::size_t kSamples = 20000;
constexpr std::uint64_t kWarm = 20;
constexpr std::uint64_t kWord = sizeof(std::uint64_t);
constexpr std::uint64_t kNothing = 0xA5A5A5A5A5A5A5A5ULL;  ///< eight bytes of poison
constexpr std::uint64_t kLast = ~0ULL;                     ///< no ping: pings are even
constexpr std::chrono::microseconds kAlone{50};

std::uint64_t ping_value(const Pattern& pattern, std::uint64_t sequence) {
  std::uint64_t value = 0;
  std::memcpy(&value, pattern.message(sequence).data(), sizeof value);
  return value & ~1ULL;
}

/// One way to bring eight bytes to the other end and to see what it has brought.
class Carrier {
 public:
  Carrier(VerbsEnd& end, Waiting waiting) : end_(end), waiting_(waiting) { clear(); }

  Status bring(std::uint64_t value, Deadline deadline) {
    if (end_.work.operation == Operation::send)
      return end_.control.say({Kind::number, value}, deadline, waiting_);
    std::memcpy(end_.source.bytes().data(), &value, sizeof value);
    return one_sided(IBV_WR_RDMA_WRITE, end_.source, end_.other.address, deadline);
  }

  Result<std::uint64_t> see(Deadline deadline) {
    if (end_.work.operation == Operation::send) {
      auto word = end_.control.hear(deadline, waiting_);
      if (!word) return tl::unexpected(word.error());
      return word->value;
    }
    const auto alone = Deadline::after(kAlone);
    while (true) {
      const std::uint64_t value = cell().load(std::memory_order_acquire);
      if (value != kNothing) {
        clear();
        return value;
      }
      if (deadline.passed()) return fail(ErrorCode::deadline_exceeded, "no answer to a ping");
      if (alone.passed()) sched_yield();
    }
  }

  /// The other end's eight bytes at `offset` of its source.
  Result<std::uint64_t> fetch(std::uint64_t offset, Deadline deadline) {
    clear();
    auto got = one_sided(IBV_WR_RDMA_READ, end_.destination, end_.other.address + offset, deadline);
    if (!got) return tl::unexpected(got.error());
    return cell().load(std::memory_order_acquire);
  }

 private:
  std::atomic_ref<std::uint64_t> cell() {
    void* const bytes = end_.destination.bytes().data();
    return std::atomic_ref<std::uint64_t>(*static_cast<std::uint64_t*>(bytes));
  }
  void clear() { cell().store(kNothing, std::memory_order_release); }

  Status one_sided(ibv_wr_opcode opcode, const RegisteredMemory& local, std::uint64_t remote,
                   Deadline deadline) {
    ibv_sge piece{local.address(), kWord, local.local_key()};
    ibv_send_wr request{};
    request.sg_list = &piece;
    request.num_sge = 1;
    request.opcode = opcode;
    request.send_flags = IBV_SEND_SIGNALED;
    request.wr.rdma.remote_addr = remote;
    request.wr.rdma.rkey = end_.other.key;
    if (auto sent = post(end_.lanes[0].handle.get(), request, "posting a ping"); !sent) return sent;
    auto done = end_.sends.wait(deadline, waiting_, [](const ibv_wc&) {});
    if (!done) return tl::unexpected(done.error());
    if (*done) return {};
    return fail(ErrorCode::deadline_exceeded, "a ping is not completed in time");
  }

  VerbsEnd& end_;
  Waiting waiting_;
};

/// One latency, verified.
Result<double> measure_one(VerbsEnd& end, Carrier& carrier, const BatchPlan& plan,
                           const Clock& clock, std::uint64_t sequence, Deadline deadline) {
  const bool reads = end.work.operation == Operation::read;
  const std::uint64_t value = ping_value(plan.pattern, sequence);
  const Moment start = clock.now();
  if (reads) {
    auto word = carrier.fetch(source_offset(sequence), deadline);
    const Moment stop = clock.now();
    if (!word) return tl::unexpected(word.error());
    if ((*word & ~1ULL) == value) return in_seconds(stop - start).value;
    return fail(ErrorCode::data_corrupt, "a word that was read is not the word that is there");
  }
  if (auto sent = carrier.bring(value, deadline); !sent) return tl::unexpected(sent.error());
  auto answer = carrier.see(deadline);
  const Moment stop = clock.now();
  if (!answer) return tl::unexpected(answer.error());
  if (*answer == ~value) return in_seconds(stop - start).value / 2;
  return fail(ErrorCode::data_corrupt, "a pong is not the answer to its ping");
}

Status answer_pings(VerbsEnd& end, Carrier& carrier, const BatchPlan& plan, HalfResult& result,
                    Deadline deadline) {
  std::optional<Error> wrong;
  for (std::uint64_t sequence = 0;; ++sequence) {
    const auto limit = Deadline::after(plan.silence).earlier(deadline);
    auto value = carrier.see(limit);
    if (!value) return tl::unexpected(value.error());
    if (*value == kLast) break;
    result.total += kWord;
    // It is answered all the same: the other end would wait for nothing.
    if (*value != ping_value(plan.pattern, sequence) && !wrong) {
      wrong = Error{ErrorCode::data_corrupt,
                    "ping " + std::to_string(sequence) + " is not the word that was sent"};
    }
    if (auto sent = carrier.bring(~*value, limit); !sent) return sent;
  }
  static_cast<void>(end);
  return wrong ? Status(tl::unexpected(*wrong)) : Status{};
}

}  // namespace

HalfResult ping_verbs(VerbsEnd& end, const BatchPlan& plan, const Clock& clock, Deadline deadline) {
  HalfResult result;
  Carrier carrier(end, Waiting::spinning);
  const auto silence = [&] { return Deadline::after(plan.silence).earlier(deadline); };
  std::optional<Moment> finish;
  auto ready = end.control.hear(silence());
  if (!ready) result.error = ready.error();
  for (std::uint64_t sequence = 0; !result.error; ++sequence) {
    auto one = measure_one(end, carrier, plan, clock, sequence, silence());
    if (!one) {
      result.error = one.error();
      break;
    }
    result.total += kWord;
    if (sequence < kWarm) continue;
    if (!finish) finish = clock.now() + plan.schedule.timed;
    result.batch.samples.push_back(*one);
    if (clock.now() >= *finish || result.batch.samples.size() >= kSamples) break;
  }
  result.silent = result.total == 0;
  if (!result.error) {
    const bool reads = end.work.operation == Operation::read;
    auto told =
        reads ? end.control.say({Kind::stop, 0}, silence()) : carrier.bring(kLast, silence());
    if (!told) result.error = told.error();
  }
  if (!result.batch.samples.empty()) result.batch.value = quantile(result.batch.samples, 0.5);
  result.batch.payload = Bytes{result.total};
  return result;
}

HalfResult pong_verbs(VerbsEnd& end, const BatchPlan& plan, Deadline deadline) {
  HalfResult result;
  Carrier carrier(end, Waiting::spinning);
  const auto limit = Deadline::after(plan.silence).earlier(deadline);
  if (auto filled = end.fill(plan.pattern); !filled) {
    result.error = filled.error();
  } else if (auto told = end.control.say({Kind::ready, 0}, limit); !told) {
    result.error = told.error();
  } else if (end.work.operation == Operation::read) {
    const auto whole = plan.silence + plan.schedule.timed + plan.schedule.stall;
    auto word = end.control.hear(Deadline::after(whole).earlier(deadline));
    if (!word) result.error = word.error();
    // The words are the other end's to count: one-sided, this end sees nothing.
    result.total = word ? kWord : 0;
  } else if (auto answered = answer_pings(end, carrier, plan, result, deadline); !answered) {
    result.error = answered.error();
  }
  result.silent = result.total == 0;
  return result;
}

}  // namespace plumbline::probes
